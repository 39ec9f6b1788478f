//! Templates of any length and depth.

use sessionstat::macrosession::language::{Compiled, Context, Rules, Severity, compile};

use crate::{any_template::line_ends, hostile::HOSTILE};

fn compiled(template: &[u8]) -> Compiled {
    compile(template, &Rules::default(), &Context::default())
}

/// The kind of the first error.
fn first_error(compiled: &Compiled) -> Option<String> {
    let error = compiled.diagnostics.iter().find(|found| found.kind.severity() == Severity::Error)?;
    Some(serde_json::to_value(error.kind).unwrap().as_str().unwrap().to_owned())
}

#[test]
fn a_megabyte_of_anything_has_its_answer() {
    let mut wrong = Vec::new();
    for hostile in HOSTILE {
        let template = hostile.template(1 << 20);
        let compiled = compiled(&template);
        let error = first_error(&compiled);
        if error.as_deref() != hostile.error {
            wrong.push((hostile.part, error));
        }
        let page = compiled.page.map(|page| line_ends(&page.with_header("")));
        assert!(page.is_none_or(|lines| lines == line_ends(&template)), "{}", hostile.part);
    }
    assert_eq!(wrong, []);
}

#[test]
fn tests_within_tests_are_an_error_before_php_gives_up() {
    let nested = |depth: usize| {
        compiled(["#_SESSION_SI{nom}".repeat(depth), "#_SESSION_FIN ".repeat(depth)].concat().as_bytes())
    };
    assert_eq!(first_error(&nested(500)), None);
    assert_eq!(first_error(&nested(501)).as_deref(), Some("too-deep"));
    assert_eq!(first_error(&nested(100_000)).as_deref(), Some("too-deep"));
}
