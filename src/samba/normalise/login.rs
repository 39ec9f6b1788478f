//! Normalisation rules 1 and 2: logins.

/// A login and the domain it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Without domain, in its own case.
    pub user: String,
    /// Domain or realm in upper case.
    pub domain: Option<String>,
}

impl Login {
    /// Splits `DOM\user`, `user@realm`, and `DOM+user` where `separator` (winbind's, "" for none) is `+`.
    pub fn new(printed: &str, separator: &str) -> Self {
        let winbind = || printed.split_once(separator).filter(|_| !separator.is_empty());
        let turned = || printed.rsplit_once('@').map(|(user, realm)| (realm, user));
        let halves = printed.split_once('\\').or_else(winbind).or_else(turned);
        match halves {
            Some((domain, user)) if !domain.is_empty() && !user.is_empty() => {
                Self { user: user.to_owned(), domain: Some(domain.to_uppercase()) }
            }
            _ => Self { user: printed.to_owned(), domain: None },
        }
    }

    /// The computer that this is the machine account of.
    pub fn account(&self) -> Option<&str> {
        self.user.strip_suffix('$')
    }

    /// Whether it is one of `guests`.
    pub fn is_guest(&self, guests: &[String]) -> bool {
        let user = self.user.to_lowercase();
        guests.iter().any(|guest| guest.to_lowercase() == user)
    }
}

/// Whether the login is not done: so says its text, or the user id -1, signed or not.
pub(super) fn is_pending(printed: &str, uid: Option<&str>) -> bool {
    let nobody_yet = |text: &str| text == "-1" || text == "4294967295";
    printed.is_empty()
        || printed == "(auth in progress)"
        || nobody_yet(printed)
        || uid.is_some_and(nobody_yet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_split_where_the_domain_is_certain() {
        for (printed, separator, user, domain) in [
            ("adupont", "", "adupont", None),
            ("epn\\PDurand", "", "PDurand", Some("EPN")),
            ("tnguyen@epn.example", "", "tnguyen", Some("EPN.EXAMPLE")),
            ("EPN+rpetit", "", "EPN+rpetit", None),
            ("EPN+rpetit", "+", "rpetit", Some("EPN")),
            ("EPN\\a+b", "+", "a+b", Some("EPN")),
            ("VILLE\\a@b", "", "a@b", Some("VILLE")),
            ("élan\\zoé", "", "zoé", Some("ÉLAN")),
            ("user@", "", "user@", None),
            ("@realm", "", "@realm", None),
            ("\\user", "", "\\user", None),
            ("", "+", "", None),
        ] {
            let login = Login::new(printed, separator);
            assert_eq!((login.user.as_str(), login.domain.as_deref()), (user, domain), "{printed:?}");
        }
    }

    #[test]
    fn guests_are_known_in_any_case_and_domain() {
        let guests = crate::config::Samba::default().guests;
        for guest in ["nobody", "SRV\\Guest", "INVITÉ", "NT AUTHORITY\\ANONYMOUS LOGON"] {
            assert!(Login::new(guest, "").is_guest(&guests), "{guest}");
        }
        assert!(!Login::new("guestbook", "").is_guest(&guests));
    }
}
