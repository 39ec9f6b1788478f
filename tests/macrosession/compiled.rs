//! What a compiled page looks like to those who read it, to PHP, and to whoever reads PHP's messages.

use std::fs;

use serde_json::json;
use sessionstat::macrosession::language::{Context, Kind, Rules, UnknownFilters, checker, compile};

use crate::{compiled, folder, page, php};

/// Shows a page to a visitor: what PHP prints.
#[track_caller]
fn shown(page: &str, session: serde_json::Value) -> String {
    let file = tempfile::Builder::new().suffix(".php").tempfile().expect("a file for the page");
    fs::write(file.path(), page).expect("a page");
    let plan = json!([{"page": file.path(), "visits": [{"session": session}]}]);
    let show = [folder().join("tests/macrosession/show.php"), php::runtime()];
    let seen = php::run(&[], &show, plan.to_string().as_bytes());
    let seen: serde_json::Value = serde_json::from_str(&seen).expect("JSON");
    seen[0]["visits"][0]["html"].as_str().expect("a page").to_owned()
}

fn kinds(template: &str) -> Vec<Kind> {
    compiled(template, &Rules::default()).diagnostics.iter().map(|found| found.kind).collect()
}

/// The one message about a template.
#[track_caller]
fn message(template: &str) -> String {
    let found = compiled(template, &Rules::default()).diagnostics;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].message.clone()
}

#[test]
fn a_line_of_the_page_is_that_line_of_the_template() {
    let template = "one\n[<b>(#_SESSION{nom,\n concat,\n 'x\ny' }\n)</b>\n]#_SESSION_SI{n,>,0}\n\n  \
                    two\r\n#_SESSION_SINON\nthree #_SESSION_FIN{a,\rb}\r\n#_SESSION\nfour <?php\necho __LINE__ ?>\nfive\n";
    let page = page(template);
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").lines().count();
    assert_eq!(lines(&page), lines(template), "{page}");
    for word in ["one", "concat", "two", "three", "four", "five"] {
        let line = |text: &str| lines(&text[..text.find(word).unwrap() + 1]);
        // The arguments of a macro are on its first line.
        let expected = if word == "concat" { 2 } else { line(template) };
        assert_eq!(line(&page), expected, "{word} in {page}");
    }
    let seen = shown(&page, json!(null));
    assert!(seen.contains("four 15"), "PHP counts as the template does: {seen}");
}

#[test]
fn the_authors_first_block_stays_the_first_statement() {
    let page = page("<?php\ndeclare(strict_types=1);\nnamespace Site;\n?>\n#_SESSION{nom}");
    assert!(page.starts_with("<?php /* test */\ndeclare"), "{page}");
    assert_eq!(shown(&page, json!({"id_auteur": 1, "nom": "Zoé"})), "Zoé");
}

#[test]
fn a_page_begins_with_the_line_ends_of_its_template() {
    for ends in ["\n", "\r\n\n", "\r", "\n\n\n"] {
        assert_eq!(shown(&page(&format!("{ends}x")), json!(null)), format!("{ends}x"));
    }
}

#[test]
fn blanks_and_line_ends_after_macros_stay_if_that_is_wanted() {
    let template =
        "#_SESSION_SI{nom} \n a#_SESSION{nom}\n\n#_SESSION_SINON\r\nb\n#_SESSION_FIN\n[(#_SESSION)]\nc";
    let rules = Rules { keep_blanks: true, ..Rules::default() };
    let page = compiled(template, &rules).page.expect("a page").with_header("test");
    let page = String::from_utf8(page).unwrap();
    assert_eq!(shown(&page, json!(null)), "\r\nb\n\n\nc");
    assert_eq!(shown(&page, json!({"id_auteur": 7, "nom": "Zoé"})), " \n aZoé\n\n\n7\nc");
    assert_eq!(page.lines().count(), template.lines().count());
}

