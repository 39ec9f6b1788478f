//! Showing compiled pages, by real PHP.

use std::{fs, path::Path};

use sessionstat::macrosession::language::{Context, Rules, compile};

use crate::{
    support::{Php, Tool},
    table, templates,
};

/// How often each page is shown.
const DISPLAYS: usize = 4_000;
const VISITORS: usize = 10_000;

/// A page with 20 macros in 14 kB, and the same page as somebody would write it by hand.
pub fn beside_a_page_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let (template, by_hand) = templates::for_members();
    write_page(folder.path(), &template);
    fs::write(folder.path().join("by-hand.php"), by_hand).expect("a page");
    println!(
        "a page of {} bytes with 20 macros, shown {DISPLAYS} times beside the same page by hand, in turns: medians",
        template.len()
    );
    for (name, opcache) in [("without opcache", "0"), ("with opcache", "1")] {
        let times = run(opcache, "compare", folder.path(), DISPLAYS);
        let times: Vec<f64> = times.split_whitespace().map(|time| time.parse().expect("a time")).collect();
        table::line(&format!("a page shown {name}"), times[0] / 1e6, "the page by hand", times[1] / 1e6);
        println!(
            "  {name:<16} {:>7.1} us, by hand {:>7.1} us; ratio {:.2}",
            times[0],
            times[1],
            times[0] / times[1]
        );
    }
}

/// What is on the disk after many visitors have seen a page.
pub fn to_many_visitors() {
    let folder = tempfile::tempdir().expect("a folder");
    write_page(folder.path(), &templates::for_members().0);
    let shown = run("0", "visit", folder.path(), VISITORS);
    let files: Vec<_> = fs::read_dir(folder.path()).expect("the folder").collect();
    let bytes = files.iter().map(|file| file.as_ref().expect("a file").metadata().expect("its length").len());
    println!(
        "{VISITORS} visitors, {} different answers: files {}, bytes {}",
        shown.trim(),
        files.len(),
        bytes.sum::<u64>()
    );
}

fn write_page(folder: &Path, template: &str) {
    let page = compile(template.as_bytes(), &Rules::default(), &Context::default()).page.expect("a page");
    // As long as the command's.
    let header = "h".repeat(200);
    fs::write(folder.join("compiled.php"), page.with_header(&header)).expect("a page");
}

fn run(opcache: &str, what: &str, folder: &Path, count: usize) -> String {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    Tool::program(Php::program())
        .no_config()
        .args(["-d", &format!("opcache.enable_cli={opcache}"), "-d", "opcache.file_update_protection=0"])
        .args(["-d", "error_reporting=-1", "-d", "display_errors=stderr"])
        .arg(project.join("benches/macrosession/display.php"))
        .arg(project.join("web/lib/macrosession.php"))
        .args([what.as_ref(), folder.as_os_str()])
        .arg(count.to_string())
        .run()
        .expect(0)
        .stdout
}
