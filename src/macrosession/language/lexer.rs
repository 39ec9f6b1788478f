//! From bytes to tokens: what in a template is not text (section 3).
//!
//! The parser asks for one token after the other; what lies between two tokens is text. Only it knows where arguments
//! may follow a macro, so it has them read by [`super::arguments`] and goes on behind them.

use memchr::{memchr3, memmem};

use super::{Position, php_block};

/// A macro's family: both test in the same way, and close each other's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `#_SESSION…`
    Session,
    /// `#_AUTORISER…`
    Autoriser,
}

/// What a macro does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Prints a value.
    Print,
    /// Begins a test.
    If,
    /// Separates the two branches of a test.
    Else,
    /// Ends a test.
    End,
}

/// One of the seven macros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its family.
    pub family: Family,
    /// What it does.
    pub role: Role,
}

/// The seven macros as templates have them.
pub const NAMES: [(&str, Name); 7] = [
    ("_SESSION", Name { family: Family::Session, role: Role::Print }),
    ("_SESSION_SI", Name { family: Family::Session, role: Role::If }),
    ("_SESSION_SINON", Name { family: Family::Session, role: Role::Else }),
    ("_SESSION_FIN", Name { family: Family::Session, role: Role::End }),
    ("_AUTORISER_SI", Name { family: Family::Autoriser, role: Role::If }),
    ("_AUTORISER_SINON", Name { family: Family::Autoriser, role: Role::Else }),
    ("_AUTORISER_FIN", Name { family: Family::Autoriser, role: Role::End }),
];

impl Name {
    /// As it stands in templates, with its `#`.
    pub fn as_text(self) -> String {
        NAMES.iter().find(|(_, name)| *name == self).map(|(text, _)| format!("#{text}")).unwrap_or_default()
    }
}

/// What is not text. Offsets are bytes from the template's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A macro's name, from its `#` to the end of its stars.
    Macro {
        /// Where its `#` stands.
        at: usize,
        /// Which one.
        name: Name,
        /// Stars behind the name: 0 to 2.
        stars: u8,
        /// Behind the stars.
        end: usize,
    },
    /// A tag of SPIP that is no macro: text, but in `[(#TAG)]` the brackets are its own.
    Tag {
        /// Where its `#` stands.
        at: usize,
        /// Behind its name.
        end: usize,
        /// Its name is one that looks like a macro's.
        is_suspect: bool,
    },
    /// `[`
    Open {
        /// Where it stands.
        at: usize,
    },
    /// `]`
    Close {
        /// Where it stands.
        at: usize,
    },
    /// The template author's own PHP, from `<?php` or `<?=` to behind `?>`.
    Php {
        /// Where it begins.
        at: usize,
        /// Behind its end.
        end: usize,
        /// The first macro in it, which stays what it is there.
        left_alone: Option<Name>,
    },
    /// `<?` that is text, although some PHPs would take it for their own (`short_open_tag`).
    ShortTag {
        /// Where it begins.
        at: usize,
    },
}

/// A file that a template names to be included when the page is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// Where that stands.
    pub at: Position,
    /// How many bytes from there say it.
    pub length: usize,
    /// How the file is named.
    pub form: IncludeForm,
    /// The name as it stands there.
    pub name: Vec<u8>,
}

/// How a template names a file to be included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeForm {
    /// SPIP's `<INCLURE{fond=name}>` or `#INCLURE{fond=name}`: a template without its extension, from the folder of all
    /// templates on. Their text stays as it is.
    Fond,
    /// PHP's `include 'name'` and its sisters with a constant: a page, from the page's own folder on.
    Php,
}

/// Reads a template from its beginning to its end.
#[derive(Debug)]
pub struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// The next of `#`, `[` and `]` that was seen, at or behind which the next token is.
    mark: Ahead,
    /// The next `<?`.
    tag: Ahead,
    /// The next `<INCLURE`.
    inclure: Ahead,
    /// The files to be included that were seen so far.
    pub includes: Vec<Include>,
}

/// What is known of the text ahead, so that no byte is searched twice for the same thing.
#[derive(Clone, Copy, Debug)]
enum Ahead {
    At(usize),
    Nowhere,
}

impl Ahead {
    /// The first place at `from` or behind it, found by `search` where what is known lies before it.
    fn from(&mut self, from: usize, search: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        match *self {
            Self::At(at) if at >= from => Some(at),
            Self::Nowhere => None,
            Self::At(_) => {
                let found = search(from);
                *self = found.map_or(Self::Nowhere, Self::At);
                found
            }
        }
    }

    fn unknown(text: &[u8], search: impl Fn(usize) -> Option<usize>) -> Self {
        if text.is_empty() { Self::Nowhere } else { search(0).map_or(Self::Nowhere, Self::At) }
    }
}