#[test]
fn what_stands_together_only_in_the_page_opens_no_php() {
    let template = "<[?php echo 1; (#_SESSION) ?]>";
    let page = page(template);
    let file = tempfile::Builder::new().suffix(".php").tempfile().expect("a file for the page");
    fs::write(file.path(), &page).expect("a page");
    let plan = json!([{"page": file.path(), "visits": [{"session": null}]}]).to_string();
    for short_tags in ["short_open_tag=0", "short_open_tag=1"] {
        let show = [folder().join("tests/macrosession/show.php"), php::runtime()];
        let seen = php::run(&["-d", short_tags], &show, plan.as_bytes());
        assert!(seen.contains(r#""html":"<?php echo 1;  ?>""#), "{short_tags}: {seen} of {page}");
    }
}

#[test]
fn macros_work_in_functions_and_namespaces_of_the_author() {
    let page = page(
        "<?php namespace Site; function carte(string $titre): void { ?><h2><?= $titre ?></h2>#_SESSION_SI{nom}\n\
         <p>#_SESSION{nom,strtoupper}</p>#_SESSION_FIN<?php } carte('A'); carte('B') ?>",
    );
    let seen = shown(&page, json!({"id_auteur": 1, "nom": "zoe"}));
    assert_eq!(seen, "<h2>A</h2><p>ZOE</p><h2>B</h2><p>ZOE</p>");
}

#[test]
fn the_authors_php_ends_where_php_ends_it() {
    // In each, the macro behind is one, and the text in the string or comment is none.
    for php in [
        "<?php $a = '?> \\' #_SESSION'; ?>",
        "<?php $a = \"?> {$GLOBALS[\"argv\"][0]} \\\" ?> #_SESSION\"; ?>",
        "<?php /* ?> #_SESSION */ ?>",
        "<?php // ?>",
        "<?php # \" ?>",
        "<?php #[Attribute(\"?>\")] class A {} ?>",
        "<?php $a = <<<FIN\n   ?> {$GLOBALS['argv'][0]} FINI\n  FIN; ?>",
        "<?php $a = <<<'FIN'\n   ?> {$ FINI\n  FIN; ?>",
        "<?PHP\techo ''; ?>",
    ] {
        let seen = shown(
            &page(&format!("{php}#_SESSION_SI{{nom}}oui#_SESSION_FIN.")),
            json!({"id_auteur": 1, "nom": "x"}),
        );
        assert_eq!(seen, "oui.", "{php}");
    }
}

#[test]
fn php_accepts_tests_as_deep_as_they_go() {
    let nested = |depth: usize| "#_SESSION_SI{a}".repeat(depth) + "x" + &"#_SESSION_FIN".repeat(depth);
    assert_eq!(shown(&page(&nested(checker::DEEPEST)), json!({"id_auteur": 1, "a": 1})), "x");
    assert_eq!(kinds(&nested(checker::DEEPEST + 2)), [Kind::TooDeep]);
    assert_eq!(kinds(&nested(100_000)), [Kind::TooDeep]);
}

#[test]
fn an_unknown_filter_is_an_error_unless_the_site_has_it() {
    assert_eq!(message("#_SESSION{nom,strlenn}"), "there is no filter 'strlenn'; did you mean strlen?");
    let message = message("#_SESSION{nom,mail_est_valide}");
    assert!(message.contains("[macrosession] extra_filters"), "{message}");
    let rules = Rules { extra_filters: vec!["Mail_est_valide".to_owned()], ..Rules::default() };
    assert!(compiled("#_SESSION{nom,mail_est_valide}", &rules).page.is_some());
    let rules = Rules { unknown_filters: UnknownFilters::Allow, ..Rules::default() };
    assert!(compiled("#_SESSION{nom,mail_est_valide}", &rules).page.is_some());
    assert!(compiled("#_SESSION{nom,SyStem}", &rules).page.is_none());
}

#[test]
fn messages_say_what_was_expected() {
    for (template, expected) in [
        ("#_SESSION_SI{nom}", "#_SESSION_SI without its end: expected #_SESSION_FIN"),
        ("#_SESSION{nom,\"x}", "the arguments of #_SESSION have no end: expected another \""),
        ("#_SESSION{nom", "the arguments of #_SESSION have no end: expected }"),
        ("#_SESSION{nom,===,x}", "'===' is neither an operator nor the name of a filter; did you mean ==?"),
        ("#_SESSION_SINNON", "#_SESSION_SINNON is no macro, and stays text; did you mean #_SESSION_SINON?"),
    ] {
        assert_eq!(message(template), expected);
    }
}

#[test]
fn what_is_underlined_ends_with_its_line() {
    let found = compiled("é #_SESSION{nom,\nfoo}", &Rules::default()).diagnostics;
    assert_eq!((found[0].at.offset, found[0].at.line, found[0].at.column, found[0].length), (3, 1, 3, 14));
}

#[test]
fn files_that_a_template_includes_are_known_with_their_places() {
    let template = b"<INCLURE{fond=inc/tete}{env}>\n#INCLURE{fond=pied} <INCLURE{fond=#ENV{x}}>\n\
        <?php include 'a.php'; require_once(__DIR__ . \"/b.php\"); include $x; $y->include('c.php'); // include 'd.php'\n?>";
    let includes = compile(template, &Rules::default(), &Context::default()).includes;
    let found: Vec<_> = includes
        .iter()
        .map(|include| {
            (include.at.line, include.at.column, String::from_utf8_lossy(&include.name).into_owned())
        })
        .collect();
    let expected = [(1, 1, "inc/tete"), (2, 1, "pied"), (3, 7, "a.php"), (3, 24, "/b.php")];
    assert_eq!(found, expected.map(|(line, column, name)| (line, column, name.to_owned())));
}

#[test]
fn bytes_that_are_not_utf_8_stay_what_they_are() {
    let compiled = compile(b"\xff\xfe #_SESSION{n\xe9,==,\xe9} \x80", &Rules::default(), &Context::default());
    assert!(compiled.diagnostics.is_empty());
    let page = compiled.page.unwrap().with_header("test");
    assert!(page.windows(3).any(|bytes| bytes == b"\xff\xfe ") && page.ends_with(b"\x80"));
    assert!(page.windows(4).any(|bytes| bytes == b"'n\xe9'"));
}

#[test]
fn a_message_is_one_short_line_whatever_the_template_says() {
    for template in
        ["#_SESSION{N\n#X}", "#_SESSION{a,b\nc}", &format!("#_SESSION{{#X{}}}", "X".repeat(10_000))]
    {
        let message = message(template);
        assert!(!message.contains('\n') && message.len() < 300, "{message}");
    }
}
