//! What only shows when a configuration is used: password files, certificates, the database that an address names, the time zone.

use std::path::Path;

use super::{Config, Secret, address, certificates::Needed, secret::read_password};
use crate::failure::{Failure, Result, Status};

impl Config {
    /// The files that hold nothing but a password, each with its key.
    pub fn password_files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("[mysql] password_file", &self.mysql.password_file),
            ("[redis] password_file", &self.redis.password_file),
            ("[redis] sentinel_password_file", &self.redis.sentinel_password_file),
            ("[moodle] password_file", &self.moodle.password_file),
        ]
        .into_iter()
        .filter_map(|(key, file)| Some((key, file.as_deref()?)))
    }

    /// Checks what [`Config::load`] leaves to those who use it. Contacts no server and changes nothing.
    ///
    /// # Errors
    /// [`Status::Config`] with the key and what to do.
    pub fn check_use(&self) -> Result<()> {
        for (key, file) in self.password_files() {
            read_password(file).map_err(|failure| failure.context(key))?;
        }
        if self.redis.is_encrypted() {
            self.redis.certificates().client(Needed::OneAuthority)?;
        }
        let urls = [("[mysql] url", Some(&self.mysql.url)), ("[moodle] url", self.moodle.url.as_ref())];
        let lacks_database = |url: Option<&Secret>| url.is_some_and(|url| !address::names_database(url));
        if let Some((key, _)) = urls.into_iter().find(|(_, url)| lacks_database(*url)) {
            let what = "names no database; write it as mysql://user@host:3306/database";
            return Err(Failure::new(Status::Config, format!("{key} {what}")));
        }
        self.timezone().map(drop)
    }
}
