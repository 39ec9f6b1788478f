//! What can be wrong with a template, and where.

use std::fmt;

use memchr::memchr2_iter;
use serde::Serialize;

use super::lexer::without_mark;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// There is no page.
    Error,
    /// There is a page, perhaps not the one that was meant.
    Warning,
}

/// What is wrong (section 9). Serialised as in the golden data: `unclosed-if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A test without its end.
    UnclosedIf,
    /// A `SINON` outside of all tests.
    ElseWithoutIf,
    /// A second `SINON` of one test.
    DuplicateElse,
    /// A `FIN` outside of all tests.
    EndWithoutIf,
    /// Tests within tests, deeper than [`super::checker::DEEPEST`].
    TooDeep,
    /// An argument that would have to be computed.
    ComputedArgument,
    /// `#_AUTORISER_SI` without arguments.
    MissingArgument,
    /// An operator with nothing on its right side.
    MissingOperand,
    /// More arguments than the macro takes.
    TooManyArguments,
    /// Nothing between two commas.
    EmptyArgument,
    /// Arguments without their end.
    UnterminatedArguments,
    /// Neither an operator nor the name of a filter.
    InvalidFilter,
    /// A filter that no template may call.
    ForbiddenFilter,
    /// A filter that is not in the table.
    UnknownFilter,
    /// `[(#_SESSION{x}|filter)]`
    FilterOnMacro,
    /// What PHP says about the template author's own PHP.
    PhpSyntax,
    /// A file that includes itself, perhaps through others.
    IncludeCycle,
    /// A name that looks like a macro's and is none.
    UnknownMacro,
    /// Text around a macro in brackets, which is always shown.
    ConditionalParts,
    /// The end of a test with the name of the other family.
    MixedFamily,
    /// Arguments of `SINON` or `FIN`.
    IgnoredArguments,
    /// A macro in the template author's own PHP.
    MacroInPhp,
}

impl Kind {
    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::IncludeCycle
            | Self::UnknownMacro
            | Self::ConditionalParts
            | Self::MixedFamily
            | Self::IgnoredArguments
            | Self::MacroInPhp => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// A place in a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Bytes before it.
    pub offset: usize,
    /// From 1.
    pub line: usize,
    /// In Unicode characters, from 1; a tab is one; a byte that is not UTF-8 is one.
    pub column: usize,
}

impl Position {
    /// The place behind so many bytes, of which line and column are not known yet.
    pub(super) fn at(offset: usize) -> Self {
        Self { offset, line: 0, column: 0 }
    }

    /// Works out lines and columns of places in `template`, which come in the order of their offsets. A line ends with
    /// LF, CRLF or CR.
    pub(super) fn locate<'a>(template: &[u8], places: impl Iterator<Item = &'a mut Self>) {
        let mut seen = without_mark(template);
        let (mut line, mut column) = (1, 1);
        for place in places {
            let text = template.get(seen..place.offset).unwrap_or_default();
            let mut last_line = text;
            for end in memchr2_iter(b'\n', b'\r', text) {
                if text[end] == b'\r' && template.get(seen + end + 1) == Some(&b'\n') {
                    continue;
                }
                (line, column) = (line + 1, 1);
                last_line = &text[end + 1..];
            }
            column += characters(last_line);
            seen = seen.max(place.offset);
            (place.line, place.column) = (line, column);
        }
    }
}

/// How many characters these bytes are; one that is not UTF-8 is one.
fn characters(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong.
    pub kind: Kind,
    /// The macro, as `#_SESSION_SI`; '' where none is concerned.
    pub macro_name: String,
    /// The argument at fault, if it is one: `champ filtre arg1 arg2` or `autorisation type id qui opt`.
    pub argument: Option<&'static str>,
    /// Where the macro's `#` stands.
    pub at: Position,
    /// How many bytes from there are to be underlined; at least 1, and not beyond the line's end.
    pub length: usize,
    /// What is wrong, what was expected, and what was perhaps meant; no line break, but perhaps bytes from outside.
    pub message: String,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}