/// The text behind a leading byte order mark, which is no part of the page.
pub fn without_mark(text: &[u8]) -> usize {
    if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

impl<'a> Lexer<'a> {
    /// Begins behind a leading byte order mark.
    pub fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: without_mark(text),
            mark: Ahead::unknown(text, |from| mark(text, from)),
            tag: Ahead::unknown(text, |from| find(text, from, b"<?")),
            inclure: Ahead::unknown(text, |from| find(text, from, b"<INCLURE")),
            includes: Vec::new(),
        }
    }

    /// Goes on at `at`, which no token returned so far reaches beyond.
    pub fn go_on_at(&mut self, at: usize) {
        self.at = at;
    }

    /// The next token.
    pub fn token(&mut self) -> Option<Token> {
        let text = self.text;
        loop {
            let mark = self.mark.from(self.at, |from| mark(text, from)).unwrap_or(text.len());
            let tag = self.tag.from(self.at, |from| find(text, from, b"<?")).unwrap_or(text.len());
            let inclure =
                self.inclure.from(self.at, |from| find(text, from, b"<INCLURE")).unwrap_or(text.len());
            let at = mark.min(tag).min(inclure);
            if at == text.len() {
                self.at = at;
                return None;
            }
            self.at = at + 1;
            let token = match text[at] {
                b'[' => Some(Token::Open { at }),
                b']' => Some(Token::Close { at }),
                b'#' => self.hash(at),
                _ if at == tag => Some(self.php(at)),
                _ => {
                    self.inclure(at, b"<INCLURE".len());
                    None
                }
            };
            if token.is_some() {
                return token;
            }
        }
    }

    /// What begins with the `#` at `at`, if it is not text.
    fn hash(&mut self, at: usize) -> Option<Token> {
        if let Some((name, stars, end)) = macro_at(self.text, at) {
            self.at = end;
            return Some(Token::Macro { at, name, stars, end });
        }
        let word = word(self.text, at + 1);
        if !is_tag(word) {
            return None;
        }
        let end = at + 1 + word.len();
        let is_suspect = word.starts_with(b"_SESSION") || word.starts_with(b"_AUTORISER");
        if word == b"INCLURE" {
            self.inclure(at, end - at);
        }
        self.at = end;
        Some(Token::Tag { at, end, is_suspect })
    }

    /// What begins with the `<?` at `at`.
    fn php(&mut self, at: usize) -> Token {
        let Some(start) = php_block::start(self.text, at) else {
            self.at = at + 2;
            return Token::ShortTag { at };
        };
        let block = php_block::read(self.text, start, &mut self.includes);
        self.at = block;
        let left_alone = memchr::memchr_iter(b'#', &self.text[at..block])
            .find_map(|hash| macro_at(&self.text[..block], at + hash))
            .map(|(name, ..)| name);
        Token::Php { at, end: block, left_alone }
    }

    /// Notes what SPIP would include, if that is a constant: `{fond=name}`.
    fn inclure(&mut self, at: usize, length: usize) {
        let rest = &self.text[at + length..];
        let Some(value) = rest.strip_prefix(b"{fond=") else { return };
        let name: &[u8] = &value[..value
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"_-./".contains(byte)))
            .unwrap_or(value.len())];
        if !name.is_empty() && matches!(value.get(name.len()), Some(b'}' | b',' | b' ')) {
            self.includes.push(Include {
                at: Position::at(at),
                length: length + b"{fond=".len() + name.len(),
                form: IncludeForm::Fond,
                name: name.to_vec(),
            });
        }
    }
}

fn mark(text: &[u8], from: usize) -> Option<usize> {
    memchr3(b'#', b'[', b']', &text[from..]).map(|found| from + found)
}

fn find(text: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    memmem::find(&text[from..], what).map(|found| from + found)
}

/// The letters, digits and underscores at `at`.
fn word(text: &[u8], at: usize) -> &[u8] {
    let rest = &text[at.min(text.len())..];
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    &rest[..rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len())]
}

/// Whether a word is the name of a tag, as SPIP has it: capitals, and digits unless it could be a colour.
fn is_tag(word: &[u8]) -> bool {
    let is_capital = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'_';
    word.first().is_some_and(is_capital)
        && word.iter().all(|byte| is_capital(byte) || byte.is_ascii_digit())
        && (word.iter().all(is_capital)
            || word.iter().find(|byte| !(b'A'..=b'F').contains(byte)).is_some_and(is_capital))
}

/// Whether `text` holds a tag somewhere.
pub fn holds_tag(text: &[u8]) -> bool {
    memchr::memchr_iter(b'#', text).any(|at| is_tag(word(text, behind_loop(text, at + 1))))
}

/// Whether a tag's `#` stands at `at`; its name and what is behind that.
pub fn tag_at(text: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    if text.get(at) != Some(&b'#') {
        return None;
    }
    let from = behind_loop(text, at + 1);
    let name = word(text, from);
    is_tag(name).then(|| (name, &text[from + name.len()..]))
}

/// Behind the name of a loop and its colon, if a tag follows them; else `at`.
fn behind_loop(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let is_named = matches!(rest.first(), Some(b'-' | b'_'));
    let is_part = |byte: &u8| {
        if is_named { byte.is_ascii_alphanumeric() || b"-_.".contains(byte) } else { byte.is_ascii_digit() }
    };
    let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    if length > 0 && rest.get(length) == Some(&b':') && is_tag(word(rest, length + 1)) {
        at + length + 1
    } else {
        at
    }
}

/// The macro whose `#` stands at `at`: name, stars, end.
fn macro_at(text: &[u8], at: usize) -> Option<(Name, u8, usize)> {
    let from = behind_loop(text, at + 1);
    let word = word(text, from);
    let (_, name) = NAMES.iter().find(|(known, _)| known.as_bytes() == word)?;
    let end = from + word.len();
    let stars = text[end..].iter().take(2).take_while(|byte| **byte == b'*').count();
    Some((*name, if stars == 2 { 2 } else { stars.min(1) as u8 }, end + stars))
}
