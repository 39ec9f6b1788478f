//! The values that are known when a page is compiled, and frozen in it (section 4).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The frozen values by name. Without a file, there are none.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// SPIP's environment.
    env: Fields,
    /// The fields of the loop around the template; none: there is no loop.
    boucle: Fields,
    /// What `#GET` gives.
    vars: Fields,
}

/// Values as PHP would print them; a null is as good as no value.
type Fields = BTreeMap<String, Scalar>;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Value")]
struct Scalar(Option<String>);

impl TryFrom<Value> for Scalar {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self(None)),
            Value::Bool(truth) => Ok(Self(Some(if truth { "1" } else { "" }.to_owned()))),
            Value::Number(number) => Ok(Self(Some(number.to_string()))),
            Value::String(text) => Ok(Self(Some(text))),
            Value::Array(_) | Value::Object(_) => {
                Err("a value is a text, a number, true, false or null; lists and objects cannot be frozen"
                    .to_owned())
            }
        }
    }
}

impl Context {
    /// Reads `{"env": {}, "boucle": {}, "vars": {}}`; each of the three may be missing.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// The environment's value.
    pub fn env(&self, name: &str) -> Option<&str> {
        value(&self.env, name)
    }

    /// The value of the loop around the template; where the loop has none, or there is no loop, the environment's.
    pub fn boucle(&self, name: &str) -> Option<&str> {
        value(&self.boucle, name).or_else(|| self.env(name))
    }

    /// The value of `#GET{name}`.
    pub fn var(&self, name: &str) -> Option<&str> {
        value(&self.vars, name)
    }

    /// All of it in one text, the same for the same values in any order.
    pub fn canonical(&self) -> String {
        [("env", &self.env), ("boucle", &self.boucle), ("vars", &self.vars)]
            .into_iter()
            .flat_map(|(kind, fields)| fields.iter().map(move |(name, value)| (kind, name, value)))
            .filter_map(|(kind, name, Scalar(value))| {
                Some(format!("{kind} {name:?} {:?}\n", value.as_ref()?))
            })
            .collect()
    }
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(|Scalar(value)| value.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_php_would_print() {
        let context = Context::from_json(
            br#"{"env": {"t": true, "f": false, "n": 7, "x": 1.5, "null": null, "s": "a"}, "boucle": {"n": "8"}}"#,
        )
        .unwrap();
        assert_eq!(
            ["t", "f", "n", "x", "null", "s"].map(|name| context.env(name)),
            [Some("1"), Some(""), Some("7"), Some("1.5"), None, Some("a")]
        );
        assert_eq!(
            (context.boucle("n"), context.boucle("s"), context.var("n")),
            (Some("8"), Some("a"), None)
        );
    }

    #[test]
    fn the_same_values_in_another_order_are_the_same_context() {
        let one = Context::from_json(br#"{"env": {"a": 1, "b": 2}, "vars": {"c": null}}"#).unwrap();
        let other = Context::from_json(br#"{"vars": {}, "env": {"b": "2", "a": "1"}}"#).unwrap();
        assert_eq!(one.canonical(), other.canonical());
        let third = Context::from_json(br#"{"boucle": {"b": "2", "a": "1"}}"#).unwrap();
        assert_ne!(one.canonical(), third.canonical());
    }

    #[test]
    fn a_list_is_refused_with_its_place() {
        let refused = Context::from_json(b"{\"env\": {\n\"a\": [1]}}").unwrap_err().to_string();
        assert!(refused.contains("cannot be frozen") && refused.contains("line 2"), "{refused}");
        assert!(Context::from_json(br#"{"envv": {}}"#).is_err());
    }
}
