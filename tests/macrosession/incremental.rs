//! What is compiled again, and what is passed over.

use std::fs;

use crate::{site::Site, support::Tool};

const NOTHING: [&str; 0] = [];

#[test]
fn only_what_changed_is_compiled_again() {
    let site = Site::new(&[("a.html", "1"), ("b/c.html", "2"), ("d.html", "3")]);
    assert_eq!(site.compiled(&[]), ["a.html", "b/c.html", "d.html"]);
    assert_eq!(site.compiled(&[]), NOTHING);
    // Content counts, not times.
    site.write("site/a.html", "1");
    assert_eq!(site.compiled(&[]), NOTHING);
    site.write("site/b/c.html", "22");
    assert_eq!(site.compiled(&[]), ["b/c.html"]);
    fs::remove_file(site.path("www/d.php")).unwrap();
    assert_eq!(site.compiled(&[]), ["d.html"]);
    assert_eq!(site.compiled(&["--force"]), ["a.html", "b/c.html", "d.html"]);
    assert_eq!(site.compiled(&[]), NOTHING);
    let run = site.run(&["site", "www", "-v"]).expect(0);
    let count = "macrosession-compile: info: templates: 3, compiled: 0, with errors: 0, up to date: 3\n";
    assert_eq!(run.stderr, count);
}

#[test]
fn the_rules_and_the_frozen_values_count() {
    let site = Site::new(&[("a.html", "1")]);
    site.write("frozen.json", r#"{"env": {"a": 1, "b": 2}}"#);
    assert_eq!(site.compiled(&[]), ["a.html"]);
    assert_eq!(site.compiled(&["--keep-blanks"]), ["a.html"]);
    assert_eq!(site.compiled(&["--keep-blanks"]), NOTHING);
    assert_eq!(site.compiled(&["--context", "frozen.json"]), ["a.html"]);
    // Another file with the same values.
    site.write("other.json", r#"{"env": {"b": "2", "a": "1"}}"#);
    assert_eq!(site.compiled(&["--context", "other.json"]), NOTHING);
    site.write("other.json", r#"{"env": {"b": "2", "a": "3"}}"#);
    assert_eq!(site.compiled(&["--context", "other.json"]), ["a.html"]);
    for rule in ["escape = \"none\"", "unknown_filters = \"allow\"", "extra_filters = [\"bonjour\"]"] {
        let site = Site::new(&[("a.html", "1")]);
        site.compile().silent();
        let site = site.config(&format!("[macrosession]\n{rule}\n"));
        assert_eq!(site.compiled(&[]), ["a.html"], "{rule}");
        assert_eq!(site.compiled(&[]), NOTHING, "{rule}");
    }
}

#[test]
fn pages_are_as_fresh_on_another_host_or_in_another_folder() {
    let site = Site::new(&[("a.html", "1")]);
    site.compile().silent();
    fs::rename(site.path("site"), site.path("moved")).unwrap();
    fs::rename(site.path("www"), site.path("pages")).unwrap();
    let tool = Tool::new("macrosession-compile").args(["-v"]);
    let run = tool.arg(site.path("moved")).arg(site.path("pages")).run().expect(0);
    assert!(run.stderr.contains("compiled: 0,"), "{run:?}");
}

#[test]
fn a_page_that_is_not_as_it_was_written_is_compiled_again() {
    let site = Site::new(&[("a.html", "<p>some text\n")]);
    site.compile().silent();
    let page = site.read("www/a.php");
    let spoilt = [
        String::new(),
        "<?php echo 1;".to_owned(),
        format!("{page}<p>by hand\n"),
        page[..page.len() - 5].to_owned(),
        page.replace("macrosession-compile 0", "macrosession-compile 9"),
        page.replace("fingerprint=", "fingerprint=0"),
        page.replace(" content=", " kontent="),
        "<?php /* macrosession-compile ".to_owned() + &"x".repeat(100_000),
    ];
    for text in spoilt {
        site.write("www/a.php", &text);
        assert_eq!(site.compiled(&[]), ["a.html"], "{text}");
        assert_eq!(site.read("www/a.php"), page);
    }
}

#[test]
fn the_page_of_a_template_that_is_gone_is_left_alone() {
    let site = Site::new(&[("a.html", "1"), ("b.html", "2")]);
    site.compile().silent();
    fs::remove_file(site.path("site/a.html")).unwrap();
    site.compile().silent();
    assert!(site.read("www/a.php").ends_with('1'));
    let run = site.run(&["site", "www", "-v"]).expect(0);
    assert!(run.stderr.contains("www/a.php: this page's template is gone"), "{run:?}");
}

#[test]
fn what_is_included_counts_directly_or_not() {
    let site = Site::new(&[
        ("index.html", "<INCLURE{fond=inc/head}>"),
        ("inc/head.html", "<?php include 'menu.php'; ?>"),
        ("inc/menu.html", "<?php require __DIR__ . '/links.php' ?>"),
        ("other.html", "#INCLURE{fond=later}"),
    ]);
    assert_eq!(site.compiled(&[]).len(), 4);
    assert_eq!(site.compiled(&[]), NOTHING);
    site.write("site/inc/menu.html", "<p>menu");
    assert_eq!(site.compiled(&[]), ["inc/head.html", "inc/menu.html", "index.html"]);
    // A template that comes is a change for who includes it, and so is one that goes.
    site.write("site/later.html", "");
    assert_eq!(site.compiled(&[]), ["later.html", "other.html"]);
    fs::remove_file(site.path("site/later.html")).unwrap();
    assert_eq!(site.compiled(&[]), ["other.html"]);
    assert_eq!(site.compiled(&[]), NOTHING);
}

#[test]
fn a_single_template_follows_what_it_includes() {
    let site = Site::new(&[
        ("a.html", "<INCLURE{fond=b}>"),
        ("b.html", "<INCLURE{fond=inc/c}>"),
        ("inc/c.html", "1"),
    ]);
    let compiled =
        || site.run(&["site/a.html", "page.php", "-v"]).expect(0).stderr.contains("compiled site/a.html");
    assert!(compiled());
    assert!(!compiled());
    site.write("site/inc/c.html", "2");
    assert!(compiled());
    assert!(!compiled());
    assert!(!site.path("page.php").with_file_name("b.php").exists());
}

#[test]
fn a_long_circle_is_compiled_and_told_in_a_moment() {
    let count = 10_000;
    let site = Site::new(&[]);
    for index in 0..count {
        let next = (index + 1) % count;
        fs::write(site.path(&format!("site/t{index}.html")), format!("<INCLURE{{fond=t{next}}}>")).unwrap();
    }
    let run = site.run(&["site", "--check"]).expect(0);
    assert_eq!(run.stderr.matches("warning: this template includes itself, through ").count(), count);
}
