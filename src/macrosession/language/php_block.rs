//! Where the template author's own PHP ends, by PHP's own rules for strings and comments.
//!
//! The rules are those of PHP 8's scanner; what PHP would refuse may end anywhere.

use memchr::{memchr, memchr2, memchr3_iter, memmem};

use super::{
    Position,
    lexer::{Include, IncludeForm},
};

/// Behind the opening tag, if `<?` at `at` begins a block: `<?=`, or `<?php` and a blank or the end of the file.
pub(super) fn start(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with(b"<?=") {
        return Some(at + 3);
    }
    let is_php = rest.get(2..5).is_some_and(|name| name.eq_ignore_ascii_case(b"php"));
    (is_php && matches!(rest.get(5), None | Some(b' ' | b'\t' | b'\r' | b'\n'))).then_some(at + 5)
}

/// In what the scanner is, from the outside to the inside.
enum Within<'a> {
    /// `{$…}` in a string: the braces that were opened in it.
    Braces(usize),
    /// A string with variables in it, which this quote ends.
    Quotes(u8),
    /// The same, which a line with this label ends.
    Heredoc(&'a [u8]),
}

/// Behind the end of the block whose opening tag ends at `from`; notes what it includes.
pub(super) fn read(text: &[u8], from: usize, includes: &mut Vec<Include>) -> usize {
    let mut scanner = Scanner { text, at: from, within: Vec::new() };
    while scanner.at < text.len() {
        let inside = match scanner.within.last() {
            None | Some(Within::Braces(_)) => scanner.script(includes),
            Some(Within::Quotes(quote)) => scanner.quotes(*quote),
            Some(Within::Heredoc(label)) => scanner.heredoc(label),
        };
        if !inside {
            return scanner.at;
        }
    }
    text.len()
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    within: Vec<Within<'a>>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    /// One step in PHP itself; whether the block goes on.
    fn script(&mut self, includes: &mut Vec<Include>) -> bool {
        let rest = self.rest();
        match rest {
            [b'?', b'>', ..] => {
                self.at += 2;
                return false;
            }
            [b'\'', ..] => self.at += 1 + single_quoted(&rest[1..]),
            [quote @ (b'"' | b'`'), ..] => {
                self.within.push(Within::Quotes(*quote));
                self.at += 1;
            }
            [b'#', b'[', ..] => self.at += 2,
            [b'/', b'/', ..] | [b'#', ..] => self.at += line_comment(rest),
            [b'/', b'*', ..] => {
                self.at += memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
            }
            [b'<', b'<', b'<', ..] => self.open_heredoc(),
            [b'{', ..] => {
                if let Some(Within::Braces(opened)) = self.within.last_mut() {
                    *opened += 1;
                }
                self.at += 1;
            }
            [b'}', ..] => {
                match self.within.last_mut() {
                    Some(Within::Braces(0)) => {
                        self.within.pop();
                    }
                    Some(Within::Braces(opened)) => *opened -= 1,
                    _ => {}
                }
                self.at += 1;
            }
            [first, ..] if is_label(*first) => {
                let word = &rest[..rest.iter().position(|byte| !is_label(*byte)).unwrap_or(rest.len())];
                self.include(word, includes);
                self.at += word.len();
            }
            _ => self.at += 1,
        }
        true
    }

    /// One step in a string with variables.
    fn quotes(&mut self, quote: u8) -> bool {
        match self.rest() {
            [b'\\', ..] => self.at += 2,
            [first, ..] if *first == quote => {
                self.within.pop();
                self.at += 1;
            }
            rest => self.step_in_string(rest, |byte| byte == quote),
        }
        true
    }

    /// One step in a heredoc.
    fn heredoc(&mut self, label: &'a [u8]) -> bool {
        match self.rest() {
            [b'\\', next, ..] if !is_line_end(*next) => self.at += 2,
            [first, rest @ ..] if is_line_end(*first) => match closing_label(rest, label) {
                Some(length) => {
                    self.within.pop();
                    self.at += 1 + length;
                }
                None => self.at += 1,
            },
            rest => self.step_in_string(rest, is_line_end),
        }
        true
    }

    /// To the next byte that means something in a string; a variable in braces opens PHP again.
    fn step_in_string(&mut self, rest: &[u8], is_end: impl Fn(u8) -> bool) {
        if let [b'{', b'$', ..] | [b'$', b'{', ..] = rest {
            self.within.push(Within::Braces(0));
            self.at += 2;
            return;
        }
        let plain = rest[1..].iter().position(|byte| is_end(*byte) || b"\\{$".contains(byte));
        self.at += plain.map_or(rest.len(), |length| length + 1);
    }

    /// `<<<LABEL`, `<<<"LABEL"` or `<<<'LABEL'`, in which nothing means anything.
    fn open_heredoc(&mut self) {
        let rest = &self.rest()[3..];
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let quote = rest.get(blanks).copied().filter(|byte| matches!(byte, b'\'' | b'"'));
        let from = blanks + usize::from(quote.is_some());
        let label = &rest[from..];
        let label = &label[..label.iter().position(|byte| !is_label(*byte)).unwrap_or(label.len())];
        let behind = from + label.len();
        let is_closed = quote.is_none() || rest.get(behind) == quote.as_ref();
        let behind = behind + usize::from(quote.is_some());
        let is_label = label.first().is_some_and(|byte| !byte.is_ascii_digit());
        if !(is_label && is_closed && rest.get(behind).is_some_and(|byte| is_line_end(*byte))) {
            self.at += 3;
            return;
        }
        // From the line end on, which the first line's closing label may follow.
        self.at += 3 + behind;
        if quote == Some(b'\'') {
            self.at += nowdoc(self.rest(), label);
        } else {
            self.within.push(Within::Heredoc(label));
        }
    }

    /// Notes `include 'name'`, `include __DIR__ . '/name'` and their sisters.
    fn include(&self, word: &[u8], includes: &mut Vec<Include>) {
        const SISTERS: [&[u8]; 4] = [b"include", b"include_once", b"require", b"require_once"];
        let before = self.at.checked_sub(1).map(|at| self.text[at]);
        if matches!(before, Some(b'$' | b'>' | b':' | b'\\'))
            || !SISTERS.iter().any(|sister| word.eq_ignore_ascii_case(sister))
        {
            return;
        }
        let rest = self.rest()[word.len()..].trim_ascii_start();
        let rest = rest.strip_prefix(b"(").unwrap_or(rest).trim_ascii_start();
        let rest = rest
            .strip_prefix(b"__DIR__")
            .and_then(|rest| rest.trim_ascii_start().strip_prefix(b"."))
            .unwrap_or(rest)
            .trim_ascii_start();
        let Some((quote @ (b'\'' | b'"'), name)) = rest.split_first() else { return };
        // A name that has to be computed, or is a whole file long, is none.
        let Some(length) = memchr(*quote, &name[..name.len().min(4096)]) else { return };
        let behind = &name[length + 1..];
        let name = &name[..length];
        if !name.iter().any(|byte| b"\\$\r\n".contains(byte))
            && matches!(behind.trim_ascii_start().first(), None | Some(b';' | b')' | b'?'))
        {
            includes.push(Include {
                at: Position::at(self.at),
                length: self.text.len() - behind.len() - self.at,
                form: IncludeForm::Php,
                name: name.to_vec(),
            });
        }
    }
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The length of a string behind its opening quote, with its closing one.
fn single_quoted(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr2(b'\'', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text[at] == b'\'' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// The length of a comment that ends with its line, or before `?>`.
fn line_comment(text: &[u8]) -> usize {
    memchr3_iter(b'\n', b'\r', b'?', text)
        .find(|at| text[*at] != b'?' || text.get(at + 1) == Some(&b'>'))
        .unwrap_or(text.len())
}

/// The length of a nowdoc's lines and its label, from the line end before them on.
fn nowdoc(text: &[u8], label: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr2(b'\n', b'\r', &text[at..]) {
        at += found + 1;
        if let Some(length) = closing_label(&text[at..], label) {
            return at + length;
        }
    }
    text.len()
}

/// The length of blanks and label, if the line that `text` begins with closes what the label opened.
fn closing_label(text: &[u8], label: &[u8]) -> Option<usize> {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let behind = text[blanks..].strip_prefix(label)?;
    (!behind.first().is_some_and(|byte| is_label(*byte))).then_some(blanks + label.len())
}
