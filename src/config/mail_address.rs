//! Addresses of mail.

use serde::{Deserialize, Deserializer, de::Error};

/// Reads an address of mail, `name@host`, or `name` on this host. It holds nothing that would end an address or a line of
/// a message.
///
/// # Errors
/// A text that is none; the message shows one.
pub fn parse_address(text: &str) -> Result<String, String> {
    let (name, host) = text.split_once('@').unwrap_or((text, "localhost"));
    let is_of_name =
        |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character);
    let is_of_host = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
    // A name with a hyphen in front would be an option to a careless program.
    let is_fine = !name.is_empty() && !host.is_empty() && !name.starts_with('-') && text.len() <= 254;
    if is_fine && name.chars().all(is_of_name) && host.chars().all(is_of_host) {
        return Ok(text.to_owned());
    }
    Err(format!("no address of mail: {text:?}; give one like staff@example.org"))
}

pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    parse_address(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

pub(super) fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse_address(text).map_err(D::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address_and_nothing_else() {
        for address in ["root", "staff@example.org", "j.d'arc+stats@mail-1.example.org"] {
            assert_eq!(parse_address(address).as_deref(), Ok(address));
        }
        for wrong in [
            "",
            "@example.org",
            "staff@",
            "a@b@c",
            "a b@example.org",
            "a@example.org, b@example.org",
            "a@example.org\nBcc: all@example.org",
            "A <a@example.org>",
            "-oQ/tmp@example.org",
            "hélène@example.org",
        ] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }
}
