//! "Did you mean …?"

use std::collections::HashMap;

/// So many unknown words are compared with the known ones: a file full of mistakes takes no longer than another.
const MOST: usize = 100;

/// No word that anybody means is longer, in bytes.
const LONGEST: usize = 64;

/// What was perhaps meant, by what was written.
#[derive(Debug, Default)]
pub(super) struct Guesses(HashMap<Vec<u8>, Option<String>>);

impl Guesses {
    /// The known word that is most like a written one, if one is like it. The same word has to be
    /// asked with the same known ones.
    pub(super) fn ask<'a>(
        &mut self,
        written: &[u8],
        known: impl Iterator<Item = &'a [u8]>,
    ) -> Option<String> {
        if let Some(guess) = self.0.get(written) {
            return guess.clone();
        }
        if self.0.len() == MOST {
            return None;
        }
        let guess = nearest(written, known);
        self.0.insert(written.to_vec(), guess.clone());
        guess
    }
}

fn nearest<'a>(written: &[u8], known: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let written = std::str::from_utf8(written).ok().filter(|written| written.len() <= LONGEST)?;
    known
        .filter_map(|word| {
            let word = std::str::from_utf8(word).ok()?;
            let distance = strsim::osa_distance(&written.to_lowercase(), &word.to_lowercase());
            (distance <= 1 + written.len() / 4).then_some((distance, word))
        })
        .min()
        .map(|(_, word)| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_told() {
        let known = || [&b"mb_strtoupper"[..], b"mb_strtolower", b"sinon"].into_iter();
        let mut guesses = Guesses::default();
        assert_eq!(guesses.ask(b"mb_strtouuper", known()).as_deref(), Some("mb_strtoupper"));
        assert_eq!(guesses.ask(b"SINNON", known()).as_deref(), Some("sinon"));
        assert_eq!(guesses.ask(b"inexistant", known()), None);
    }
}
