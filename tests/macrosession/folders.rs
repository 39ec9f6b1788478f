//! SOURCE and TARGET: which files are templates, and where their pages come to be.

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
};

use crate::site::{Site, rights};

#[test]
fn templates_of_all_subfolders_become_pages_and_nothing_else_does() {
    let site = Site::new(&[
        ("index.html", "<p>index"),
        ("a/b/c.d.html", "<p>deep"),
        (".hidden.html", ""),
        (".git/x.html", ""),
        ("notes.txt", ""),
        ("html", ""),
        ("page.htm", ""),
        ("page.HTML", ""),
    ]);
    let pipe = site.path("site/pipe.html");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(site.path("site/folder.html")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(site.path("site/socket.html")).unwrap();
    site.compile().silent();
    assert_eq!(site.names("www"), ["a/b/c.d.php", "index.php"]);
    let page = site.read("www/index.php");
    assert!(page.starts_with("<?php /* macrosession-compile "), "{page}");
    assert!(page.ends_with(" */ ?><p>index") && page.contains(" source=index.html "), "{page}");
}

#[test]
fn extensions_are_configured() {
    let site = Site::new(&[("a.htm", ""), ("b.html", ""), ("c.tpl", ""), ("d.php", "own")]);
    let site = site.config("[macrosession]\nextensions = [\"htm\", \"tpl\", \"php\"]\n");
    site.compile().silent();
    assert_eq!(site.names("www"), ["a.php", "c.php", "d.php"]);
    // Pages are no templates, although their names say so.
    site.run(&["www", "twice"]).silent();
    assert_eq!(site.names("twice"), [""; 0]);
}

#[test]
fn two_files_may_have_any_names() {
    let site = Site::new(&[("one.tmpl", "text")]);
    site.run(&["site/one.tmpl", "new/folder/any.thing"]).silent();
    assert!(site.read("new/folder/any.thing").ends_with("text"));
    assert_eq!(site.names("new"), ["folder/any.thing"]);
    // A page in the place of a link is the page of what the link leads to.
    symlink("any.thing", site.path("new/folder/link")).unwrap();
    site.write("site/one.tmpl", "other");
    site.run(&["site/one.tmpl", "new/folder/link"]).silent();
    assert!(site.read("new/folder/any.thing").ends_with("other"));
    // A template that is named may be a link out of its folder.
    symlink(site.path("site/one.tmpl"), site.path("new/template")).unwrap();
    site.run(&["new/template", "new/page"]).silent();
    assert!(site.read("new/page").ends_with("other"));
}

#[test]
fn what_cannot_be_a_pair_is_refused_and_nothing_is_made() {
    let site = Site::new(&[("a.html", "")]);
    fs::create_dir(site.path("www")).unwrap();
    site.write("page.php", "old");
    let refused = |arguments: &[&str], status: i32| {
        let run = site.run(arguments).expect(status);
        assert_eq!((run.stdout.as_str(), run.stderr.lines().count()), ("", 1), "{run:?}");
        run.stderr.trim_start_matches("macrosession-compile: ").trim_end().to_owned()
    };
    assert_eq!(
        refused(&["site/a.html", "www"], 2),
        "site/a.html (SOURCE) is a file: www (TARGET) must be one, too, and is a folder"
    );
    assert!(refused(&["site/a.html", "new/"], 2).contains("must be one, too"));
    assert_eq!(
        refused(&["site", "page.php"], 2),
        "site (SOURCE) is a folder: page.php (TARGET) must be one, too"
    );
    assert!(refused(&["site/a.html", "site/../site/a.html"], 2).contains("SOURCE and TARGET"));
    assert!(refused(&["missing", "www"], 65).starts_with("cannot read missing (SOURCE): No such file"));
    assert!(refused(&["/dev/null", "www"], 65).contains("neither a folder nor a file"));
    assert!(refused(&["site/a.html", "/dev/null"], 73).contains("device or a pipe"));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert_eq!((site.read("page.php").as_str(), site.names("www").len()), ("old", 0));
    for arguments in
        [&["site"][..], &["site", "www", "--dry-run", "--json"], &["site", "www", "--watch", "--json"]]
    {
        assert!(site.run(arguments).expect(2).stderr.contains("Usage:"), "{arguments:?}");
    }
}

#[test]
fn pages_may_stand_beside_their_templates() {
    let site = Site::new(&[("a.html", "one"), ("b/c.html", "two")]);
    site.run(&["site", "site"]).silent();
    site.run(&["site", "site"]).silent();
    assert_eq!(site.names("site"), ["a.html", "a.php", "b/c.html", "b/c.php"]);
    assert!(site.read("site/b/c.php").ends_with("two"));
}

#[test]
fn target_in_source_is_not_walked_and_source_in_target_is() {
    let site = Site::new(&[("a.html", "one"), ("www/x.html", "not a template"), ("wwwx/b.html", "")]);
    site.run(&["site", "site/www"]).silent();
    assert_eq!(site.names("site/www"), ["a.php", "wwwx/b.php", "x.html"]);
    site.run(&["site/wwwx", "site"]).silent();
    assert_eq!(site.names("site/wwwx"), ["b.html"]);
    assert!(site.path("site/b.php").is_file());
}

#[test]
fn two_templates_of_one_page_are_refused_and_others_compiled() {
    let site = Site::new(&[("a.htm", "1"), ("a.html", "2"), ("b.html", "3")]);
    let site = site.config("[macrosession]\nextensions = [\"html\", \"htm\"]\n");
    let run = site.compile().expect(65);
    assert_eq!(
        run.stderr,
        "macrosession-compile: error: site/a.htm and site/a.html are templates of one page, a.php; rename all but one\n"
    );
    assert_eq!(site.names("www"), ["b.php"]);
}

#[test]
fn no_page_takes_the_place_of_a_template_or_of_a_file_of_the_author() {
    let site = Site::new(&[("own.php", "<?php echo 1 ?>"), ("index.html", "new")]);
    let both = site.tool().config("[macrosession]\nextensions = [\"html\", \"php\"]\n");
    let run = both.args(["site", "site", "--force"]).run().expect(73);
    assert!(run.stderr.contains("site/own.php: this page would take the place of a template"), "{run:?}");
    assert_eq!(site.read("site/own.php"), "<?php echo 1 ?>");

    site.write("site/index.php", "<?php // by hand");
    let run = site.run(&["site", "site"]).expect(73);
    assert!(run.stderr.contains("site/index.php: this file was not compiled"), "{run:?}");
    assert_eq!(site.read("site/index.php"), "<?php // by hand");
    site.run(&["site", "site", "--force"]).silent();
    assert!(site.read("site/index.php").ends_with("new"));
    // In a folder of pages alone, or empty, it is what a page may replace.
    for (name, text) in [("www/index.php", "old"), ("site/empty.php", "")] {
        site.write(name, text);
    }
    site.write("site/empty.html", "new");
    site.compile().silent();
    site.run(&["site", "site"]).silent();
    assert!(site.read("www/index.php").ends_with("new") && site.read("site/empty.php").ends_with("new"));
}

#[test]
fn links_are_followed_in_the_tree_and_not_out_of_it() {
    let site = Site::new(&[("a/one.html", "one"), ("two.html", "two")]);
    site.write("outside/secret.html", "secret");
    let link = |target: &str, name: &str| symlink(target, site.path(&format!("site/{name}"))).unwrap();
    link("../two.html", "a/near.html");
    link("a", "again");
    link(".", "round");
    link("../..", "a/above");
    link(site.path("site/two.html").to_str().unwrap(), "whole.html");
    link("../outside/secret.html", "secret.html");
    link("/etc/hostname", "hostname.html");
    link("nowhere", "dangling.html");
    link("/dev/zero", "device.html");
    link("nowhere", "unimportant");
    let run = site.compile().expect(65);
    let pages = ["a/near.php", "a/one.php", "again/near.php", "again/one.php", "two.php", "whole.php"];
    assert_eq!(site.names("www"), pages);
    assert!(site.read("www/again/near.php").ends_with("two"));
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 6, "{run:?}");
    for (line, name) in lines.iter().zip(["a/above", "again/above"]) {
        assert!(line.contains(&format!("warning: site/{name}: leads out of site; ")), "{line}");
    }
    for (line, name) in lines[2..].iter().zip(["dangling", "device", "hostname", "secret"]) {
        assert!(line.starts_with(&format!("macrosession-compile: error: site/{name}.html: ")), "{line}");
    }
    assert!(lines[5].contains("leads out of the folder of templates"), "{run:?}");
}

