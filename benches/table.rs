//! The lines of the table of all benchmarks, which `make bench` prints at its end.

use std::{fs, io::Write, path::Path};

/// Adds a line: what was measured and how long it took, and the floor beside which it was measured, both in seconds.
pub fn line(what: &str, ours: f64, floor: &str, least: f64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/benchmarks");
    fs::create_dir_all(&folder).expect("a folder");
    let mut file =
        fs::OpenOptions::new().create(true).append(true).open(folder.join("lines.tsv")).expect("the lines");
    let name = env!("CARGO_CRATE_NAME").replace('_', "-");
    let (seconds, floor_seconds) = (unit(ours), unit(least));
    writeln!(file, "{name}\t{what}\t{seconds}\t{floor}\t{floor_seconds}\t{:.2}", ours / least)
        .expect("a line");
}

fn unit(seconds: f64) -> String {
    match seconds {
        1.0.. => format!("{seconds:.2} s"),
        0.001.. => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{:.1} µs", seconds * 1e6),
    }
}
