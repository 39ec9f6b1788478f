//! Disks that are full or not to be written, runs that are killed or meet, files that come and go.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::{
    site::Site,
    support::{Output, Tool, until},
};

/// Runs a script in which `$1` is the command and `$2` its configuration, with mounts of its own.
fn with_mounts(site: &Site, script: &str) -> Output {
    let own_mounts: &[&str] = match fs::metadata("/proc/self").unwrap().uid() {
        0 => &["--mount"],
        // Others need to be root of a user namespace.
        _ => &["--mount", "--map-root-user"],
    };
    let lock = format!("lock_dir = \"{}\"\n", site.path("lock").display());
    site.write("own.toml", &lock);
    fs::set_permissions(site.path("own.toml"), Permissions::from_mode(0o600)).unwrap();
    let command = site.tool().path().to_owned();
    let tool = Tool::program("/usr/bin/unshare").no_config().args(own_mounts);
    tool.args(["/bin/sh", "-c", &format!("cd '{}' && {script}", site.path("").display()), "sh"])
        .arg(command)
        .env("PATH", "/usr/bin:/bin")
        .run()
}

#[test]
fn a_target_that_cannot_be_written_is_told_and_keeps_its_pages() {
    let site = Site::new(&[("a.html", "old"), ("b/c.html", "old")]);
    site.compile().silent();
    site.write("site/a.html", "new");
    site.write("site/d/e.html", "new");
    let script =
        "mount --bind www www && mount -o remount,bind,ro www || exit 99; \"$1\" --config own.toml site www";
    let run = with_mounts(&site, script).expect(73);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(lines[0].starts_with("macrosession-compile: error: cannot make www/a.php; "), "{run:?}");
    assert!(
        lines[1].starts_with("macrosession-compile: error: cannot make the folder of www/d/e.php; "),
        "{run:?}"
    );
    assert!(site.read("www/a.php").ends_with("old"));
    // The same for a template alone, and for a lock that cannot be had.
    site.write("file", "");
    let run = site.run(&["site/a.html", "file/page.php"]).expect(73);
    assert!(run.stderr.contains("file/page.php (TARGET)") && run.stderr.lines().count() == 1, "{run:?}");
}

#[test]
fn a_full_disk_is_told_and_tears_no_page() {
    let long = "x".repeat(40_000);
    let site = Site::new(&[("a.html", "old"), ("b.html", &long), ("c.html", &long), ("d.html", "small")]);
    fs::create_dir(site.path("www")).unwrap();
    let script = "mount -t tmpfs -o size=64k tmpfs www || exit 99; \"$1\" --config own.toml site www; status=$?; \
                  for page in www/*; do wc -c <$page; done; ls -A www; exit $status";
    let run = with_mounts(&site, script).expect(74);
    assert!(run.stderr.contains("No space left on device") && run.stderr.lines().count() == 1, "{run:?}");
    let lines: Vec<_> = run.stdout.lines().collect();
    // Three pages, each whole; nothing unfinished.
    assert_eq!(lines.len(), 6, "{run:?}");
    assert!(lines[3..].contains(&"a.php") && lines[3..].contains(&"d.php"), "{run:?}");
    assert!(lines[..3].iter().filter(|size| size.parse::<u32>().unwrap() > 40_000).count() == 1, "{run:?}");
}

#[test]
fn a_template_that_cannot_be_read_is_told_and_others_are_compiled() {
    let site = Site::new(&[("a.html", "new"), ("closed/b.html", ""), ("c.html", "new"), ("d.html", "old")]);
    site.compile().silent();
    site.write("site/d.html", "new");
    fs::set_permissions(site.path("site/a.html"), Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(site.path("site/closed"), Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    // To root all files are open, unless it gives that right up.
    let run = match is_root {
        true => {
            let script = "exec setpriv --bounding-set=-all --inh-caps=-all \"$1\" --config own.toml site www";
            with_mounts(&site, script)
        }
        false => site.compile(),
    };
    for name in ["site/a.html", "site/closed"] {
        fs::set_permissions(site.path(name), Permissions::from_mode(0o755)).unwrap();
    }
    let run = run.expect(74);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(
        lines[0].starts_with("macrosession-compile: error: cannot read the folder site/closed; "),
        "{run:?}"
    );
    assert!(
        lines[1].starts_with("macrosession-compile: error: cannot read site/a.html: Permission denied"),
        "{run:?}"
    );
    assert!(site.read("www/d.php").ends_with("new") && site.read("www/a.php").ends_with("new"));
}

#[test]
fn templates_that_come_and_go_meanwhile_do_no_harm() {
    let site = Site::new(&[]);
    for index in 0..200 {
        site.write(&format!("site/{}/t{index}.html", index % 7), &"text ".repeat(200));
    }
    let source = site.path("site");
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let spoil = || {
            let mut round = 0;
            while running.load(Ordering::Relaxed) {
                round += 1;
                let folder = source.join((round % 7).to_string());
                let away = source.join(format!(".away{}", round % 7));
                fs::rename(&folder, &away).unwrap();
                fs::remove_file(away.join(format!("t{}.html", round % 200))).ok();
                fs::write(away.join(format!("n{}.html", round % 200)), "new").unwrap();
                fs::rename(&away, &folder).unwrap();
            }
        };
        let spoiler = scope.spawn(spoil);
        for _ in 0..10 {
            site.run(&["site", "www", "--force"]).silent();
        }
        running.store(false, Ordering::Relaxed);
        spoiler.join().unwrap();
    });
    // At rest again, all is compiled.
    site.compile().silent();
    assert!(site.compiled(&[]).is_empty());
    for template in site.names("site") {
        assert!(site.path("www").join(Path::new(&template).with_extension("php")).is_file(), "{template}");
    }
}

