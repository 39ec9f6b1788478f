//! From a program to PHP (sections 4, 5, 7 and 9).
//!
//! Line n of a page is line n of its template: a macro that takes the place of line ends is PHP with the same line ends
//! in it. That a page drops the line end after a macro is PHP's own rule for `?>`; nothing else is lost.

use std::ops::Range;

use super::{
    Escape, Rules,
    lexer::without_mark,
    literal,
    program::{Asked, Making, Step, Test, Value},
};

/// A compiled page, which still lacks its header.
#[derive(Debug)]
pub struct Page {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Page {
    /// The page's bytes, with `header` as a comment in its first line.
    ///
    /// The header holds no line break and no `*/`: nothing in it may end the comment.
    pub fn with_header(&self, header: &str) -> Vec<u8> {
        [&self.before[..], b"/* ", header.as_bytes(), b" */", &self.after].concat()
    }
}

/// Writes a page.
pub fn emit(template: &[u8], program: &[Step], rules: &Rules) -> Page {
    let page = Vec::with_capacity(template.len() * 5 / 4 + 64);
    let mut emitter = Emitter { template, rules, page, line_end: LineEnd::Lost };
    let (before, steps) = match program {
        // The author's own first block is the page's first one, too: `namespace` and `declare` have to stand there.
        [Step::Php(block), rest @ ..] if is_first_block(template, block) => {
            let tag = block.start + b"<?php".len();
            emitter.page.extend_from_slice(&template[tag..block.end]);
            emitter.line_end = LineEnd::Dropped;
            ([&template[block.start..tag], b" "].concat(), rest)
        }
        all => {
            emitter.page.extend_from_slice(b" ?>");
            (b"<?php ".to_vec(), all)
        }
    };
    for step in steps {
        emitter.step(step);
    }
    Page { before, after: emitter.page }
}

/// Whether a template begins with this block, and it is one in which a comment may stand before all else.
fn is_first_block(template: &[u8], block: &Range<usize>) -> bool {
    block.start == without_mark(template) && template[block.start..].get(2) != Some(&b'=')
}

/// What becomes of a line end that comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// It is shown.
    Shown,
    /// PHP drops it, as it should (section 5, rule 2).
    Dropped,
    /// PHP would drop it, but it has to be shown.
    Lost,
}

struct Emitter<'a> {
    template: &'a [u8],
    rules: &'a Rules,
    page: Vec<u8>,
    line_end: LineEnd,
}

