//! What holds for any texts in the places of a template's constants. The fuzz target `constants` and properties.rs
//! share it.
//!
//! A template's form has places for three texts. With any bytes in them or with the word x, its page is the same to PHP
//! but for what its literals hold; and it shows what the texts say.

use serde_json::json;
use sessionstat::macrosession::language::{Context, Escape, Rules, compile};

use super::{
    forms::{Asked, FORMS, Form, Shows},
    judge::{Judge, show},
};

/// What fills a form.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Which form: any number.
    pub form: u8,
    /// How each text is written, where it can be so: any number.
    pub writing: [u8; 3],
    /// What is written; the first is the field's name.
    pub texts: [Vec<u8>; 3],
    /// What the visitor's session has in that field.
    pub value: Vec<u8>,
    pub escape: Escape,
    pub keep_blanks: bool,
}

impl Sample {
    /// The same with the word x for each text.
    fn plain(&self) -> Self {
        Self { writing: [0; 3], texts: [const { b"x" }; 3].map(|text| text.to_vec()), ..self.clone() }
    }
}

/// A form that is filled.
struct Filled {
    template: Vec<u8>,
    /// The texts as the compiler has to understand them.
    texts: [Vec<u8>; 3],
    page: Vec<u8>,
}

/// Compiles a filled form and has its page shown. Texts that cannot be written in a template are passed over.
#[track_caller]
pub fn check(judge: &mut Judge, sample: &Sample) {
    let form = &FORMS[usize::from(sample.form) % FORMS.len()];
    let (Some(filled), Some(plain)) = (fill(form, sample), fill(form, &sample.plain())) else { return };
    let template = show(&filled.template);
    let difference = judge.ask_one(&[b"same", &filled.page, &plain.page]);
    assert!(difference.is_empty(), "{} in {} of {template}", show(&difference), show(&filled.page));
    judge.accept("page", &filled.page);

    let [field, kind, id] = &filled.texts;
    let query = [b"id_", object(kind)].concat();
    let session = [b"id_auteur", &b"1"[..], field, &sample.value];
    let mut answer =
        judge.ask(&[&[b"show", &filled.page[..], b"2"], &session[..], &[&query, id]].concat()).into_iter();
    let shown = answer.next().expect("what is shown");
    let value = if field == b"id_auteur" && !is_true(&sample.value) { &[] } else { &sample.value[..] };
    let expected = expected(judge, form, sample.escape, value, &filled.texts);
    assert_eq!(show(&shown), show(&expected), "shown by {template}");
    let expected = form.asks.iter().map(|asked| match asked {
        Asked::Word(word) => word.as_bytes(),
        Asked::Text(number) => &filled.texts[*number],
        Asked::Query => id,
    });
    let asked: Vec<_> = answer.map(|text| show(&text)).collect();
    assert_eq!(asked, expected.map(show).collect::<Vec<_>>(), "asked by {template}");
}

/// The template and the page of a form with these texts; none if one of them cannot be written.
fn fill(form: &Form, sample: &Sample) -> Option<Filled> {
    let mut template = Vec::new();
    let mut texts = sample.texts.clone();
    let mut parts = form.template.split('@');
    template.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let number = usize::from(part.as_bytes()[0] - b'0');
        let (written, text) = write(&sample.texts[number], sample.writing[number])?;
        template.extend(written);
        template.extend_from_slice(&part.as_bytes()[1..]);
        texts[number] = text;
    }
    let frozen = if form.is_frozen { std::str::from_utf8(&texts[2]).ok()? } else { "" };
    let context = json!({
        "env": {"id_article": frozen, "balise": frozen}, "boucle": {"id_rubrique": frozen}, "vars": {"v": frozen}
    });
    let context = Context::from_json(context.to_string().as_bytes()).expect("a context");
    let rules = Rules { escape: sample.escape, keep_blanks: sample.keep_blanks, ..Rules::default() };
    let compiled = compile(&template, &rules, &context);
    let page = compiled.page.unwrap_or_else(|| panic!("{:?} in {}", compiled.diagnostics, show(&template)));
    // A header holds neither a line break nor the end of its comment.
    let header = String::from_utf8_lossy(&texts[1]).replace(['\r', '\n'], "").replace("*/", "");
    let header = if header.contains("*/") { "" } else { &header };
    Some(Filled { template, texts, page: page.with_header(header) })
}