#[test]
fn a_run_that_is_killed_leaves_whole_pages_and_the_next_one_ends_its_work() {
    let site = Site::new(&[]);
    let text = |round: usize| format!("round {round} {} end", "text ".repeat(2_000));
    let fill = |round: usize| {
        for index in 0..60 {
            site.write(&format!("site/{}/t{index}.html", index % 3), &text(round));
        }
    };
    fill(0);
    site.compile().silent();
    let mut unfinished = 0;
    for round in 1..=25 {
        fill(round);
        let run = site.tool().args(["site", "www"]).start();
        // At another moment of the run each time.
        until("a part of the pages", || {
            new_pages(&site, round) >= round * 2 || new_pages(&site, round) == 60
        });
        run.kill();
        for name in site.names("www") {
            if name.contains("/.macrosession-compile-") {
                unfinished += 1;
                continue;
            }
            let page = site.read(&format!("www/{name}"));
            let whole = (0..=round).rev().any(|round| page.ends_with(&text(round)));
            assert!(whole && page.starts_with("<?php /* macrosession-compile "), "{name}");
        }
    }
    site.compile().silent();
    assert_eq!(new_pages(&site, 25), 60);
    assert!(
        site.names("www").iter().all(|name| name.ends_with(".php") && !name.contains("/.")),
        "{unfinished}"
    );
}

/// How many pages are of that round already.
fn new_pages(site: &Site, round: usize) -> usize {
    let of_round = format!("round {round} ");
    let is_new =
        |name: &String| name.ends_with(".php") && site.read(&format!("www/{name}")).contains(&of_round);
    site.names("www").iter().filter(|name| is_new(name)).count()
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_run_of_the_same_target_alone() {
    let site = Site::new(&[("a/b.html", "text")]);
    let name = name_of_unfinished(&site);
    let prefix = &name[..".macrosession-compile-".len() + 16];
    site.write(&format!("www/a/{prefix}-1-0"), "torn");
    site.write("www/a/.macrosession-compile-0123456789abcdef-1-0", "another run's");
    site.run(&["site", "www", "--dry-run"]).silent();
    assert_eq!(site.names("www").len(), 3);
    site.compile().silent();
    assert_eq!(site.names("www"), ["a/.macrosession-compile-0123456789abcdef-1-0", "a/b.php"]);
}

/// A name that a run gives to a page that it is writing.
fn name_of_unfinished(site: &Site) -> String {
    let mut run = site.tool().args(["site", "www", "--force"]).start();
    let mut name = None;
    until("a page that is being written", || {
        if run.is_over() {
            run = site.tool().args(["site", "www", "--force"]).start();
        }
        let names = site.names("www").into_iter();
        name = names.filter_map(|name| Some(name.strip_prefix("a/.")?.to_owned())).next();
        name.is_some()
    });
    run.wait();
    format!(".{}", name.unwrap())
}

#[test]
fn two_runs_into_one_target_do_not_meet_and_into_two_they_may() {
    let site = Site::new(&[("a.html", "text")]);
    site.compile().silent();
    let lock = fs::read_dir(site.path("lock")).unwrap().next().unwrap().unwrap().path();
    let held = fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    // By whatever name TARGET is called.
    std::os::unix::fs::symlink("www", site.path("link")).unwrap();
    for target in ["www", "link", "./site/../www/"] {
        let run = site.run(&["site", target]).expect(75);
        assert!(run.stderr.contains("another run of macrosession-compile-"), "{run:?}");
    }
    site.run(&["site", "other"]).silent();
    site.run(&["site", "--check"]).silent();
    site.run(&["site", "www", "--dry-run"]).silent();
    drop(held);
    site.compile().silent();
}

#[test]
fn many_runs_at_once_end_in_whole_pages() {
    let site = Site::new(&[]);
    for index in 0..100 {
        site.write(&format!("site/t{index}.html"), &"text ".repeat(500));
    }
    let runs: Vec<_> = (0..6).map(|_| site.tool().args(["site", "www", "--force"]).start()).collect();
    let ends: Vec<_> = runs.into_iter().map(|run| run.wait().status).collect();
    assert!(ends.contains(&0) && ends.iter().all(|end| [0, 75].contains(end)), "{ends:?}");
    assert_eq!(site.names("www").len(), 100);
    assert!(site.compiled(&[]).is_empty());
}

#[test]
fn php_that_comes_to_no_end_does_not_hold_up_a_run_for_ever() {
    let site = Site::new(&[("a.html", "<?php echo 1 ?>"), ("b.html", "text")]);
    site.write("php", "#!/bin/sh\nkill -SEGV $$\n");
    fs::set_permissions(site.path("php"), Permissions::from_mode(0o755)).unwrap();
    let php = site.path("php");
    let tool = site.tool().config(&format!("[macrosession]\nphp = {php:?}\n")).limit(Duration::from_secs(50));
    let run = tool.args(["site", "www"]).run().expect(74);
    assert!(run.stderr.contains("site/a.html: not compiled") && run.stderr.lines().count() == 1, "{run:?}");
    assert_eq!(site.names("www"), ["b.php"]);
}
