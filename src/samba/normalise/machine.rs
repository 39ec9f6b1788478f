//! Normalisation rule 4: names of workstations.

use super::address;

/// Characters of a NetBIOS name.
const LONGEST: usize = 15;

/// The workstation's name in `printed`: cut at the first dot and at 15 characters, ASCII letters in upper case.
/// None if nothing is left or if it is an address.
pub fn machine(printed: &str) -> Option<String> {
    let printed = printed.trim();
    if address(printed).is_some() {
        return None;
    }
    let host = printed.split('.').next()?;
    let cut: String = host.chars().take(LONGEST).collect();
    let name = cut.trim_end().to_ascii_uppercase();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_computer_is_called_in_the_database() {
        for (printed, expected) in [
            ("poste01", Some("POSTE01")),
            ("pc54.epn.example", Some("PC54")),
            ("poste-multimedia-accueil-03", Some("POSTE-MULTIMEDI")),
            ("éééééééééééééééé", Some("ééééééééééééééé")),
            ("pc salle 2", Some("PC SALLE 2")),
            ("ipv4_1", Some("IPV4_1")),
            ("192.168.10.9", None),
            ("fd10:cafe::104", None),
            ("::ffff:10.0.0.1", None),
            ("", None),
            ("  ", None),
            (".epn.example", None),
        ] {
            assert_eq!(machine(printed).as_deref(), expected, "{printed:?}");
        }
    }
}
