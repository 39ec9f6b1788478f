//! Any bytes as answers of Redis: however they arrive, they say what the driver's own reader says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redis::parse_redis_value;
use sessionstat::redis::reply::{Progress, first};

fuzz_target!(|data: &[u8]| {
    let Ok(Some((value, length))) = first(data) else { return };
    let whole = &data[..length];
    // What is no answer to a question of ours is read as well as need be: the driver is stricter.
    if let Ok(driver) = parse_redis_value(whole) {
        assert_eq!(value, driver);
    }
    let mut progress = Progress::default();
    for end in 0..length {
        assert!(
            !progress.is_whole(&data[..end]).unwrap_or(false),
            "{end} bytes of {length} are said to be all"
        );
    }
    assert!(progress.is_whole(whole).expect("an answer"));
    assert_eq!(progress.length(), length);
});