impl Emitter<'_> {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Text(range) => self.text(range),
            Step::ShortTag(_) => self.print(b"<?"),
            Step::Php(range) => {
                self.page.extend_from_slice(&self.template[range.clone()]);
                self.line_end = LineEnd::Dropped;
            }
            Step::Print(value, is_raw, place) => {
                self.page.extend_from_slice(b"<?= ");
                self.printed(value, *is_raw || self.rules.escape == Escape::None);
                self.close(place);
            }
            Step::If(test, place) => {
                self.page.extend_from_slice(b"<?php if (");
                match test {
                    Test::Value(value) => self.value(value),
                    Test::Authorised(asked) => self.authorised(asked),
                }
                self.page.extend_from_slice(b") {");
                self.close(place);
            }
            Step::Else(place) => {
                self.page.extend_from_slice(b"<?php } else {");
                self.close(place);
            }
            Step::End(place) => {
                self.page.extend_from_slice(b"<?php }");
                self.close(place);
            }
        }
    }

    fn text(&mut self, range: &Range<usize>) {
        let mut text = &self.template[range.clone()];
        if text.is_empty() {
            return;
        }
        if self.line_end == LineEnd::Lost {
            let ends = text.iter().take_while(|byte| is_line_end(**byte)).count();
            if ends > 0 {
                self.print(&text[..ends]);
                text = &text[ends..];
            }
        } else if text[0] == b'?' && self.line_end == LineEnd::Shown && self.page.last() == Some(&b'<') {
            // What stood between them is no part of the page.
            self.print(b"?");
            text = &text[1..];
        }
        if !text.is_empty() {
            self.page.extend_from_slice(text);
            self.line_end = LineEnd::Shown;
        }
    }

    /// Has PHP print a text, over as many lines as it has.
    fn print(&mut self, text: &[u8]) {
        self.page.extend_from_slice(b"<?= ");
        literal::write(&mut self.page, text);
        self.line_ends(text);
        self.page.extend_from_slice(b" ?>");
        self.line_end = LineEnd::Lost;
    }

    /// Ends the PHP of a macro that took this place in the template.
    fn close(&mut self, place: &Range<usize>) {
        let template = self.template;
        self.line_ends(&template[place.clone()]);
        self.page.extend_from_slice(b" ?>");
        self.line_end = if self.rules.keep_blanks { LineEnd::Lost } else { LineEnd::Dropped };
    }

    /// The line ends of a text, and nothing else of it.
    fn line_ends(&mut self, text: &[u8]) {
        for (at, byte) in text.iter().enumerate().filter(|(_, byte)| is_line_end(**byte)) {
            // CR and LF are one line end only where nothing stands between them.
            if *byte == b'\n'
                && self.page.last() == Some(&b'\r')
                && at.checked_sub(1).map(|at| text[at]) != Some(b'\r')
            {
                self.page.push(b' ');
            }
            self.page.push(*byte);
        }
    }

    /// What a macro prints. Truth values and the author's own constants need no escaping.
    fn printed(&mut self, value: &Value, is_raw: bool) {
        let how: &[u8] = if is_raw { b"\\Macrosession\\raw" } else { b"\\Macrosession\\html" };
        match &value.making {
            Making::Itself => {
                self.page.extend_from_slice(how);
                self.page.push(b'(');
                literal::write(&mut self.page, &value.field);
                self.page.push(b')');
            }
            Making::Filter(..) => {
                self.page.extend_from_slice(how);
                self.page.extend_from_slice(b"_of(");
                self.value(value);
                self.page.push(b')');
            }
            Making::Not | Making::Compare(..) | Making::Choose(..) => self.value(value),
        }
    }

    /// A value as an expression of PHP.
    fn value(&mut self, value: &Value) {
        match &value.making {
            Making::Itself => self.call("field", [&value.field[..]]),
            Making::Not => {
                self.page.push(b'!');
                self.call("field", [&value.field[..]]);
            }
            Making::Compare(operator, constant) => {
                self.call("compare", [&value.field[..], operator.as_bytes(), &constant[..]]);
            }
            Making::Choose(first, second) => {
                self.call("field", [&value.field[..]]);
                self.page.extend_from_slice(b" ? ");
                literal::write(&mut self.page, first);
                self.page.extend_from_slice(b" : ");
                literal::write(&mut self.page, second);
            }
            Making::Filter(name, constants) => {
                let constants = constants.iter().map(|constant| &constant[..]);
                self.call("filter", [&name[..], &value.field[..]].into_iter().chain(constants));
            }
        }
    }

    fn authorised(&mut self, asked: &[Asked]) {
        self.page.extend_from_slice(b"\\Macrosession\\authorised(");
        for (number, argument) in asked.iter().enumerate() {
            if number > 0 {
                self.page.extend_from_slice(b", ");
            }
            match argument {
                Asked::Constant(text) => literal::write(&mut self.page, text),
                Asked::Null => self.page.extend_from_slice(b"null"),
                Asked::Query(name) => self.call("from_query", [&name[..]]),
            }
        }
        self.page.push(b')');
    }

    /// A call of the runtime with these texts.
    fn call<'t>(&mut self, function: &str, arguments: impl IntoIterator<Item = &'t [u8]>) {
        self.page.extend_from_slice(b"\\Macrosession\\");
        self.page.extend_from_slice(function.as_bytes());
        for (number, argument) in arguments.into_iter().enumerate() {
            self.page.extend_from_slice(if number == 0 { b"(" } else { b", " });
            literal::write(&mut self.page, argument);
        }
        self.page.push(b')');
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
