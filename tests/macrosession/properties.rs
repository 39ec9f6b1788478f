//! What holds for templates that nobody wrote. PHP is asked about all of a test's cases in one process; `make fuzz` goes
//! further.

use std::cell::RefCell;

use proptest::{collection::vec, prelude::*, sample::select};
use sessionstat::macrosession::language::{Context, Escape, Rules, UnknownFilters, compile};

use crate::{
    any_constant::{self, Sample},
    any_template,
    judge::{Judge, Judges, show},
};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

/// What templates are made of, and what could be mistaken for it.
const PARTS: &[&str] = &[
    "#_SESSION",
    "#_SESSION{nom}",
    "#_SESSION*{nom}",
    "#_SESSION{nom,?,a,b}",
    "#_SESSION{n,==,10}",
    "#_SESSION_SI",
    "#_SESSION_SI{nom}",
    "#_SESSION_SINON",
    "#_SESSION_FIN",
    "#_AUTORISER_SI{modifier,article,env}",
    "#_AUTORISER_SI{",
    "#_AUTORISER_FIN",
    "#_SESSIONS",
    "#TITRE",
    "#GET{v}",
    "(",
    ")",
    "[",
    "]",
    "[(",
    ")]",
    "{",
    "}",
    ",",
    "concat",
    "strlen",
    "'",
    "\"",
    "\\",
    "<?php ",
    "<?= ",
    "<?xml ",
    "<?",
    "?>",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u{feff}",
    "é",
    "\0",
    "$x",
    "{$x}",
    "echo 1;",
    "//",
    "/*",
    "*/",
    "#",
    "#[",
    "<<<A\n",
    "\nA;",
    "<<<'A'\n",
    "`",
    "if (1) {",
    "include 'a.php';",
    "<INCLURE{fond=a}>",
    "texte",
];

fn rules() -> impl Strategy<Value = Rules> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(is_raw, allows, keep_blanks)| Rules {
        escape: if is_raw { Escape::None } else { Escape::Html },
        unknown_filters: if allows { UnknownFilters::Allow } else { UnknownFilters::Error },
        extra_filters: Vec::new(),
        keep_blanks,
    })
}

/// Bytes, of which some are PARTS, and some blocks of PHP as authors write them.
fn template() -> impl Strategy<Value = Vec<u8>> {
    let blocks: Vec<String> = serde_json::from_str(include_str!("php_blocks.json")).expect("blocks of PHP");
    let part = prop_oneof![
        12 => select(PARTS).prop_map(|part| part.as_bytes().to_vec()),
        4 => select(blocks).prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(part, 0..24).prop_map(|parts| parts.concat())
}

#[test]
fn any_bytes_become_a_page_that_php_accepts_or_errors_in_their_places() {
    let judges = RefCell::new(Judges::start());
    proptest!(cases(1_000), |(template in template(), rules in rules(), short_tags in any::<bool>())| {
        any_template::check(&mut judges.borrow_mut(), &template, &rules, short_tags);
    });
}

#[test]
fn php_of_the_author_ends_where_php_says() {
    let blocks: Vec<String> = serde_json::from_str(include_str!("php_blocks.json")).expect("blocks of PHP");
    const BETWEEN: &[&str] = &[
        "#_SESSION{nom}",
        "#_SESSION_SI{nom}x#_SESSION_FIN",
        "[(#_SESSION) ]",
        "<?xml ?>",
        "\n",
        "\r\n",
        "",
    ];
    let judges = RefCell::new(Judges::start());
    let parts = vec((select(blocks), select(BETWEEN)), 1..4);
    proptest!(cases(500), |(parts in parts, rules in rules(), short_tags in any::<bool>())| {
        let template: String = parts.iter().map(|(block, between)| format!("{block}{between}")).collect();
        any_template::check(&mut judges.borrow_mut(), template.as_bytes(), &rules, short_tags);
    });
}

#[test]
fn no_text_in_the_place_of_a_constant_becomes_code() {
    let text = || {
        prop_oneof![
            vec(any::<u8>(), 0..6),
            vec(select(PARTS), 0..4).prop_map(|parts| parts.concat().into_bytes()),
            select(&["0", "10", "1e1", " 9", "", "nom"][..]).prop_map(|text| text.as_bytes().to_vec()),
        ]
    };
    let sample = (any::<u8>(), any::<[u8; 3]>(), [text(), text(), text()], text(), any::<[bool; 2]>());
    let sample = sample.prop_map(|(form, writing, texts, value, [is_raw, keep_blanks])| {
        let escape = if is_raw { Escape::None } else { Escape::Html };
        Sample { form, writing, texts, value, escape, keep_blanks }
    });
    let judges = RefCell::new(Judges::start());
    proptest!(cases(1_500), |(sample in sample)| {
        any_constant::check(&mut judges.borrow_mut().long, &sample);
    });
}

/// Text that no macro and no PHP can be made of.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        select(
            &[
                "<", "?", "<?", "<?xml", "?>", "php", " ", "\n", "\r", "\r\n", "\t", "é", "{", "}", ",", "x",
                "(", ")"
            ][..]
        )
        .prop_map(str::to_owned),
        "[a-z<>?%'\"$ \n]{0,3}",
    ];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn holds_php(template: &str) -> bool {
    let template = template.to_ascii_lowercase();
    template.contains("<?=") || template.contains("<?php")
}

