//! From a page to a program: what each macro means, or what is wrong with it (sections 4 and 9).

use std::{borrow::Cow, ops::Range};

use super::{
    Context, Diagnostic, Kind, Position, Rules, UnknownFilters,
    arguments::{Argument, Trouble, trim},
    filters::{self, Filters},
    guess::Guesses,
    lexer::{Family, NAMES, Name, Role, tag_at},
    parser::{Macro, Parsed, Piece},
    program::{Asked, Making, OPERATORS, Step, Test, Value},
};

/// So many tests may stand within each other. PHP's own parser gives up at some depth; pages that people write need a
/// few.
pub const DEEPEST: usize = 500;

/// What became of a parsed template.
#[derive(Debug)]
pub struct Checked<'a> {
    /// In the order of their positions, with lines and columns.
    pub diagnostics: Vec<Diagnostic>,
    /// Means something only without errors.
    pub program: Vec<Step<'a>>,
}

/// Says what a parsed template means.
pub fn check<'a>(template: &[u8], parsed: Parsed<'a>, rules: &Rules, context: &Context) -> Checked<'a> {
    let mut checker = Checker {
        template,
        rules,
        context,
        filters: Filters::new(&rules.extra_filters),
        meant_filters: Guesses::default(),
        meant_macros: Guesses::default(),
        open: Vec::new(),
        diagnostics: Vec::new(),
    };
    checker.suspects(&parsed);
    let mut macros = parsed.macros.into_iter();
    let mut program = Vec::new();
    for piece in parsed.pieces {
        match piece {
            // Brackets that are text are pieces of their own, and there may be millions of them.
            Piece::Text(range) => match program.last_mut() {
                _ if range.is_empty() => {}
                Some(Step::Text(before)) if before.end == range.start => before.end = range.end,
                _ => program.push(Step::Text(range)),
            },
            Piece::ShortTag(at) => program.push(Step::ShortTag(at)),
            Piece::Php(range) => program.push(Step::Php(range)),
            // Macros are numbered in the order of their pieces.
            Piece::Macro(_) => program.extend(macros.next().and_then(|found| checker.found(found))),
        }
    }
    checker.unclosed();
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|found| found.at.offset);
    Position::locate(template, diagnostics.iter_mut().map(|found| &mut found.at));
    Checked { diagnostics, program }
}

struct Checker<'c> {
    template: &'c [u8],
    rules: &'c Rules,
    context: &'c Context,
    filters: Filters,
    meant_filters: Guesses,
    meant_macros: Guesses,
    open: Vec<Open>,
    diagnostics: Vec<Diagnostic>,
}

/// A test that has begun.
struct Open {
    name: Name,
    place: Range<usize>,
    has_else: bool,
}

impl<'c> Checker<'c> {
    fn tell(&mut self, kind: Kind, name: String, place: &Range<usize>, message: impl Into<String>) {
        self.tell_argument(kind, name, place, None, message.into());
    }

    fn tell_argument(
        &mut self,
        kind: Kind,
        macro_name: String,
        place: &Range<usize>,
        argument: Option<&'static str>,
        message: String,
    ) {
        let line = self.template.get(place.clone()).unwrap_or_default();
        let length = line.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(line.len()).max(1);
        let at = Position::at(place.start);
        self.diagnostics.push(Diagnostic { kind, macro_name, argument, at, length, message });
    }

    /// What is told of text that is no macro.
    fn suspects(&mut self, parsed: &Parsed) {
        for suspect in &parsed.suspects {
            let word = &self.template[suspect.place.start + 1..suspect.place.end];
            let known = NAMES.iter().map(|(name, _)| name.as_bytes());
            let guess = self.meant_macros.ask(word, known);
            let guess = guess.map(|name| format!("; did you mean #{name}?")).unwrap_or_default();
            let name = String::from_utf8_lossy(&self.template[suspect.place.clone()]).into_owned();
            let message = format!("{name} is no macro, and stays text{guess}");
            self.tell(Kind::UnknownMacro, name, &suspect.place, message);
        }
        for (block, name) in &parsed.left_alone {
            let name = name.as_text();
            let message = format!("{name} in a block of PHP is left alone; end the block before it");
            self.tell(Kind::MacroInPhp, name, block, message);
        }
    }