/// A text as one argument, and what it means without the backslashes of its escapes; none if it cannot be written so.
fn write(text: &[u8], writing: u8) -> Option<(Vec<u8>, Vec<u8>)> {
    let quoted = |quote: u8| {
        let written = [&[quote], text, &[quote]].concat();
        (!text.contains(&quote)).then(|| (written, unescaped(text)))
    };
    let is_bare = !text.iter().any(|byte| b",{}[]()#\\".contains(byte))
        && !matches!(text.first(), None | Some(b'"' | b'\''))
        && !matches!(text, b"env" | b"url" | b"boucle")
        && [text.first(), text.last()].iter().flatten().all(|byte| !b" \t\r\n\x0b\0".contains(byte));
    let bare = || is_bare.then(|| (text.to_vec(), text.to_vec()));
    match writing % 4 {
        0 => quoted(b'"').or_else(|| quoted(b'\'')),
        1 => quoted(b'\'').or_else(|| quoted(b'"')),
        2 => bare().or_else(|| quoted(b'"')),
        _ => None,
    }
    .or_else(|| in_pieces(text))
}

/// A text in several quoted pieces, each of which holds one kind of quotes.
fn in_pieces(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut written, mut meant) = (Vec::new(), Vec::new());
    let pieces: Vec<&[u8]> = text
        .chunk_by(|one, other| !matches!((one, other), (b'"', b'\'') | (b'\'', b'"')))
        .flat_map(|part| part.chunk_by(|one, _| !matches!(one, b'"' | b'\'')))
        .collect();
    for piece in &pieces {
        let quote = if piece.contains(&b'"') { b'\'' } else { b'"' };
        written.push(quote);
        written.extend_from_slice(piece);
        written.push(quote);
        meant.extend(unescaped(piece));
    }
    // No macro takes more than 16 of them.
    ((1..=5).contains(&pieces.len())).then_some((written, meant))
}

/// Without the backslashes of escapes.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.next_if(|next| *byte == b'\\' && b"#[()]{}<>".contains(next)) {
            Some(escaped) => plain.push(*escaped),
            None => plain.push(*byte),
        }
    }
    plain
}

/// The kind of object in the name of its number's field.
fn object(kind: &[u8]) -> &[u8] {
    let kind = kind.strip_prefix(b"spip_").unwrap_or(kind);
    kind.strip_suffix(b"s").unwrap_or(kind)
}

/// As PHP has it for texts.
fn is_true(value: &[u8]) -> bool {
    !matches!(value, b"" | b"0")
}

/// What a form has to show.
fn expected(judge: &mut Judge, form: &Form, escape: Escape, value: &[u8], texts: &[Vec<u8>; 3]) -> Vec<u8> {
    let [_, first, second] = texts;
    let mut shown = Vec::new();
    for part in form.shows {
        let compares = |operator: &str, judge: &mut Judge| {
            judge.ask_one(&[b"compare", value, operator.as_bytes(), first]) == b"1"
        };
        let chosen =
            |is_first, one: &[u8], other: &[u8]| if is_first { one.to_vec() } else { other.to_vec() };
        shown.extend(match part {
            Shows::Text(text) => text.as_bytes().to_vec(),
            Shows::Value if escape == Escape::Html => judge.ask_one(&[b"html", value]),
            Shows::Value | Shows::Raw => value.to_vec(),
            Shows::Concat if escape == Escape::Html => {
                judge.ask_one(&[b"html", &[value, first, second].concat()])
            }
            Shows::Concat | Shows::RawConcat => [value, first, second].concat(),
            Shows::Not => chosen(is_true(value), b"", b"1"),
            Shows::Compares(operator) => chosen(compares(operator, judge), b"1", b""),
            Shows::Chosen => chosen(is_true(value), first, second),
            Shows::ChosenOrNothing => chosen(is_true(value), first, b""),
            Shows::If(one, other) => chosen(is_true(value), one.as_bytes(), other.as_bytes()),
            Shows::IfCompares(operator, one, other) => {
                chosen(compares(operator, judge), one.as_bytes(), other.as_bytes())
            }
        });
    }
    shown
}