/// A page as a visitor whose name is Linda sees it.
fn shown(judge: &mut Judge, template: &str, keep_blanks: bool) -> String {
    let rules = Rules { keep_blanks, ..Rules::default() };
    let compiled = compile(template.as_bytes(), &rules, &Context::default());
    let page = compiled.page.unwrap_or_else(|| panic!("{:?} in {template:?}", compiled.diagnostics));
    let page = page.with_header("source: any");
    show(&judge.ask_one(&[b"show", &page, b"2", b"id_auteur", b"2", b"nom", b"Linda"]))
}

#[test]
fn text_shows_itself_whatever_php_thinks_of_short_tags() {
    let judges = RefCell::new(Judges::start());
    let text = vec(
        prop_oneof![3 => text(), 1 => select(&["[", "]", "[x(", ")]"][..]).prop_map(str::to_owned)],
        0..6,
    );
    proptest!(cases(500), |(text in text, has_mark in any::<bool>(), keep_blanks in any::<bool>())| {
        let text = text.concat();
        prop_assume!(!holds_php(&text));
        let template = if has_mark { format!("\u{feff}{text}") } else { text.clone() };
        let Judges { long, short } = &mut *judges.borrow_mut();
        for judge in [long, short] {
            prop_assert_eq!(shown(judge, &template, keep_blanks), show(text.as_bytes()), "{:?}", template);
        }
    });
}

/// A piece of a template, and what it is to a visitor whose name is Linda.
#[derive(Clone, Debug)]
enum Segment {
    Text(String),
    /// As it is written, what it shows, and what it takes of the text behind it.
    Macro(&'static str, &'static str, Takes),
}

/// What a macro takes of the text behind it (section 5).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Takes {
    Nothing,
    Blanks,
    LineEnd,
}

const MACROS: &[(&str, &str, Takes)] = &[
    ("#_SESSION{nom}", "Linda", Takes::Blanks),
    ("#_SESSION*{'nom' , concat,\"\n\"}", "Linda\n", Takes::Blanks),
    ("#_SESSION{absent}", "", Takes::Blanks),
    ("#_SESSION{nom,==,Linda}", "1", Takes::Blanks),
    ("#_SESSION{}", "2", Takes::Blanks),
    ("[(#_SESSION)]", "2", Takes::LineEnd),
    ("[<b>\n(#_SESSION{nom})</b>]", "<b>\nLinda</b>", Takes::Nothing),
    ("[(#_SESSION{absent}\n) ]", " ", Takes::Nothing),
    ("[?(#_SESSION{nom})php ]", "?Lindaphp ", Takes::Nothing),
    ("[?php (#_SESSION{nom})]", "?php Linda", Takes::LineEnd),
    ("[ \n(#_SESSION{nom\n})]", " \nLinda", Takes::LineEnd),
    ("#_SESSION_SI{nom}oui#_SESSION_FIN{nom}", "oui", Takes::Blanks),
    ("#_SESSION_SI{absent}oui\n#_SESSION_FIN{nom}", "", Takes::Blanks),
];

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let of_macro = select(MACROS).prop_map(|(written, shown, takes)| Segment::Macro(written, shown, takes));
    vec(prop_oneof![text().prop_map(Segment::Text), of_macro], 0..12)
}

fn written(segments: &[Segment]) -> String {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Text(text) => text,
            Segment::Macro(written, ..) => *written,
        })
        .collect()
}

/// What section 5 says of the segments.
fn expected(segments: &[Segment], keep_blanks: bool) -> String {
    let mut all = String::new();
    let mut takes = Takes::Nothing;
    let mut segments = segments.iter().peekable();
    while let Some(segment) = segments.next() {
        match segment {
            Segment::Text(text) => {
                let mut text = text.clone();
                while let Some(Segment::Text(more)) =
                    segments.next_if(|next| matches!(next, Segment::Text(_)))
                {
                    text += more;
                }
                all += match if keep_blanks { Takes::Nothing } else { takes } {
                    Takes::Nothing => &text,
                    Takes::Blanks => text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\0']),
                    Takes::LineEnd => {
                        ["\r\n", "\n", "\r"].iter().find_map(|end| text.strip_prefix(end)).unwrap_or(&text)
                    }
                };
                takes = if text.is_empty() { takes } else { Takes::Nothing };
            }
            Segment::Macro(_, shown, its) => {
                all += shown;
                takes = *its;
            }
        }
    }
    all
}

#[test]
fn nothing_but_a_macros_place_changes() {
    let judges = RefCell::new(Judges::start());
    proptest!(cases(800), |(segments in segments(), keep_blanks in any::<bool>())| {
        let template = written(&segments);
        prop_assume!(!holds_php(&template) && !template.starts_with('\u{feff}'));
        let expected = show(expected(&segments, keep_blanks).as_bytes());
        let Judges { long, short } = &mut *judges.borrow_mut();
        for judge in [long, short] {
            prop_assert_eq!(shown(judge, &template, keep_blanks), &expected[..], "{:?}", template);
        }
    });
}