#[test]
fn folders_that_link_to_each_other_come_to_an_end() {
    let site = Site::new(&[("a/x.html", ""), ("b/y.html", "")]);
    symlink("../b", site.path("site/a/b")).unwrap();
    symlink("../a", site.path("site/b/a")).unwrap();
    site.compile().silent();
    assert_eq!(site.names("www"), ["a/b/y.php", "a/x.php", "b/a/x.php", "b/y.php"]);
}

#[test]
fn nothing_is_written_through_a_link_out_of_target() {
    let site = Site::new(&[("a/x.html", "new"), ("b/y.html", "new"), ("z.html", "new")]);
    for folder in ["www/real", "outside"] {
        fs::create_dir_all(site.path(folder)).unwrap();
    }
    site.write("outside/z", "mine");
    symlink("../outside", site.path("www/a")).unwrap();
    symlink("real", site.path("www/b")).unwrap();
    symlink("../outside/z", site.path("www/z.php")).unwrap();
    let run = site.compile().expect(73);
    let expected = "macrosession-compile: error: www/a/x.php: its folder is a link that leads out of TARGET; remove the link\n";
    assert_eq!(run.stderr, expected);
    assert_eq!((site.names("outside"), site.read("outside/z")), (vec!["z".to_owned()], "mine".to_owned()));
    // A page is replaced, not what a link in its place leads to.
    assert!(site.read("www/z.php").ends_with("new") && site.read("www/real/y.php").ends_with("new"));
}

