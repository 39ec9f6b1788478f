//! Templates of a megabyte that are made to take long. The benchmark `macrosession` measures them: each is to take a
//! time that grows with its length.

/// A template, and what has to come of it.
pub struct Hostile {
    /// What stands before all of it.
    pub start: &'static str,
    /// What is repeated.
    pub part: &'static str,
    /// The first error, as in `--json`; none: there is a page.
    pub error: Option<&'static str>,
}

const fn hostile(part: &'static str, error: Option<&'static str>) -> Hostile {
    Hostile { start: "", part, error }
}

/// All of them.
pub const HOSTILE: &[Hostile] = &[
    hostile("#_SESSION{", Some("unterminated-arguments")),
    hostile("#_SESSION{a,", Some("too-many-arguments")),
    hostile("#_SESSION{\"", Some("unterminated-arguments")),
    hostile("#_SESSION{'a'\"", Some("unterminated-arguments")),
    hostile("#_SESSION{(", Some("unterminated-arguments")),
    hostile("#_SESSION{a(b", Some("unterminated-arguments")),
    hostile("#_SESSION{\\}", Some("unterminated-arguments")),
    hostile("#_SESSION{,", Some("empty-argument")),
    hostile("#_SESSION{nom,abc} ", Some("unknown-filter")),
    hostile("#_SESSION{nom,", Some("too-many-arguments")),
    Hostile { start: "#_SESSION{", part: "a,", error: Some("too-many-arguments") },
    Hostile { start: "#_SESSION{nom,concat,'", part: "\\#$\n", error: Some("unterminated-arguments") },
    hostile("[(#_SESSION {", None),
    hostile("[(#_SESSION {a", None),
    hostile("[(#_SESSION|", None),
    hostile("[", None),
    hostile("]", None),
    hostile("[]", None),
    hostile("[(#TITRE", None),
    hostile("[(#TITRE)", None),
    hostile("[(#_SESSION)", None),
    hostile("[[(#_SESSION)]", None),
    hostile("\\[", None),
    hostile("\\[(#_SESSION)", None),
    hostile("\\[(#_SESSION)]", None),
    hostile("\\#_SESSION{", None),
    hostile("#_SESSIONS ", None),
    hostile("#_SESSION", None),
    hostile("#_SESSION\n", None),
    hostile("#_SESSION{nom}    ", None),
    hostile("#1:", None),
    hostile("#_a:", None),
    hostile("#_a", None),
    hostile("#-", None),
    hostile("<?php #?>", None),
    hostile("<?php #_SESSION ?>", None),
    hostile("<?php <<<A\n", None),
    hostile("<?php \"{$a", None),
    hostile("<?php include '", None),
    hostile("<?php include \n", None),
    hostile("<?php include(__DIR__ . 'a') ?>", None),
    hostile("<?=", None),
    hostile("<?", None),
    hostile("<?\n", None),
    hostile("<INCLURE{fond=", None),
    hostile("<INCLURE{fond=a}>", None),
    hostile("#INCLURE{fond=a", None),
    hostile("\r", None),
    hostile("#_SESSION_FIN ", Some("end-without-if")),
    hostile("#_SESSION_SINON ", Some("else-without-if")),
    hostile("#_SESSION_SI ", Some("unclosed-if")),
    hostile("#_SESSION_SI{nom}#_SESSION_SINON ", Some("unclosed-if")),
];

impl Hostile {
    /// The template, of about this many bytes.
    pub fn template(&self, length: usize) -> Vec<u8> {
        [self.start, &self.part.repeat(length / self.part.len())].concat().into_bytes()
    }
}
