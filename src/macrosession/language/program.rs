//! What a compiled page does, step by step: what the checker understood and the emitter writes.

use std::{borrow::Cow, ops::Range};

/// A comparison, by PHP's operators for it.
pub const OPERATORS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// What a compiled page does, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<'a> {
    /// Prints these bytes of the template.
    Text(Range<usize>),
    /// Prints `<?`.
    ShortTag(usize),
    /// Runs the template author's own PHP.
    Php(Range<usize>),
    /// Prints a value; the place in the template that says so.
    Print(Value<'a>, Raw, Range<usize>),
    /// Begins a test.
    If(Test<'a>, Range<usize>),
    /// Separates its branches.
    Else(Range<usize>),
    /// Ends it.
    End(Range<usize>),
}

/// Whether a value is printed as it is, for its star.
pub type Raw = bool;

/// What a macro makes of a field of the visitor's session.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a> {
    /// The field's name.
    pub field: Cow<'a, [u8]>,
    /// What is made of it.
    pub making: Making<'a>,
}

/// What is made of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Making<'a> {
    /// Nothing.
    Itself,
    /// Whether it is not true.
    Not,
    /// Whether it compares to a constant.
    Compare(&'static str, Cow<'a, [u8]>),
    /// The first constant if it is true, else the second.
    Choose(Cow<'a, [u8]>, Cow<'a, [u8]>),
    /// What a filter, by the name with which PHP finds it, makes of it and constants.
    Filter(Vec<u8>, Vec<Cow<'a, [u8]>>),
}

/// What a test asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Test<'a> {
    /// Whether a value is true.
    Value(Value<'a>),
    /// Whether the site allows something.
    Authorised(Vec<Asked<'a>>),
}

/// An argument of an authorisation.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked<'a> {
    /// A constant of the template, or a value that is frozen when the page is compiled.
    Constant(Cow<'a, [u8]>),
    /// Nothing: a frozen value that is missing.
    Null,
    /// The value of this name in the query string at display time.
    Query(Vec<u8>),
}
