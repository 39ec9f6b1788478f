//! The command, over a folder in which nothing has changed.

use std::{fs, path::PathBuf};

use crate::{shortest, support::Tool, table, templates};

const TEMPLATES: usize = 10_000;
const TURNS: usize = 7;

/// Passing over pages that are up to date, beside opening and reading their templates once.
pub fn unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("source");
    let (template, _) = templates::for_members();
    let files: Vec<PathBuf> = (0..TEMPLATES)
        .map(|number| source.join(format!("{:03}/{number}.html", number / 100)))
        .inspect(|file| fs::create_dir_all(file.parent().expect("a folder")).expect("a folder"))
        .inspect(|file| fs::write(file, format!("{}\n{template}", file.display())).expect("a template"))
        .collect();
    let command = Tool::new("macrosession-compile").args([&source, &folder.path().join("target")]);
    command.run().expect(0);
    let again = shortest(TURNS, || command.run().expect(0));
    let read =
        shortest(TURNS, || files.iter().map(|file| fs::read(file).expect("a template").len()).sum::<usize>());
    table::line(
        &format!("{TEMPLATES} unchanged templates"),
        again.as_secs_f64(),
        "reading them once",
        read.as_secs_f64(),
    );
    println!(
        "{TEMPLATES} unchanged templates of {} bytes passed over in {:.3} s; read once, by one thread: {:.3} s, ratio {:.1}",
        template.len(),
        again.as_secs_f64(),
        read.as_secs_f64(),
        again.as_secs_f64() / read.as_secs_f64()
    );
}
