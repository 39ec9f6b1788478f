//! From tokens to a page: macros with their arguments, and which brackets are theirs (section 3).
//!
//! A page is a row of pieces, not a tree: tests and brackets may cross each other, and no depth of either can exhaust
//! anything.

use std::ops::Range;

use super::{
    Rules,
    arguments::{Argument, Reader, Trouble, is_blank, skip_blanks},
    lexer::{Include, Lexer, Name, Token},
    marks::Marks,
};

/// A part of a page, in the order of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Text(Range<usize>),
    /// The text `<?`.
    ShortTag(usize),
    /// The template author's own PHP.
    Php(Range<usize>),
    /// The macro of that number.
    Macro(usize),
}

/// A macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Macro<'a> {
    /// Which one.
    pub name: Name,
    /// Stars behind the name: 0 to 2.
    pub stars: u8,
    /// All of the template that it takes the place of: arguments, brackets' own characters and removed blanks, too.
    pub place: Range<usize>,
    /// Where its `#` stands.
    pub at: usize,
    /// Behind its arguments, or its name.
    pub end: usize,
    /// What stands in its braces; none: it has none.
    pub arguments: Option<Vec<Argument<'a>>>,
    /// Why it has no arguments although it seems to.
    pub trouble: Option<Trouble>,
    /// The brackets around it.
    pub bracket: Option<Bracket>,
}

/// `[before (#MACRO) after]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// There is more than blanks before or after.
    pub has_parts: bool,
    /// A `|` follows the macro.
    pub has_filter: bool,
}

/// A name that is not known, and looks like a macro's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Its `#` and all of its name.
    pub place: Range<usize>,
}

/// A template in pieces.
#[derive(Debug, Default)]
pub struct Parsed<'a> {
    /// All of it that is shown.
    pub pieces: Vec<Piece>,
    /// Its macros.
    pub macros: Vec<Macro<'a>>,
    /// Names that are none of the seven.
    pub suspects: Vec<Suspect>,
    /// Blocks of PHP with macros in them, which are left alone.
    pub left_alone: Vec<(Range<usize>, Name)>,
    /// Files to be included.
    pub includes: Vec<Include>,
}

/// A `[` that waits for its `]`.
struct Level {
    /// The piece with the bracket; or with the backslash that makes it text.
    piece: usize,
    is_text: bool,
    /// The last `(#` in it.
    last: Option<Candidate>,
    /// Other macros' brackets are in it.
    has_brackets: bool,
}

/// What would make brackets the macro's.
#[derive(Clone, Copy)]
enum Candidate {
    /// `(#MACRO)`: the number of its piece, and the offset behind the parenthesis.
    Macro { piece: usize, behind: usize },
    /// `(#MACRO|…)`
    Filtered { piece: usize },
    /// `(#TAG)`: another tag's.
    Tag,
}

/// Finds macros, arguments and brackets.
pub fn parse<'a>(template: &'a [u8], rules: &Rules) -> Parsed<'a> {
    let mut parser = Parser {
        text: template,
        parsed: Parsed::default(),
        levels: Vec::new(),
        reader: Reader::default(),
        parentheses: Marks::of(b")["),
        shown: super::lexer::without_mark(template),
    };
    let mut lexer = Lexer::new(template);
    while let Some(token) = lexer.token() {
        parser.token(token, &mut lexer);
    }
    parser.text_until(template.len());
    let mut parsed = parser.parsed;
    parsed.includes = lexer.includes;
    if !rules.keep_blanks {
        remove_blanks(template, &mut parsed);
    }
    parsed
}

struct Parser<'a> {
    text: &'a [u8],
    parsed: Parsed<'a>,
    levels: Vec<Level>,
    reader: Reader,
    parentheses: Marks,
    /// Behind the last piece.
    shown: usize,
}

impl<'a> Parser<'a> {
    fn token(&mut self, token: Token, lexer: &mut Lexer<'a>) {
        match token {
            Token::Macro { at, name, stars, end } => {
                if self.is_escaped(at) {
                    self.text_until(at - 1);
                    self.shown = at;
                } else {
                    let end = self.found_macro(at, name, stars, end);
                    lexer.go_on_at(end);
                }
            }
            Token::Tag { at, end, is_suspect } => {
                if is_suspect {
                    self.parsed.suspects.push(Suspect { place: at..end });
                }
                if self.is_in_parenthesis(at) && self.parenthesis_after(end).is_some() {
                    self.candidate(Candidate::Tag);
                }
            }
            Token::Open { at } => self.open(at),
            Token::Close { at } => self.close(at),
            Token::Php { at, end, left_alone } => {
                self.text_until(at);
                self.push(Piece::Php(at..end), end);
                self.parsed.left_alone.extend(left_alone.map(|name| (at..end, name)));
            }
            Token::ShortTag { at } => {
                self.text_until(at);
                self.push(Piece::ShortTag(at), at + 2);
            }
        }
    }

    fn push(&mut self, piece: Piece, end: usize) -> usize {
        self.parsed.pieces.push(piece);
        self.shown = end;
        self.parsed.pieces.len() - 1
    }

    fn text_until(&mut self, end: usize) {
        if self.shown < end {
            self.push(Piece::Text(self.shown..end), end);
        }
    }

    fn is_escaped(&self, at: usize) -> bool {
        at > self.shown && self.text[at - 1] == b'\\'
    }

    fn is_in_parenthesis(&self, at: usize) -> bool {
        !self.levels.is_empty() && at > self.shown && self.text[at - 1] == b'('
    }

    fn candidate(&mut self, found: Candidate) {
        if let Some(level) = self.levels.last_mut() {
            level.last = Some(found);
        }
    }

