//! The accounts of `etc/grants.sql` and `etc/redis.acl`, made as an administrator makes them: whatever runs in a test
//! has the rights that it has on a server, and no other.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

use mysql::prelude::Queryable;
use sessionstat::mysql::schema;

use super::mariadb::Place;

/// The password of each account, in the database and in Redis.
pub const PASSWORD: &str = "for-this-test-only";

/// MySQL's error number for a table that is not there.
const NO_SUCH_TABLE: u16 = 1146;

/// The accounts of `etc/grants.sql`.
pub const ACCOUNTS: [&str; 5] =
    ["samba_snapshot", "epn_ingest", "session_aggregate", "stats_report", "sessionstat_web"];

/// One `GRANT` of `etc/grants.sql`.
#[derive(Clone, Debug)]
pub struct Grant {
    /// `SELECT (id, login), INSERT`.
    pub rights: String,
    /// The table.
    pub table: String,
    /// `epn_ingest`.
    pub account: String,
    /// The file gives it. Others it tells of in a comment, for those whose tables need them.
    pub is_given: bool,
}

impl Grant {
    /// All of the file, in its order.
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Grant>> = LazyLock::new(|| {
            let file = include_str!("../../etc/grants.sql");
            let (told, given): (Vec<&str>, Vec<&str>) = file.lines().partition(|line| line.starts_with("--"));
            let told: Vec<&str> = told.into_iter().filter_map(|line| line.strip_prefix("--   ")).collect();
            let of = |lines: Vec<&str>, is_given| {
                let text = lines.join(" ");
                text.split(';').filter_map(|one| Grant::of_statement(one, is_given)).collect::<Vec<_>>()
            };
            [of(given, true), of(told, false)].concat()
        });
        &ALL
    }

    /// Before the statement there may be others, of a shell.
    fn of_statement(statement: &str, is_given: bool) -> Option<Self> {
        let (_, grant) = statement.rsplit_once("GRANT ")?;
        let (rights, rest) = grant.split_once(" ON ").expect("a right on something");
        let (place, account) = rest.split_once(" TO ").expect("a right of somebody");
        let (_, table) = place.split_once('.').expect("a table of a database");
        let (account, _) = account.split_once('@').expect("an account of a host");
        Some(Self {
            rights: rights.split_whitespace().collect::<Vec<_>>().join(" "),
            table: table.trim().to_owned(),
            account: account.trim_matches('\'').to_owned(),
            is_given,
        })
    }
}

/// On which tables an account has its rights, by database and `user@host`.
type Rights = HashMap<(String, String), BTreeSet<String>>;
static RIGHTS: LazyLock<Mutex<Rights>> = LazyLock::new(Mutex::default);

impl Place {
    /// The account of a command, `user:password`, with the rights of the file on the tables that are there by now; before
    /// our tables are there, and for other programs, that of `root`.
    #[track_caller]
    pub fn account(&self, command: &str) -> String {
        self.account_from(command, "localhost")
    }

    /// The same for connections from `host`, as over a network.
    #[track_caller]
    pub fn account_from(&self, command: &str, host: &str) -> String {
        let user = command.replace('-', "_");
        if !ACCOUNTS.contains(&user.as_str()) {
            return "root".to_owned();
        }
        let mut rights = RIGHTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let had = rights.entry((self.name().to_owned(), format!("{user}@{host}"))).or_default();
        match self.tables() {
            Ok(None) => return "root".to_owned(),
            Ok(Some(tables)) => {
                if had.is_empty() {
                    self.make_account(&user, host);
                }
                for table in tables {
                    let own = |grant: &&Grant| {
                        grant.table == table
                            && grant.account == user
                            && (grant.is_given || user != "sessionstat_web")
                    };
                    if had.insert(table.clone()) {
                        Grant::all().iter().filter(own).for_each(|grant| {
                            self.grant(&grant.rights, &table, &user, host);
                        });
                    }
                }
            }
            // A server that is dead or ill on purpose: its accounts are what they were.
            Err(_) => {}
        }
        if had.is_empty() { "root".to_owned() } else { format!("{user}:{PASSWORD}") }
    }

    /// What a command is given as SESSIONSTAT_MYSQL_URL, with its own account.
    #[track_caller]
    pub fn url_of(&self, command: &str) -> String {
        self.url_as(&self.account(command))
    }

    /// The account of session-aggregate in the database of a Moodle, where it may read this log.
    #[track_caller]
    pub fn moodle_account(&self, log: &str) -> String {
        let right = Grant::all().iter().find(|grant| grant.table == "mdl_logstore_standard_log");
        let Grant { rights, account, .. } = right.expect("a right to the log of a Moodle");
        self.make_account(account, "localhost");
        self.grant(rights, log, account, "localhost");
        format!("{account}:{PASSWORD}")
    }

    /// Makes an account that may do nothing yet.
    #[track_caller]
    pub fn make_account(&self, user: &str, host: &str) {
        self.run(&format!(
            "CREATE USER IF NOT EXISTS '{user}'@'{host}'; \
             ALTER USER '{user}'@'{host}' IDENTIFIED BY '{PASSWORD}' ACCOUNT UNLOCK"
        ));
    }

    /// Gives it rights to a table of this database.
    #[track_caller]
    pub fn grant(&self, rights: &str, table: &str, user: &str, host: &str) {
        self.run(&format!("GRANT {rights} ON `{}`.`{table}` TO '{user}'@'{host}'", self.name()));
    }

    /// The tables, if all of ours are there as they are today.
    fn tables(&self) -> mysql::Result<Option<BTreeSet<String>>> {
        let mut conn = self.try_conn()?;
        let version = match conn.query_first::<Option<u32>, _>("SELECT MAX(version) FROM sessionstat_schema")
        {
            Err(mysql::Error::MySqlError(error)) if error.code == NO_SUCH_TABLE => None,
            version => version?.flatten(),
        };
        if version != Some(schema::current()) {
            return Ok(None);
        }
        conn.query("SHOW TABLES").map(|names: Vec<String>| Some(names.into_iter().collect()))
    }
}

/// What `ACL SETUSER` is told for each account of `etc/redis.acl`, to keys of the file and of tests
/// ([`Redis::prefix`](super::Redis::prefix)).
pub(super) fn redis_users() -> impl Iterator<Item = Vec<String>> {
    let file = include_str!("../../etc/redis.acl");
    file.lines().filter_map(|line| line.strip_prefix("user ")).map(|line| {
        let mut words: Vec<String> = Vec::new();
        for word in line.split_whitespace() {
            match word {
                "off" => words.extend(["on".to_owned(), format!(">{PASSWORD}")]),
                _ => words.push(word.to_owned()),
            }
            if let Some(keys) = word.strip_prefix("~sessionstat:") {
                words.push(format!("~test*:{keys}"));
            }
        }
        words
    })
}
