//! What stands between a macro's braces (section 3, `args`).

use std::{borrow::Cow, ops::Range};

use super::{lexer::holds_tag, marks::Marks};

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument<'a> {
    /// Its text: the pieces in quotes as they are, the bare one trimmed, all without the backslashes of escapes.
    pub text: Cow<'a, [u8]>,
    /// The bare piece as it stands there, if it is all there is.
    pub bare: Option<&'a [u8]>,
    /// Its bare piece holds a tag: it would have to be computed.
    pub is_computed: bool,
}

/// Why there are no arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// They have no end; or a quote in them has none.
    Unterminated {
        /// Where the quote stands.
        quote: Option<usize>,
    },
    /// Nothing stands between two commas, or before the first one.
    Empty,
    /// There are more than any macro could take.
    TooMany,
}

/// No macro takes so many pieces of arguments.
const MOST_PIECES: usize = 16;

/// A part of an argument.
#[derive(Debug)]
struct Piece {
    /// It begins another argument.
    is_first: bool,
    is_quoted: bool,
    range: Range<usize>,
}

/// Finds arguments.
#[derive(Debug)]
pub struct Reader {
    ends: Marks,
    openers: Marks,
    closers: Marks,
    double_quotes: Marks,
    single_quotes: Marks,
    /// What was found last.
    pieces: Vec<Piece>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            ends: Marks::unescaped(b",}"),
            openers: Marks::unescaped(b"([{"),
            closers: Marks::unescaped(b")]}"),
            double_quotes: Marks::of(b"\""),
            single_quotes: Marks::of(b"'"),
            pieces: Vec::new(),
        }
    }
}

impl Reader {
    /// Finds the arguments that begin with the `{` at `open`; the offset behind their `}`.
    ///
    /// # Errors
    /// There are none; the page goes on behind the macro's name.
    pub fn find(&mut self, text: &[u8], open: usize) -> Result<usize, Trouble> {
        self.pieces.clear();
        let unterminated = Trouble::Unterminated { quote: None };
        let mut at = skip_blanks(text, open + 1);
        loop {
            if *text.get(at).ok_or(unterminated)? == b'}' {
                return Ok(at + 1);
            }
            at = self.argument(text, at)?;
            if *text.get(at).ok_or(unterminated)? == b',' {
                at = skip_blanks(text, at + 1);
            }
        }
    }

    /// One argument: pieces in quotes, then at most one bare piece. Returns the place of the comma or brace behind it.
    fn argument(&mut self, text: &[u8], mut at: usize) -> Result<usize, Trouble> {
        let first = self.pieces.len();
        while let Some(quote @ (b'"' | b'\'')) = text.get(at) {
            let quotes = if *quote == b'"' { &mut self.double_quotes } else { &mut self.single_quotes };
            let end = quotes.first(text, at + 1).ok_or(Trouble::Unterminated { quote: Some(at) })?;
            self.push(first, true, at + 1..end)?;
            at = skip_blanks(text, end + 1);
        }
        if !matches!(text.get(at), Some(b',' | b'}')) {
            let piece = self.bare(text, at)?;
            at = piece.end;
            self.push(first, false, piece)?;
        } else if self.pieces.len() == first {
            return Err(Trouble::Empty);
        }
        Ok(at)
    }

    fn push(&mut self, first: usize, is_quoted: bool, range: Range<usize>) -> Result<(), Trouble> {
        if self.pieces.len() == MOST_PIECES {
            return Err(Trouble::TooMany);
        }
        self.pieces.push(Piece { is_first: self.pieces.len() == first, is_quoted, range });
        Ok(())
    }

    /// A bare piece: up to the first comma or closing brace that is not in its one group. A group without its end, or
    /// behind which neither of them comes, is none.
    fn bare(&mut self, text: &[u8], from: usize) -> Result<Range<usize>, Trouble> {
        let plain = self.ends.first(text, from).ok_or(Trouble::Unterminated { quote: None })?;
        let opened = (from..plain).find(|at| self.openers.is_at(text, *at));
        let grouped = opened
            .and_then(|opened| self.closers.first(text, opened + 1))
            .and_then(|closed| self.ends.first(text, closed + 1));
        Ok(from..grouped.unwrap_or(plain))
    }

    /// The arguments that were found last.
    pub fn arguments<'a>(&self, text: &'a [u8]) -> Vec<Argument<'a>> {
        let mut arguments: Vec<Argument> = Vec::new();
        for piece in &self.pieces {
            let range = &text[piece.range.clone()];
            let range = if piece.is_quoted { range } else { trim(range) };
            let (text, holds_tag) = unescape(range);
            let is_computed = holds_tag && !piece.is_quoted;
            match arguments.last_mut().filter(|_| !piece.is_first) {
                None => {
                    let bare = (!piece.is_quoted).then_some(range);
                    arguments.push(Argument { text, bare, is_computed });
                }
                Some(argument) => {
                    argument.text.to_mut().extend_from_slice(&text);
                    argument.is_computed |= is_computed;
                }
            }
        }
        arguments
    }
}

/// PHP's trim().
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\0')
}

/// The first offset at `at` or behind it that is no blank.
pub fn skip_blanks(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| !is_blank(*byte)).map_or(text.len(), |length| at + length)
}

/// Without the blanks around it.
pub fn trim(text: &[u8]) -> &[u8] {
    let from = skip_blanks(text, 0);
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(from, |last| last + 1);
    &text[from..end]
}

/// A piece without the backslashes of its escapes; whether it holds a tag that is not escaped.
fn unescape(piece: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let is_escape = |pair: &[u8]| pair[0] == b'\\' && b"#[()]{}<>".contains(&pair[1]);
    if !piece.windows(2).any(is_escape) {
        return (Cow::Borrowed(piece), holds_tag(piece));
    }
    let mut plain = Vec::with_capacity(piece.len());
    // The same with nothing in the place of what is escaped, in which a tag is a tag.
    let mut rest = Vec::with_capacity(piece.len());
    let mut at = 0;
    while at < piece.len() {
        if at + 1 < piece.len() && is_escape(&piece[at..at + 2]) {
            plain.push(piece[at + 1]);
            rest.push(b' ');
            at += 2;
        } else {
            plain.push(piece[at]);
            rest.push(piece[at]);
            at += 1;
        }
    }
    (Cow::Owned(plain), holds_tag(&rest))
}
