//! `--watch`: a pass after each change.

use std::{fs, path::Path};

use crate::{
    site::Site,
    support::{Running, until},
};

fn start(site: &Site, arguments: &[&str]) -> Running {
    site.tool().args(["site", "www", "--watch", "-v"]).args(arguments).start()
}

/// Waits until a page ends in `text`.
#[track_caller]
fn until_page(site: &Site, name: &str, text: &str) {
    let path = site.path(name);
    until(&format!("{name} with {text}"), || {
        fs::read_to_string(&path).is_ok_and(|page| page.ends_with(text))
    });
}

#[track_caller]
fn until_told(run: &Running, text: &str) {
    until(text, || run.stderr_so_far().contains(text));
}

#[test]
fn changes_are_compiled_as_they_come() {
    let site = Site::new(&[("a.html", "one")]);
    let mut run = start(&site, &[]);
    until_page(&site, "www/a.php", "one");
    site.write("site/a.html", "two");
    until_page(&site, "www/a.php", "two");
    // As editors do it: a new file in the old one's place.
    site.write("site/.a.html.new", "three");
    fs::rename(site.path("site/.a.html.new"), site.path("site/a.html")).unwrap();
    until_page(&site, "www/a.php", "three");
    // New folders, and what comes into them later.
    site.write("site/b/c/d.html", "deep");
    until_page(&site, "www/b/c/d.php", "deep");
    site.write("site/b/c/d.html", "deeper");
    until_page(&site, "www/b/c/d.php", "deeper");
    // Errors do not end it.
    site.write("site/a.html", "<?php if (1 { ?>");
    until_told(&run, "site/a.html:1:1: error: PHP says: ");
    site.write("site/a.html", "four");
    until_page(&site, "www/a.php", "four");
    assert!(run.stderr_so_far().contains("compiled site/b/c/d.html into www/b/c/d.php"));
    assert!(!run.is_over() && run.stdout_so_far().is_empty());
}

#[test]
fn a_signal_ends_it() {
    for signal in ["-INT", "-TERM"] {
        let site = Site::new(&[("a.html", "one")]);
        let run = start(&site, &[]);
        until_page(&site, "www/a.php", "one");
        let kill = ["kill", signal, &run.pid().to_string()].join(" ");
        assert!(std::process::Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
        let ended = run.wait();
        assert!([130, 143].contains(&ended.status), "{ended:?}");
        assert_eq!(site.names("www"), ["a.php"]);
    }
}

#[test]
fn frozen_values_are_watched_too() {
    let site = Site::new(&[("a.html", "one")]);
    site.write("frozen/values.json", r#"{"env": {"a": 1}}"#);
    let run = start(&site, &["--context", "frozen/values.json"]);
    until_page(&site, "www/a.php", "one");
    let first = site.read("www/a.php");
    site.write("frozen/values.json", "{");
    until_told(&run, "frozen/values.json:1:1: ");
    site.write("frozen/values.json", r#"{"env": {"a": 2}}"#);
    until("a page of the new values", || site.read("www/a.php") != first);
}

#[test]
fn a_source_that_is_removed_and_comes_back_is_found_again() {
    let site = Site::new(&[("a.html", "one")]);
    let run = start(&site, &[]);
    until_page(&site, "www/a.php", "one");
    fs::remove_dir_all(site.path("site")).unwrap();
    until_told(&run, "site (SOURCE) is gone; waiting for it to come back");
    site.write("new/a.html", "two");
    fs::rename(site.path("new"), site.path("site")).unwrap();
    until_page(&site, "www/a.php", "two");
    site.write("site/a.html", "three");
    until_page(&site, "www/a.php", "three");
    // Replaced as a whole, by a link, as deployments do it.
    site.write("releases/2/a.html", "four");
    fs::rename(site.path("site"), site.path("old")).unwrap();
    std::os::unix::fs::symlink("releases/2", site.path("site")).unwrap();
    until_page(&site, "www/a.php", "four");
    site.write("releases/2/a.html", "five");
    until_page(&site, "www/a.php", "five");
    assert_eq!(run.stderr_so_far().matches("is gone").count(), 1, "{}", run.stderr_so_far());
}

#[test]
fn pages_beside_their_templates_call_for_no_further_pass() {
    let site = Site::new(&[("a.html", "one"), ("b/c.html", "one")]);
    let run = site.tool().args(["site", "site", "--watch", "-v"]).start();
    until_page(&site, "site/b/c.php", "one");
    site.write("site/a.html", "two");
    until_page(&site, "site/a.php", "two");
    site.write("site/a.html", "three");
    until_page(&site, "site/a.php", "three");
    let passes = || run.stderr_so_far().matches("info: templates: ").count();
    until("the end of the third pass", || passes() >= 3);
    assert!(passes() <= 4, "{}", run.stderr_so_far());
}

#[test]
fn another_run_is_waited_for() {
    let site = Site::new(&[("a.html", "one")]);
    site.compile().silent();
    let lock = fs::read_dir(site.path("lock")).unwrap().next().unwrap().unwrap().path();
    let held = hold(&lock);
    site.write("site/a.html", "two");
    let run = start(&site, &[]);
    until_told(&run, "another run of macrosession-compile-");
    assert!(site.read("www/a.php").ends_with("one"));
    drop(held);
    until_page(&site, "www/a.php", "two");
}

#[test]
fn a_single_template_is_watched_with_what_it_includes() {
    let site = Site::new(&[("a.html", "one<INCLURE{fond=inc/b}>"), ("inc/b.html", "")]);
    let run = site.tool().args(["site/a.html", "page.php", "--watch", "-v"]).start();
    let compiled = |times: usize| {
        until("a compilation", || {
            run.stderr_so_far().matches("compiled site/a.html into page.php").count() == times
        });
    };
    compiled(1);
    site.write("site/a.html", "two<INCLURE{fond=inc/b}>");
    compiled(2);
    site.write("site/inc/b.html", "changed");
    compiled(3);
}

fn hold(lock: &Path) -> fs::File {
    let file = fs::File::open(lock).unwrap();
    file.lock().unwrap();
    file
}
