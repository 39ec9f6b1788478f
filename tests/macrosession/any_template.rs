//! What holds for any bytes that are taken for a template. The fuzz target `template` and properties.rs share it.

use std::sync::LazyLock;

use sessionstat::macrosession::language::{
    Compiled, Context, Diagnostic, Position, Rules, Severity, compile,
    lexer::Role,
    parser::{self, Parsed, Piece},
};

use super::judge::{Judges, show};

/// Values that are frozen in pages: each would do harm if it became code.
static CONTEXT: LazyLock<Context> = LazyLock::new(|| {
    let context = br#"{
        "env": {"id_article": "1'+die()+'", "id_x": "?>\n<?php die() ?>", "x": "\\", "nom": "${die()}"},
        "boucle": {"id_article": "{$x}", "id_rubrique": 7},
        "vars": {"v": "\"\u0000*/", "x": "'"}
    }"#;
    Context::from_json(context).expect("a context")
});

/// Compiles a template and checks all that can be said of the outcome. `short_tags`: for a PHP that takes `<?` for code.
#[track_caller]
pub fn check(judges: &mut Judges, template: &[u8], rules: &Rules, short_tags: bool) {
    let compiled = compile(template, rules, &CONTEXT);
    check_repeats(template, rules, &compiled);
    check_places(template, &compiled);
    let has_error = compiled.diagnostics.iter().any(|found| found.kind.severity() == Severity::Error);
    assert_eq!(compiled.page.is_none(), has_error, "a page, or an error");
    let Some(page) = compiled.page.map(|page| page.with_header("source: any")) else { return };
    assert_eq!(line_ends(&page), line_ends(template), "line ends of {}", show(&page));
    let parsed = parser::parse(template, rules);
    if compiled.has_php {
        check_with_php(judges, template, &parsed, &page, short_tags);
        return;
    }
    let judge = if short_tags { &mut judges.short } else { &mut judges.long };
    judge.accept("page", &page);
    let is_escape = |pair: &[u8]| matches!(pair, b"\\#" | b"\\[");
    if parsed.macros.is_empty() && !template.windows(2).any(is_escape) {
        let shown = judge.ask_one(&[b"show", &page, b"0"]);
        let expected = template.strip_prefix(b"\xef\xbb\xbf").unwrap_or(template);
        assert_eq!(show(&shown), show(expected), "text shows itself");
    }
}

/// Compiles the template again.
#[track_caller]
fn check_repeats(template: &[u8], rules: &Rules, first: &Compiled) {
    let second = compile(template, rules, &CONTEXT);
    let page = |compiled: &Compiled| compiled.page.as_ref().map(|page| page.with_header(""));
    assert_eq!(first.diagnostics, second.diagnostics, "the same again");
    assert_eq!(first.includes, second.includes, "the same again");
    assert_eq!(page(first), page(&second), "the same again");
}

#[track_caller]
fn check_places(template: &[u8], compiled: &Compiled) {
    let diagnostics = compiled.diagnostics.iter();
    assert!(diagnostics.clone().is_sorted_by_key(|found| found.at.offset), "in the template's order");
    for found in diagnostics {
        let Diagnostic { at, length, message, .. } = found;
        check_place(template, *at);
        let underlined = template.get(at.offset..at.offset + length).expect("within the template");
        assert!(*length > 0 && !underlined.iter().any(|byte| matches!(byte, b'\n' | b'\r')), "{found:?}");
        assert!(!message.contains(['\n', '\r']) && !message.is_empty(), "{found:?}");
    }
    for include in &compiled.includes {
        check_place(template, include.at);
        let said = template.get(include.at.offset..include.at.offset + include.length);
        let said = said.expect("within the template");
        assert!(said.windows(include.name.len()).any(|part| part == include.name), "{include:?}");
    }
}

/// Line and column of a place, counted another way.
#[track_caller]
fn check_place(template: &[u8], at: Position) {
    let mark = if template.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let before = template.get(mark..at.offset).expect("within the template");
    let is_line_end = |offset: &usize| match before[*offset] {
        b'\n' => true,
        b'\r' => template.get(mark + offset + 1) != Some(&b'\n'),
        _ => false,
    };
    let line = (0..before.len()).filter(is_line_end).count() + 1;
    let start = (0..before.len()).rfind(is_line_end).map_or(0, |end| end + 1);
    let column =
        before[start..].utf8_chunks().map(|part| part.valid().chars().count() + part.invalid().len());
    assert_eq!((at.line, at.column), (line, column.sum::<usize>() + 1), "at {}", at.offset);
}

/// The line ends of a file, as PHP counts them.
pub fn line_ends(file: &[u8]) -> usize {
    (0..file.len())
        .filter(|at| file[*at] == b'\n' || file[*at] == b'\r' && file.get(at + 1) != Some(&b'\n'))
        .count()
}

/// If PHP accepts the template as it is: it sees the author's own PHP in the same places as the compiler, and accepts
/// the page where tests hold none of it. (A test that is opened in a block and closed in another may be refused.)
#[track_caller]
fn check_with_php(judges: &mut Judges, template: &[u8], parsed: &Parsed, page: &[u8], short_tags: bool) {
    // Behind that word PHP reads nothing more. Between a macro's braces it sees blocks that are none.
    let is_halted = template.windows(15).any(|word| word.eq_ignore_ascii_case(b"__halt_compiler"));
    let hides_tag = |range: &[u8]| range.windows(2).any(|pair| pair == b"<?");
    if is_halted || parsed.macros.iter().any(|found| hides_tag(&template[found.at..found.end])) {
        return;
    }
    let blocks = judges.long.ask(&[b"blocks", template]);
    if blocks == [b"refused"] {
        return;
    }
    let seen = parsed.pieces.iter().filter_map(|piece| match piece {
        Piece::Php(range) => Some([range.start.to_string(), range.end.to_string()]),
        _ => None,
    });
    let seen = seen.collect::<Vec<_>>().concat();
    let blocks: Vec<String> = blocks.iter().map(|at| String::from_utf8_lossy(at).into_owned()).collect();
    assert_eq!(seen, blocks, "blocks of PHP in {}", show(template));
    if !holds_php_in_a_test(parsed) && judges.long.ask_one(&[b"alone", template]).is_empty() {
        let judge = if short_tags { &mut judges.short } else { &mut judges.long };
        judge.accept("alone", page);
    }
}

fn holds_php_in_a_test(parsed: &Parsed) -> bool {
    let mut macros = parsed.macros.iter();
    let mut depth = 0;
    parsed.pieces.iter().any(|piece| {
        if matches!(piece, Piece::Macro(_)) {
            match macros.next().map(|found| found.name.role) {
                Some(Role::If) => depth += 1,
                Some(Role::End) => depth -= 1,
                _ => {}
            }
        }
        matches!(piece, Piece::Php(_)) && depth > 0
    })
}
