//! The compiler of templates without the rest of the package, under the names that it has there: it needs four crates,
//! and the package many more, which would all have to be built again for a fuzzer.

/// As in the package.
#[path = "../src/macrosession"]
pub mod macrosession {
    pub mod language;
}
