//! MariaDB servers that listen on 127.0.0.1, with accounts that may come from anywhere.

use crate::{
    authority::{Authority, Identity},
    support::{
        Database, MariaDb, Tool,
        accounts::{ACCOUNTS, PASSWORD},
        free_port,
    },
};

/// A server, its port, and a database in it, with the tables.
pub struct Networked {
    pub database: Database,
    pub server: MariaDb,
    pub port: u16,
}

impl Networked {
    /// Starts one; `demand` is what is asked of its accounts, such as REQUIRE SSL.
    pub fn start(settings: &[String], demand: &str) -> Self {
        let port = free_port();
        let mut all = vec![
            "--skip-networking=0".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={port}"),
        ];
        all.extend_from_slice(settings);
        let server = MariaDb::start_with(&all);
        let database = server.database();
        Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
        for user in ACCOUNTS {
            database.account_from(user, "%");
            database.run(&format!("ALTER USER '{user}'@'%' {demand}"));
        }
        // For a database that a test makes: it makes the tables, too.
        database.run(&format!(
            "CREATE USER administrator IDENTIFIED BY '{PASSWORD}' {demand}; GRANT ALL ON *.* TO administrator"
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

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A command that reaches it at `host`, which may be a list, with its own account.
    pub fn tool(&self, name: &str, host: &str, config: &str) -> Tool {
        let account = self.database.account_from(name, "%");
        let url = format!("mysql://{account}@{host}/{}", self.database.name());
        Tool::new(name).env("SESSIONSTAT_MYSQL_URL", url).config(config)
    }
}

impl Networked {
    /// An address at which nothing listens.
    pub fn nowhere() -> &'static str {
        "mysql://u@127.0.0.1:1/d"
    }
}