    /// What a macro means; nothing if that cannot be said.
    fn found<'a>(&mut self, found: Macro<'a>) -> Option<Step<'a>> {
        let shown = found.at..found.end;
        let text = found.name.as_text();
        match found.trouble {
            Some(Trouble::Unterminated { quote: None }) => self.tell(
                Kind::UnterminatedArguments,
                text.clone(),
                &shown,
                format!("the arguments of {text} have no end: expected }}"),
            ),
            Some(Trouble::Unterminated { quote: Some(quote) }) => {
                let quote = char::from(self.template[quote]);
                let message = format!("the arguments of {text} have no end: expected another {quote}");
                self.tell(Kind::UnterminatedArguments, text.clone(), &shown, message);
            }
            Some(Trouble::Empty) => self.tell(
                Kind::EmptyArgument,
                text.clone(),
                &shown,
                format!("{text} has an argument with nothing in it; write '' for an empty text"),
            ),
            Some(Trouble::TooMany) => self.tell(
                Kind::TooManyArguments,
                text.clone(),
                &shown,
                format!("{text} has more arguments than any macro takes"),
            ),
            None => {}
        }
        if let Some(bracket) = found.bracket {
            if bracket.has_filter {
                let message = format!(
                    "a filter behind {text} would work on its PHP, not on the value; write it between the braces: {text}{{field,filter}}"
                );
                self.tell(Kind::FilterOnMacro, text.clone(), &shown, message);
            } else if bracket.has_parts && found.name.role == Role::Print {
                let message = format!("the text around {text} is shown even if the value is empty");
                self.tell(Kind::ConditionalParts, text.clone(), &shown, message);
            }
        }
        let is_readable = found.trouble.is_none();
        let arguments = found.arguments.unwrap_or_default();
        match found.name.role {
            Role::Print => {
                let value = self.value(&text, &shown, arguments)?;
                is_readable.then_some(Step::Print(value, found.stars > 0, found.place))
            }
            Role::If => {
                let test = match found.name.family {
                    Family::Session => self.value(&text, &shown, arguments).map(Test::Value),
                    Family::Autoriser => self.authorisation(&text, &shown, arguments, is_readable),
                };
                self.begin(found.name, &text, shown);
                test.filter(|_| is_readable).map(|test| Step::If(test, found.place))
            }
            Role::Else | Role::End => {
                if !arguments.is_empty() {
                    let message = format!("the arguments of {text} mean nothing");
                    self.tell(Kind::IgnoredArguments, text.clone(), &shown, message);
                }
                if found.name.role == Role::Else {
                    self.otherwise(found.name, &text, &shown).then_some(Step::Else(found.place))
                } else {
                    self.end(found.name, &text, &shown).then_some(Step::End(found.place))
                }
            }
        }
    }

    fn begin(&mut self, name: Name, text: &str, place: Range<usize>) {
        if self.open.len() == DEEPEST {
            let message = format!("{text} stands within {DEEPEST} other tests: that is as deep as they go");
            self.tell(Kind::TooDeep, text.to_owned(), &place, message);
        }
        self.open.push(Open { name, place, has_else: false });
    }

    fn otherwise(&mut self, name: Name, text: &str, place: &Range<usize>) -> bool {
        let Some(open) = self.open.last_mut() else {
            let message = format!("{text} without a test before it");
            self.tell(Kind::ElseWithoutIf, text.to_owned(), place, message);
            return false;
        };
        let (of, is_second) = (open.name, std::mem::replace(&mut open.has_else, true));
        self.same_family(name, of, text, place);
        if is_second {
            let message = format!("a second {text} in one {}", of.as_text());
            self.tell(Kind::DuplicateElse, text.to_owned(), place, message);
        }
        !is_second
    }

    fn end(&mut self, name: Name, text: &str, place: &Range<usize>) -> bool {
        let Some(open) = self.open.pop() else {
            let message = format!("{text} without a test before it");
            self.tell(Kind::EndWithoutIf, text.to_owned(), place, message);
            return false;
        };
        self.same_family(name, open.name, text, place);
        true
    }

    fn same_family(&mut self, name: Name, of: Name, text: &str, place: &Range<usize>) {
        if name.family != of.family {
            let message = format!("{text} belongs to the {} before it, of the other family", of.as_text());
            self.tell(Kind::MixedFamily, text.to_owned(), place, message);
        }
    }

    fn unclosed(&mut self) {
        for open in std::mem::take(&mut self.open) {
            let text = open.name.as_text();
            let end = Name { family: open.name.family, role: Role::End }.as_text();
            self.tell(
                Kind::UnclosedIf,
                text.clone(),
                &open.place,
                format!("{text} without its end: expected {end}"),
            );
        }
    }

    /// Tells arguments that would have to be computed; whether there are any.
    fn computed(
        &mut self,
        text: &str,
        place: &Range<usize>,
        arguments: &[Argument],
        names: &[&'static str],
    ) -> bool {
        let mut found = false;
        for (argument, name) in arguments.iter().zip(names).filter(|(argument, _)| argument.is_computed) {
            let value = shown(&argument.text);
            let message = format!(
                "argument '{name}' of {text} has to be a constant, and {value} would be computed; quote it if it is text"
            );
            self.tell_argument(Kind::ComputedArgument, text.to_owned(), place, Some(name), message);
            found = true;
        }
        found
    }

    /// `{field}`, `{field,!}`, `{field,operator,constant}`, `{field,?,a,b}` or `{field,filter,a,b}`.
    fn value<'a>(
        &mut self,
        text: &str,
        place: &Range<usize>,
        arguments: Vec<Argument<'a>>,
    ) -> Option<Value<'a>> {
        let is_computed = self.computed(text, place, &arguments, &["champ", "filtre", "arg1", "arg2"]);
        let count = arguments.len();
        let mut arguments = arguments.into_iter();
        let field = arguments.next().map_or(Cow::Borrowed(&b"id_auteur"[..]), |argument| argument.text);
        let filter = arguments.next();
        let verb = filter.as_ref().map(|filter| Verb::of(trim(&filter.text)));
        let most = verb.as_ref().map_or(4, Verb::most_arguments);
        if count > most {
            let message = format!("{text} has {count} arguments, and takes at most {most} here");
            self.tell(Kind::TooManyArguments, text.to_owned(), place, message);
            return None;
        }
        if is_computed {
            return None;
        }
        let mut constants = arguments.map(|argument| argument.text);
        let making = match verb {
            None => Making::Itself,
            Some(Verb::Not) => Making::Not,
            Some(Verb::Compare(operator)) => match constants.next() {
                Some(constant) => Making::Compare(operator, constant),
                None => return self.missing_operand(text, place, operator),
            },
            Some(Verb::Choose(written)) => match constants.next() {
                Some(first) => Making::Choose(first, constants.next().unwrap_or_default()),
                None => return self.missing_operand(text, place, &written),
            },
            Some(Verb::Filter(name)) => {
                self.filter(text, place, &name)?;
                Making::Filter(called(name), constants.collect())
            }
        };
        Some(Value { field, making })
    }

    fn missing_operand<T>(&mut self, text: &str, place: &Range<usize>, operator: &str) -> Option<T> {
        let message = format!("nothing to compare with behind {operator}; write '' for an empty text");
        let message = if OPERATORS.contains(&operator) {
            message
        } else {
            format!("nothing to choose behind {operator}")
        };
        self.tell(Kind::MissingOperand, text.to_owned(), place, message);
        None
    }

    /// Whether a template may call that filter.
    fn filter(&mut self, text: &str, place: &Range<usize>, name: &[u8]) -> Option<()> {
        let shown = shown(name);
        if !filters::is_name(name) {
            let known = OPERATORS.iter().map(|operator| operator.as_bytes());
            let guess = self.meant_filters.ask(name, known);
            let guess = guess.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            let message = format!("'{shown}' is neither an operator nor the name of a filter{guess}");
            self.tell(Kind::InvalidFilter, text.to_owned(), place, message);
            return None;
        }
        if filters::is_forbidden(name) {
            let message = format!("no template may call '{shown}'");
            self.tell(Kind::ForbiddenFilter, text.to_owned(), place, message);
            return None;
        }
        if self.rules.unknown_filters == UnknownFilters::Error && !self.filters.has(name) {
            let guess = match self.meant_filters.ask(name, self.filters.all()) {
                Some(name) => format!("did you mean {name}?"),
                None => "a function of the site's own belongs into [macrosession] extra_filters".to_owned(),
            };
            let message = format!("there is no filter '{shown}'; {guess}");
            self.tell(Kind::UnknownFilter, text.to_owned(), place, message);
            return None;
        }
        Some(())
    }

    /// `{faire,type,id,qui,opt}`
    fn authorisation<'a>(
        &mut self,
        text: &str,
        place: &Range<usize>,
        arguments: Vec<Argument<'a>>,
        is_readable: bool,
    ) -> Option<Test<'a>> {
        if arguments.is_empty() {
            if is_readable {
                let message = format!("{text} has to say what is to be allowed: {text}{{faire,type,id}}");
                self.tell(Kind::MissingArgument, text.to_owned(), place, message);
            }
            return None;
        }
        if arguments.len() > 5 {
            let message = format!("{text} has {} arguments, and takes at most 5", arguments.len());
            self.tell(Kind::TooManyArguments, text.to_owned(), place, message);
            return None;
        }
        let field = arguments.get(1).map(|kind| id_field(&kind.text)).unwrap_or_default();
        let id = arguments.get(2).and_then(|id| self.frozen(id, &field));
        let mut constants = arguments;
        if let Some(argument) = constants.get_mut(2).filter(|_| id.is_some()) {
            argument.is_computed = false;
        }
        if self.computed(text, place, &constants, &["autorisation", "type", "id", "qui", "opt"]) {
            return None;
        }
        let mut asked: Vec<_> =
            constants.into_iter().map(|argument| Asked::Constant(argument.text)).collect();
        if let Some(id) = id {
            asked[2] = id;
        }
        Some(Test::Authorised(asked))
    }

    /// What `env`, `boucle`, `url`, `#BALISE` and `#GET{x}` stand for; nothing: that is a constant, or cannot be.
    fn frozen<'a>(&self, argument: &Argument, field: &[u8]) -> Option<Asked<'a>> {
        let value = |value: Option<&str>| {
            Some(value.map_or(Asked::Null, |value| Asked::Constant(Cow::Owned(value.as_bytes().to_vec()))))
        };
        let bare = argument.bare?;
        let name = String::from_utf8_lossy(field);
        match bare {
            b"env" => return value(self.context.env(&name)),
            b"boucle" => return value(self.context.boucle(&name)),
            b"url" => return Some(Asked::Query(field.to_vec())),
            _ => {}
        }
        match tag_at(bare, 0)? {
            (b"GET", rest) => {
                let variable = rest.strip_prefix(b"{")?.strip_suffix(b"}")?;
                let variable = std::str::from_utf8(trim(variable)).ok()?;
                (!variable.contains(['{', '}', '#', '|'])).then(|| value(self.context.var(variable)))?
            }
            (tag, b"") if tag != b"GET" => {
                value(self.context.env(&String::from_utf8_lossy(tag).to_ascii_lowercase()))
            }
            _ => None,
        }
    }
}

