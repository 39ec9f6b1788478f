//! macrosession-compile and the pages that it makes, with the real PHP.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod any_constant;
mod any_template;
mod compiled;
mod diagnostics;
mod faults;
mod filters;
mod folders;
mod forms;
mod golden;
mod hostile;
mod incremental;
mod judge;
mod length;
mod php;
mod properties;
mod runtime;
mod site;
mod watch;

use std::path::Path;

use sessionstat::macrosession::language::{Compiled, Context, Rules, compile};

/// The project's folder.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles without a context.
fn compiled(template: &str, rules: &Rules) -> Compiled {
    compile(template.as_bytes(), rules, &Context::default())
}

/// The page of a template without errors.
#[track_caller]
fn page(template: &str) -> String {
    let compiled = compiled(template, &Rules::default());
    let page = compiled.page.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    String::from_utf8(page.with_header("test")).expect("UTF-8")
}
