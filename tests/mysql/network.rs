//! MariaDB servers that listen on 127.0.0.1, with an account that may come from anywhere.

use crate::{
    authority::{Authority, Identity},
    support::{Database, MariaDb, Tool, free_port},
};

pub const PASSWORD: &str = "hunter2-of-the-tests";

/// A server, its port, and a database in it.
pub struct Networked {
    pub database: Database,
    pub server: MariaDb,
    pub port: u16,
}

impl Networked {
    /// Starts one; `account` is what stands behind the password of its account, such as REQUIRE SSL.
    pub fn start(settings: &[String], account: &str) -> Self {
        let port = free_port();
        let mut all = vec![
            "--skip-networking=0".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={port}"),
        ];
        all.extend_from_slice(settings);
        let server = MariaDb::start_with(&all);
        let database = server.database();
        database.run(&format!(
            "CREATE USER remote IDENTIFIED BY '{PASSWORD}' {account}; GRANT ALL ON *.* TO remote"
        ));
        Self { database, server, port }
    }

    /// One that encrypts, with a certificate, and whose account must use that.
    pub fn encrypted(authority: &Authority, identity: &Identity) -> Self {
        let settings = [
            format!("--ssl-ca={}", authority.file().display()),
            format!("--ssl-cert={}", identity.cert.display()),
            format!("--ssl-key={}", identity.key.display()),
        ];
        Self::start(&settings, "REQUIRE SSL")
    }

    /// Its address at `host`, which may be a list.
    pub fn url_at(&self, host: &str) -> String {
        format!("mysql://remote:{PASSWORD}@{host}/{}", self.database.name())
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A command that reaches it at `host`.
    pub fn tool(&self, name: &str, host: &str, config: &str) -> Tool {
        Tool::new(name).env("SESSIONSTAT_MYSQL_URL", self.url_at(host)).config(config)
    }
}

impl Networked {
    /// An address at which nothing listens.
    pub fn nowhere() -> &'static str {
        "mysql://u@127.0.0.1:1/d"
    }
}
