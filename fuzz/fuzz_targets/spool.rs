//! Any bytes as a spool, and as one to which a run appends: what was appended is there, and no line gets lost.
#![no_main]

use std::{cell::RefCell, fs};

use libfuzzer_sys::fuzz_target;
use sessionstat::samba::{snapshot::Snapshot, spool::Spool};
use tempfile::TempDir;

thread_local! {
    static FOLDER: RefCell<TempDir> = RefCell::new(tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));
}

fuzz_target!(|data: &[u8]| FOLDER.with_borrow(|folder| {
    let spool = Spool::new(folder.path(), 1);
    let rejected = spool.path().with_extension("rejected");
    drop(fs::remove_file(&rejected));
    fs::write(spool.path(), data).expect("a spool");
    let before = spool.read().expect("what waits").snapshots;
    let new = Snapshot::new(&[], "server", chrono::DateTime::UNIX_EPOCH);
    spool.append(&new).expect("room for one more");
    let waiting = spool.read().expect("what waits now");
    assert_eq!(waiting.snapshots.split_last(), Some((&new, &before[..])), "a snapshot got lost");
    spool.clear(&waiting).expect("an empty spool");
    assert!(!spool.path().exists());
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    let kept = fs::read(&rejected).map_or(0, |bytes| lines(&bytes));
    assert_eq!(kept + before.len(), lines(data), "a line got lost");
}));
