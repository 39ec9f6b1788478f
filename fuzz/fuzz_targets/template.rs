//! Any bytes as a template. The first one says how it is compiled.
#![no_main]

#[path = "../../tests/macrosession/any_template.rs"]
mod any_template;
#[path = "../../tests/macrosession/judge.rs"]
mod judge;

use std::cell::RefCell;

use judge::Judges;
use libfuzzer_sys::fuzz_target;
use sessionstat::macrosession::language::{Context, Escape, Rules, UnknownFilters, compile};

thread_local! {
    static JUDGES: RefCell<Judges> = RefCell::new(Judges::start());
}

/// A template is repeated to this length: libFuzzer's -timeout finds what takes the square of it.
const LONG: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((bits, template)) = data.split_first() else { return };
    let rules = Rules {
        escape: if bits & 1 == 0 { Escape::Html } else { Escape::None },
        unknown_filters: if bits & 2 == 0 { UnknownFilters::Error } else { UnknownFilters::Allow },
        extra_filters: vec!["extra".to_owned()],
        keep_blanks: bits & 4 != 0,
    };
    JUDGES.with_borrow_mut(|judges| any_template::check(judges, template, &rules, bits & 8 != 0));
    // One in some hundred, the same ones each time.
    let sum = data.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    if sum == 0 && !template.is_empty() {
        compile(&template.repeat(LONG / template.len()), &rules, &Context::default());
    }
});
