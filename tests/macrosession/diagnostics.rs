//! What is told about templates, and how a run ends.

use crate::site::Site;

/// A template that PHP refuses.
const WRONG: &str = "<p>\n\t<?php if (1 { } ?>\n";

#[test]
fn people_see_the_line_and_a_caret() {
    let site = Site::new(&[("a.html", WRONG)]);
    let run = site.compile().expect(1);
    // How PHP puts it differs between versions.
    let (first, rest) = run.stderr.split_once('\n').unwrap();
    assert!(first.starts_with("site/a.html:2:2: error: PHP says: ") && first.contains('{'), "{run:?}");
    assert_eq!(rest, "\t<?php if (1 { } ?>\n\t^~~~~~~~~~~~~~~~~~\n");
    assert_eq!(run.stdout, "");
    // And again, until it is mended.
    assert_eq!(site.compile().expect(1).stderr, run.stderr);
    assert_eq!(site.run(&["site", "--check"]).expect(1).stderr, run.stderr);
    site.write("site/a.html", "<p>");
    site.compile().silent();
}

#[test]
fn programs_get_an_array() {
    let site = Site::new(&[("a.html", WRONG), ("b.html", "<p>"), ("c.html", WRONG)]);
    let run = site.run(&["site", "www", "--json"]).expect(1);
    assert_eq!(run.stderr, "");
    let found: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let files: Vec<_> = found.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["site/a.html", "site/c.html"]);
    let first = found[0].as_object().unwrap();
    let keys: Vec<_> = first.keys().map(String::as_str).collect();
    let mut expected = ["file", "severity", "kind", "macro", "argument", "line", "column", "message"];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!((&first["kind"], &first["severity"]), (&"php-syntax".into(), &"error".into()));
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &2.into()));
    for name in ["a", "c"] {
        site.write(&format!("site/{name}.html"), "<p>");
    }
    for _ in 0..2 {
        let run = site.run(&["site", "www", "--json"]).expect(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("[]\n", ""));
    }
}

#[test]
fn one_bad_template_does_not_stop_the_others_and_keeps_its_old_page() {
    let site = Site::new(&[("a.html", "old"), ("b.html", "old")]);
    site.compile().silent();
    let old = site.read("www/a.php");
    site.write("site/a.html", WRONG);
    site.write("site/b.html", "new");
    site.write("site/c.html", WRONG);
    site.compile().expect(1);
    assert_eq!(site.names("www"), ["a.php", "b.php"]);
    assert_eq!(site.read("www/a.php"), old);
    assert!(site.read("www/b.php").ends_with("new"));
}

#[test]
fn without_php_nothing_is_checked_and_that_is_told_once() {
    for php in ["", "/nonexistent/php"] {
        let site = Site::new(&[("a.html", WRONG), ("b.html", WRONG)]);
        let site = site.config(&format!("[macrosession]\nphp = \"{php}\"\n"));
        site.compile().silent();
        let run = site.run(&["site", "www", "--force", "-v"]).expect(0);
        assert_eq!(run.stderr.matches("PHP in templates is not checked").count(), 1, "{run:?}");
    }
}

#[test]
fn php_is_asked_as_the_language_has_it_and_not_the_host() {
    let site = Site::new(&[("a.html", "<? if (] ?>\n<?php echo 1 ?>")]);
    site.write("php.ini", "short_open_tag = On\nauto_prepend_file = /nonexistent\n");
    let tool = site.tool().env("PHPRC", site.path(".")).env("PHP_INI_SCAN_DIR", site.path("."));
    tool.args(["site", "www"]).run().silent();
}

#[test]
fn frozen_values_that_cannot_be_read_name_their_line() {
    let site = Site::new(&[("a.html", "")]);
    for (text, place, why) in [
        ("{\n\"env\": {,}}", "2:9", "key must be a string"),
        ("{\"env\": {\n\"a\": [1]}}", "2:9", "cannot be frozen"),
    ] {
        site.write("frozen.json", text);
        let run = site.run(&["site", "www", "--context", "frozen.json"]).expect(65);
        assert!(run.stderr.starts_with(&format!("macrosession-compile: frozen.json:{place}: ")), "{run:?}");
        assert!(run.stderr.contains(why) && run.stderr.lines().count() == 1, "{run:?}");
    }
    let run = site.run(&["site", "www", "--context", "missing.json"]).expect(65);
    assert!(run.stderr.contains("cannot read missing.json (--context)"), "{run:?}");
    assert!(!site.path("www").exists());
}

#[test]
fn circles_are_warnings_that_name_the_way_round() {
    let site = Site::new(&[
        ("a.html", "<p>\n<INCLURE{fond=b}>"),
        ("b.html", "<INCLURE{fond=c}>"),
        ("c.html", "<INCLURE{fond=a}>"),
        ("d.html", "<INCLURE{fond=d}>"),
        ("e.html", "<INCLURE{fond=a}>"),
    ]);
    let run = site.compile().expect(0);
    let lines: Vec<_> = run.stderr.lines().filter(|line| line.contains("warning: ")).collect();
    assert_eq!(
        lines,
        [
            "site/a.html:2:1: warning: this template includes itself, through b.html, c.html",
            "site/b.html:1:1: warning: this template includes itself, through c.html, a.html",
            "site/c.html:1:1: warning: this template includes itself, through a.html, b.html",
            "site/d.html:1:1: warning: this template includes itself",
        ]
    );
    assert_eq!(site.names("www").len(), 5);
    assert_eq!(site.run(&["site", "--check", "-q"]).expect(0).stderr, "");
}
