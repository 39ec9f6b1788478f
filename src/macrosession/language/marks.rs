//! Where certain bytes stand in a text.
//!
//! Owes its callers: however often and from wherever they ask, the answers cost about as much as reading the text once.

/// How far an answer is looked for before all of the text is.
const NEAR: usize = 256;

/// The places of some bytes.
#[derive(Debug)]
pub(super) struct Marks {
    bytes: &'static [u8],
    /// Whether a backslash makes one of them text. (A comma stays one: it has to be quoted.)
    has_escapes: bool,
    all: Option<Vec<usize>>,
}

impl Marks {
    /// The places of `bytes`.
    pub(super) fn of(bytes: &'static [u8]) -> Self {
        Self { bytes, has_escapes: false, all: None }
    }

    /// The places of `bytes` but for those after a backslash.
    pub(super) fn unescaped(bytes: &'static [u8]) -> Self {
        Self { has_escapes: true, ..Self::of(bytes) }
    }

    /// Whether one stands at `at`.
    pub(super) fn is_at(&self, text: &[u8], at: usize) -> bool {
        self.bytes.contains(&text[at])
            && !(self.has_escapes && text[at] != b',' && at > 0 && text[at - 1] == b'\\')
    }

    /// The first one at `from` or behind it.
    pub(super) fn first(&mut self, text: &[u8], from: usize) -> Option<usize> {
        if self.all.is_none() {
            let near = text.len().min(from.saturating_add(NEAR));
            let found = (from..near).find(|at| self.is_at(text, *at));
            if found.is_some() || near == text.len() {
                return found;
            }
            self.all = Some((0..text.len()).filter(|at| self.is_at(text, *at)).collect());
        }
        let all = self.all.as_deref().unwrap_or_default();
        all.get(all.partition_point(|at| *at < from)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_places_are_the_same() {
        let text: Vec<u8> = (0..5_000).map(|at| if at % 1_700 == 3 { b'}' } else { b'a' }).collect();
        let mut marks = Marks::of(b",}");
        for from in [0, 3, 4, 1_600, 1_703, 1_704, 3_403, 3_404, 5_000] {
            let plain = (from..text.len()).find(|at| text[*at] == b'}');
            assert_eq!(marks.first(&text, from), plain, "{from}");
        }
    }

    #[test]
    fn a_backslash_hides_a_brace_and_no_comma() {
        let mut marks = Marks::unescaped(b",}");
        assert_eq!(marks.first(br"\}\,}", 0), Some(3));
        assert_eq!(Marks::of(b"}").first(br"\}", 0), Some(1));
    }
}
