//! Any bytes in the places of a template's constants, and in a visitor's session.
//!
//! Five bytes say what the rest is: which form, how three texts are written and how long they are; what is left is the
//! value in the session.
#![no_main]

#[path = "../../tests/macrosession/any_constant.rs"]
mod any_constant;
#[path = "../../tests/macrosession/forms.rs"]
mod forms;
#[path = "../../tests/macrosession/judge.rs"]
mod judge;

use std::cell::RefCell;

use any_constant::Sample;
use judge::Judges;
use libfuzzer_sys::fuzz_target;
use sessionstat::macrosession::language::Escape;

thread_local! {
    static JUDGES: RefCell<Judges> = RefCell::new(Judges::start());
}

fuzz_target!(|data: &[u8]| {
    let Some(([form, how, lengths @ ..], mut rest)) = data.split_first_chunk::<5>() else { return };
    let texts = lengths.map(|length| {
        let (text, behind) = rest.split_at(rest.len().min(usize::from(length)));
        rest = behind;
        text.to_vec()
    });
    let sample = Sample {
        form: *form,
        writing: [*how, how >> 2, how >> 4],
        texts,
        value: rest.to_vec(),
        escape: if how & 64 == 0 { Escape::Html } else { Escape::None },
        keep_blanks: how & 128 != 0,
    };
    JUDGES.with_borrow_mut(|judges| {
        // All bits of `how` are taken.
        let judge = if form & 128 == 0 { &mut judges.long } else { &mut judges.short };
        any_constant::check(judge, &sample);
    });
});