#[test]
fn rights_are_those_of_the_old_page_and_of_the_template_s_folder() {
    let site = Site::new(&[("a/x.html", "1"), ("b/y.html", "1")]);
    fs::set_permissions(site.path("site/a"), Permissions::from_mode(0o750)).unwrap();
    fs::set_permissions(site.path("site/b"), Permissions::from_mode(0o555)).unwrap();
    site.compile().silent();
    assert_eq!((rights(&site.path("www/a")), rights(&site.path("www/b"))), (0o750, 0o755));
    let page = site.path("www/a/x.php");
    assert_eq!(rights(&page) & !0o022, 0o644 & rights(&page));
    fs::set_permissions(&page, Permissions::from_mode(0o604)).unwrap();
    site.write("site/a/x.html", "2");
    site.compile().silent();
    assert_eq!(rights(&page), 0o604);
    assert!(site.read("www/a/x.php").ends_with('2'));
    fs::set_permissions(site.path("site/b"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn names_of_any_bytes_are_compiled_and_do_no_harm() {
    let site = Site::new(&[]);
    let name = OsStr::from_bytes(b" system('x') ?>\n\xff\x1b[31m.html");
    fs::create_dir(site.path("site/*")).unwrap();
    fs::write(site.path("site/*").join(name), "text").unwrap();
    let run = site.run(&["site", "www", "-v"]).expect(0);
    assert!(!run.stderr.contains('\x1b') && run.stderr.lines().count() == 2, "{run:?}");
    let page = fs::read_dir(site.path("www/*")).unwrap().next().unwrap().unwrap();
    assert!(page.file_name().as_bytes().ends_with(b"\xff\x1b[31m.php"));
    let text = fs::read_to_string(page.path()).unwrap();
    assert_eq!((text.lines().count(), text.matches("*/").count()), (1, 1), "{text}");
    // The longest name that a file may have.
    site.write(&format!("site/{}.html", "n".repeat(250)), "text");
    site.compile().silent();
    assert!(site.path(&format!("www/{}.php", "n".repeat(250))).is_file());
}

#[test]
fn check_and_dry_run_write_nothing() {
    let site = Site::new(&[("a.html", ""), ("b/c.html", "")]);
    site.run(&["site", "--check"]).silent();
    site.run(&["site", "www", "--check"]).silent();
    let run = site.run(&["site", "www", "--dry-run"]).expect(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("www/a.php\nwww/b/c.php\n", ""));
    assert_eq!(site.run(&["site/a.html", "x.php", "--dry-run"]).expect(0).stdout, "x.php\n");
    assert!(!site.path("www").exists() && !site.path("x.php").exists());
    assert_eq!(site.names("lock"), [""; 0]);
    site.compile().silent();
    site.write("site/b/c.html", "changed");
    assert_eq!(site.run(&["site", "www", "--dry-run"]).expect(0).stdout, "www/b/c.php\n");
    assert!(!site.read("www/b/c.php").contains("changed"));
}