/// The template author's own words in a message, which is one line.
fn shown(words: &[u8]) -> String {
    const MOST: usize = 80;
    let words = String::from_utf8_lossy(words);
    let mut shown: String = words
        .chars()
        .take(MOST)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if words.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// A filter's name as PHP finds it: functions in any letter case, and the class of a method in the author's own, by
/// which its file may have to be found.
fn called(name: Vec<u8>) -> Vec<u8> {
    if name.contains(&b':') { name } else { name.to_ascii_lowercase() }
}

/// The name of the field with an object's number: `id_article` for `article`, `articles` and `spip_articles`.
fn id_field(kind: &[u8]) -> Vec<u8> {
    let kind = kind.strip_prefix(b"spip_").unwrap_or(kind);
    [b"id_", kind.strip_suffix(b"s").unwrap_or(kind)].concat()
}

/// What the second argument of `#_SESSION` says.
enum Verb {
    Not,
    Compare(&'static str),
    /// As it was written.
    Choose(String),
    Filter(Vec<u8>),
}

impl Verb {
    fn of(text: &[u8]) -> Self {
        if let Some(operator) = OPERATORS.iter().find(|operator| operator.as_bytes() == text) {
            return Self::Compare(operator);
        }
        match text {
            b"!" | b"non" => Self::Not,
            b"?" => Self::Choose("?".to_owned()),
            name if name.eq_ignore_ascii_case(b"choixselon") || name.eq_ignore_ascii_case(b"choix_selon") => {
                Self::Choose(String::from_utf8_lossy(name).into_owned())
            }
            name => Self::Filter(name.to_vec()),
        }
    }

    /// With the field and itself.
    fn most_arguments(&self) -> usize {
        match self {
            Self::Not => 2,
            Self::Compare(_) => 3,
            Self::Choose(_) | Self::Filter(_) => 4,
        }
    }
}
