//! `[macrosession]`: how templates become pages.

use std::path::PathBuf;

use serde::Deserialize;

use crate::macrosession::language::{Escape, UnknownFilters, filters};

/// `[macrosession]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Macrosession {
    /// What `#_SESSION` without a star does to a value.
    pub escape: Escape,
    /// What becomes of a filter that is not in the table.
    pub unknown_filters: UnknownFilters,
    /// The site's own filters, allowed beside those of the table: `NAME` or `Class::NAME`.
    pub extra_filters: Vec<String>,
    /// Which files of SOURCE are templates: what their names end in, after the last dot.
    pub extensions: Vec<String>,
    /// The PHP that checks pages whose templates hold PHP of their author; empty: they are not checked.
    pub php: PathBuf,
}

impl Default for Macrosession {
    fn default() -> Self {
        Self {
            escape: Escape::Html,
            unknown_filters: UnknownFilters::Error,
            extra_filters: Vec::new(),
            extensions: vec!["html".to_owned()],
            php: "/usr/bin/php".into(),
        }
    }
}

impl Macrosession {
    /// What is wrong with the values of a section that could be read: key and message.
    pub(super) fn complaint(&self) -> Option<(&'static str, &'static str)> {
        if self.extra_filters.iter().any(|name| !filters::is_name(name.as_bytes())) {
            return Some((
                "macrosession.extra_filters",
                "holds what is no name of a function: NAME or Class::NAME",
            ));
        }
        if self.extra_filters.iter().any(|name| filters::is_forbidden(name.as_bytes())) {
            return Some((
                "macrosession.extra_filters",
                "names a function that no template may call, see macrosession(7)",
            ));
        }
        if self.extensions.is_empty() {
            return Some(("macrosession.extensions", "names no extension: no file would be a template"));
        }
        let is_extension = |name: &String| !name.is_empty() && !name.contains(['.', '/', '\0']);
        if !self.extensions.iter().all(is_extension) {
            return Some((
                "macrosession.extensions",
                "holds what is no extension, such as \"html\", without its dot",
            ));
        }
        None
    }
}