    /// A macro: reads its arguments; returns where the page goes on.
    fn found_macro(&mut self, at: usize, name: Name, stars: u8, name_end: usize) -> usize {
        let is_in_parenthesis = self.is_in_parenthesis(at);
        let (mut end, mut arguments, mut trouble) = (name_end, None, None);
        // In brackets, blanks may stand before the braces.
        let brace = if is_in_parenthesis { skip_blanks(self.text, name_end) } else { name_end };
        if self.text.get(brace) == Some(&b'{') {
            match self.reader.find(self.text, brace) {
                Ok(behind) if brace == name_end || self.is_before_end(behind) => {
                    (end, arguments) = (behind, Some(self.reader.arguments(self.text)));
                }
                Err(found) if brace == name_end => trouble = Some(found),
                _ => {}
            }
        }
        self.text_until(at);
        let number = self.parsed.macros.len();
        let place = at..end;
        self.parsed.macros.push(Macro { name, stars, place, at, end, arguments, trouble, bracket: None });
        let piece = self.push(Piece::Macro(number), end);
        if is_in_parenthesis {
            let next = skip_blanks(self.text, end);
            match self.text.get(next) {
                Some(b')') => self.candidate(Candidate::Macro { piece, behind: next + 1 }),
                Some(b'|') if self.parenthesis_after(next).is_some() => {
                    self.candidate(Candidate::Filtered { piece });
                }
                _ => {}
            }
        }
        end
    }

    fn is_before_end(&self, at: usize) -> bool {
        matches!(self.text.get(skip_blanks(self.text, at)), Some(b')' | b'|'))
    }

    /// The first `)` at `from` or behind it, if no `[` comes before it.
    fn parenthesis_after(&mut self, from: usize) -> Option<usize> {
        let found = self.parentheses.first(self.text, from);
        found.filter(|found| self.text[*found] == b')')
    }

    fn open(&mut self, at: usize) {
        let is_text = self.is_escaped(at);
        if is_text {
            self.text_until(at - 1);
            let backslash = self.push(Piece::Text(at - 1..at), at);
            self.level(backslash, true);
        } else {
            self.text_until(at);
            let open = self.push(Piece::Text(at..at + 1), at + 1);
            self.level(open, false);
        }
    }

    fn level(&mut self, piece: usize, is_text: bool) {
        self.levels.push(Level { piece, is_text, last: None, has_brackets: false });
    }

    /// A `]` ends the innermost open brackets. If they are nobody's, they are text, and so are all around them.
    fn close(&mut self, at: usize) {
        while let Some(level) = self.levels.pop() {
            if level.is_text {
                // A bracket after a backslash is text, and what it holds belongs to the brackets around it.
                if matches!(level.last, Some(Candidate::Macro { .. } | Candidate::Filtered { .. })) {
                    self.parsed.pieces[level.piece] = Piece::Text(0..0);
                }
                if let Some(around) = self.levels.last_mut() {
                    around.last = level.last.or(around.last);
                    around.has_brackets |= level.has_brackets;
                }
                continue;
            }
            match level.last {
                Some(Candidate::Macro { piece, behind }) => {
                    self.make_bracket(level.piece..piece, behind, at, level.has_brackets);
                }
                Some(Candidate::Filtered { piece }) => {
                    if let Piece::Macro(number) = self.parsed.pieces[piece] {
                        let bracket = Bracket { has_parts: false, has_filter: true };
                        self.parsed.macros[number].bracket = Some(bracket);
                    }
                }
                Some(Candidate::Tag) | None => self.levels.clear(),
            }
            if let Some(around) = self.levels.last_mut() {
                around.has_brackets = true;
            }
            return;
        }
    }

    /// `[before (#MACRO) after]`: the `[` and what is before the macro are in the pieces `before`, the `]` is at `at`.
    fn make_bracket(&mut self, before: Range<usize>, behind: usize, at: usize, has_brackets: bool) {
        self.text_until(at);
        self.shown = at + 1;
        let (open, piece) = (before.start, before.end);
        let pieces = &mut self.parsed.pieces;
        let Piece::Macro(number) = pieces[piece] else { return };
        let place = &mut self.parsed.macros[number].place;
        pieces[open] = Piece::Text(0..0);
        // The parenthesis before the macro, and what is between the macro and behind its own.
        if let Piece::Text(before) = &mut pieces[piece - 1] {
            before.end -= 1;
            place.start = before.end;
        }
        if let Some(Piece::Text(after)) = pieces.get_mut(piece + 1) {
            after.start = behind;
            place.end = behind;
        }
        let is_blank_piece = |piece: &Piece| match piece {
            Piece::Text(range) => self.text[range.clone()].iter().all(|byte| is_blank(*byte)),
            _ => false,
        };
        let has_parts = has_brackets
            || !(pieces[before].iter().all(is_blank_piece) && pieces[piece + 1..].iter().all(is_blank_piece));
        self.parsed.macros[number].bracket = Some(Bracket { has_parts, has_filter: false });
    }
}

/// Removes the blanks after macros with arguments that stand outside of brackets (section 5, rule 1).
fn remove_blanks(text: &[u8], parsed: &mut Parsed) {
    let pieces = &mut parsed.pieces;
    for at in 0..pieces.len().saturating_sub(1) {
        let Piece::Macro(number) = pieces[at] else { continue };
        let found = &mut parsed.macros[number];
        if found.arguments.is_none() || found.bracket.is_some() {
            continue;
        }
        if let Piece::Text(after) = &mut pieces[at + 1]
            && after.start < after.end
        {
            let end = skip_blanks(&text[..after.end], after.start);
            after.start = end;
            found.place.end = end;
        }
    }
}
