//! The language of templates, as SPIP's plugin macrosession has it: text in, PHP out, nothing else.
//!
//! A template goes through four rooms, and positions go with it: [`lexer`] finds what is not text, [`parser`] finds
//! macros with their arguments and brackets, [`checker`] says what each macro means or what is wrong with it,
//! [`emitter`] writes PHP. No room does I/O; each takes a time that grows with the template's length and no faster.
//!
//! The rules are those of golden/macrosession/README.md, cited by the number of their section.

pub mod arguments;
pub mod checker;
pub mod context;
pub mod diagnostic;
pub mod emitter;
pub mod filters;
mod guess;
pub mod lexer;
mod literal;
mod marks;
pub mod parser;
mod php_block;
pub mod program;

use serde::Deserialize;

pub use context::Context;
pub use diagnostic::{Diagnostic, Kind, Position, Severity};
pub use emitter::Page;
pub use lexer::Include;

/// What `#_SESSION` does to a value before it prints it (section 9).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Escape {
    /// Markup in it becomes text; a star prints the value as it is.
    #[default]
    Html,
    /// Nothing, as the plugin has it.
    None,
}

/// What becomes of a filter that is neither in the table nor among the site's own (section 9).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownFilters {
    /// It is an error.
    #[default]
    Error,
    /// It is looked for when the page is shown, and gives '' if it is not there; the forbidden ones stay forbidden.
    Allow,
}

/// How templates are compiled.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What `#_SESSION` does to a value.
    pub escape: Escape,
    /// What becomes of unknown filters.
    pub unknown_filters: UnknownFilters,
    /// The site's own filters.
    pub extra_filters: Vec<String>,
    /// Blanks and line ends after macros stay (else: section 5).
    pub keep_blanks: bool,
}

/// What a template became.
#[derive(Debug)]
pub struct Compiled {
    /// Errors and warnings, in the order of their positions.
    pub diagnostics: Vec<Diagnostic>,
    /// The page; none if there is an error.
    pub page: Option<Page>,
    /// The files that the template names to be included, in the order of their positions.
    pub includes: Vec<Include>,
    /// Whether its author wrote PHP into it: that may hold errors which only PHP knows.
    pub has_php: bool,
}

/// Compiles a template. Any bytes will do; those that are not UTF-8 stay what they are.
pub fn compile(template: &[u8], rules: &Rules, context: &Context) -> Compiled {
    let mut parsed = parser::parse(template, rules);
    let includes = located(template, std::mem::take(&mut parsed.includes));
    let has_php = parsed.pieces.iter().any(|piece| matches!(piece, parser::Piece::Php(_)));
    let checked = checker::check(template, parsed, rules, context);
    let is_wrong = checked.diagnostics.iter().any(|found| found.kind.severity() == Severity::Error);
    Compiled {
        page: (!is_wrong).then(|| emitter::emit(template, &checked.program, rules)),
        diagnostics: checked.diagnostics,
        includes,
        has_php,
    }
}

/// The files that a template names to be included, in the order of their positions: what [`compile`] says of them,
/// without the rest.
pub fn includes(template: &[u8]) -> Vec<Include> {
    located(template, parser::parse(template, &Rules::default()).includes)
}

fn located(template: &[u8], mut includes: Vec<Include>) -> Vec<Include> {
    Position::locate(template, includes.iter_mut().map(|include| &mut include.at));
    includes
}
