//! The site of one test: its own PHP server, database and Redis.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{
    support::{
        Database, MariaDb, Output, Php, Redis, Tool,
        accounts::{self, Grant},
    },
    visitor::Visitor,
};

/// The password of every user in [`Site::user`].
pub const PASSWORD: &str = "une petite phrase";

/// Balances of the public space are shown.
pub const EPN: &str = "'epn_account' => true,";

/// What of the configuration differs from test to test.
#[derive(Clone)]
pub struct Settings {
    /// `shell_exec` or `proc_open`.
    pub launch: &'static str,
    /// What is run as ratelimit-check.
    pub check: PathBuf,
    /// What is run as stats-report.
    pub report: PathBuf,
    /// More keys, as they stand in the array: `'idle_minutes' => 5,`.
    pub more: String,
}

/// A site that runs.
pub struct Site {
    /// Its web server.
    pub php: Php,
    /// Its table of users.
    pub database: Database,
    /// Where logins and calls are counted.
    pub redis: Redis,
    /// How it is configured now.
    pub settings: Settings,
}

impl Site {
    /// The site as it is meant to be: 10 logins and 5 calls of services in 10 minutes, and 3 wrong passwords where a
    /// test names the rule `password`.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_on(MariaDb::shared())
    }

    /// The same with a database server that the test changes.
    #[track_caller]
    pub fn start_on(server: &MariaDb) -> Self {
        let database = server.database();
        Tool::new("stats-report").url(&database).arg("--init-db").run().silent();
        database.account("sessionstat-web");
        let settings = Settings {
            launch: "shell_exec",
            check: Tool::new("ratelimit-check").path().to_owned(),
            report: "/bin/false".into(),
            more: String::new(),
        };
        let php = Php::start(&folder());
        let site = Self { php, database, redis: Redis::start(), settings };
        site.limits("");
        site.configure();
        site
    }

    /// Writes the configurations of the commands, each with its own accounts, with `more` in the section `[ratelimit]`.
    #[track_caller]
    pub fn limits(&self, more: &str) {
        let rules = [("login", 10), ("service", 5), ("password", 3)];
        let rules: String = rules
            .iter()
            .map(|(name, limit)| format!("[ratelimit.rules.{name}]\nlimit = {limit}\nwindow = \"10m\"\n"))
            .collect();
        for command in ["ratelimit-check", "stats-report"] {
            let toml = format!(
                "[redis]\nurl = \"{}\"\n[mysql]\nurl = \"{}\"\n[ratelimit]\n{more}\n{rules}",
                self.redis.url_of(command),
                self.database.url_of(command)
            );
            let file = self.config_of(command);
            fs::write(&file, toml).expect("a configuration file");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a file of our own");
        }
    }

    /// The configuration of a command.
    pub fn config_of(&self, command: &str) -> PathBuf {
        self.folder().join(command).with_extension("toml")
    }

    /// Writes the site's configuration as the settings are.
    #[track_caller]
    pub fn configure(&self) {
        let Settings { launch, check, report, more } = &self.settings;
        self.php.configure(&format!(
            "<?php return [
                'database' => ['socket' => '{}', 'name' => '{}', 'password' => '{}'],
                'ratelimit_check' => '{}', 'ratelimit_config' => '{}',
                'stats_report' => '{}', 'stats_config' => '{}',
                'launch' => '{launch}', {more}
            ];",
            self.database.socket().display(),
            self.database.name(),
            accounts::PASSWORD,
            check.display(),
            self.config_of("ratelimit-check").display(),
            report.display(),
            self.config_of("stats-report").display(),
        ));
    }

    /// Writes the configuration anew after a change of the settings.
    #[track_caller]
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.configure();
    }

    /// Lets the site show balances of the public space, with the rights that `etc/grants.sql` tells of for that.
    #[track_caller]
    pub fn show_space(&mut self) {
        self.set(|settings| settings.more = EPN.to_owned());
        grant_space(&self.database);
    }

    /// A program for the site, made of a shell script.
    #[track_caller]
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let file = self.folder().join(name);
        fs::write(&file, format!("#!/bin/sh\n{body}\n")).expect("a script");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a program");
        file
    }

    /// Lets ratelimit-check and stats-report take their time from a file; [`Self::now`] changes it.
    #[track_caller]
    pub fn stop_clock(&mut self, now: u64) {
        self.now(now);
        let [check, report] = ["ratelimit-check", "stats-report"].map(|name| {
            let program = Tool::new(name).path().display().to_string();
            let file = self.folder().join("now");
            let body = format!("exec '{program}' --now \"$(cat '{}')\" \"$@\"", file.display());
            self.script(name, &body)
        });
        self.set(|settings| {
            settings.check = check;
            settings.report = report;
        });
    }

    /// Sets the stopped clock, in seconds since the epoch.
    #[track_caller]
    pub fn now(&self, now: u64) {
        fs::write(self.folder().join("now"), now.to_string()).expect("the time");
    }

    /// Adds a user with [`PASSWORD`]; returns the id.
    #[track_caller]
    pub fn user(&self, first: &str, last: &str, email: &str) -> u64 {
        self.database.run(&format!(
            "INSERT INTO utilisateurs (prenom, nom, email, mot_de_passe) VALUES ('{first}', '{last}', '{email}', '{}')",
            hash()
        ));
        self.database.value(&format!("SELECT id FROM utilisateurs WHERE email = '{email}'")).parse().unwrap()
    }

    /// Somebody with an empty browser.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.php.url())
    }

    /// A visitor who has logged in as a new user, `zoe@exemple.fr`.
    #[track_caller]
    pub fn zoe(&self) -> Visitor {
        self.user("Zoé", "Martin", "zoe@exemple.fr");
        self.zoe_again()
    }

    /// The same user in another browser.
    #[track_caller]
    pub fn zoe_again(&self) -> Visitor {
        let mut visitor = self.visitor();
        visitor.log_in("zoe@exemple.fr", PASSWORD).expect(303);
        visitor
    }

    /// The answer of ratelimit-check about a user, without counting.
    #[track_caller]
    pub fn left(&self, user: u64) -> u64 {
        let run = self.ratelimit(&["--peek", "--", &user.to_string()]);
        let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        answer["remaining"].as_u64().unwrap()
    }

    /// Uses up a user's logins.
    #[track_caller]
    pub fn use_up(&self, user: u64) {
        self.ratelimit(&["--cost=10", "--", &user.to_string()]).expect(0);
    }

    /// Gives a user all logins again.
    #[track_caller]
    pub fn reset(&self, user: u64) {
        self.ratelimit(&["--reset", "--", &user.to_string()]).expect(0);
    }

    fn ratelimit(&self, arguments: &[&str]) -> Output {
        let toml = self.config_of("ratelimit-check");
        Tool::new("ratelimit-check").no_config().arg("--config").arg(toml).args(arguments).run()
    }

    /// Lets a moment that the site remembers of a visitor (`seen`, `since`) lie further back; returns it.
    #[track_caller]
    pub fn rewind(&self, visitor: &Visitor, moment: &str, seconds: u64) -> u64 {
        self.change_moment(visitor, moment, |value| value - seconds)
    }

    /// Lets such a moment lie later.
    #[track_caller]
    pub fn advance(&self, visitor: &Visitor, moment: &str, seconds: u64) {
        self.change_moment(visitor, moment, |value| value + seconds);
    }

    #[track_caller]
    fn change_moment(&self, visitor: &Visitor, moment: &str, change: impl FnOnce(u64) -> u64) -> u64 {
        let text = fs::read_to_string(self.session_file(visitor)).expect("the session's file");
        let key = format!("{moment}|i:");
        let (before, rest) = text.split_once(&key).unwrap_or_else(|| panic!("no {moment} in: {text}"));
        let (value, after) = rest.split_once(';').unwrap();
        let value = change(value.parse().unwrap());
        fs::write(self.session_file(visitor), format!("{before}{key}{value};{after}")).expect("to write it");
        value
    }

    /// Whether the site remembers such a moment of a visitor.
    #[track_caller]
    pub fn remembers(&self, visitor: &Visitor, moment: &str) -> bool {
        fs::read_to_string(self.session_file(visitor))
            .expect("the session's file")
            .contains(&format!("{moment}|i:"))
    }

    fn session_file(&self, visitor: &Visitor) -> PathBuf {
        self.folder().join("sessions").join(format!("sess_{}", visitor.session()))
    }

    /// Where the test may put files for the site.
    pub fn folder(&self) -> &Path {
        self.php.folder()
    }

    /// That PHP and the site wrote nothing into the log.
    #[track_caller]
    pub fn assert_silent(&self) {
        assert_eq!(self.php.errors(), "");
    }
}

/// The pages.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web")
}

/// What makes a connection to a database with the account of `etc/grants.sql` for web sites, in PHP, with these options.
/// Its tables have to be there.
#[track_caller]
pub fn pdo(database: &Database, options: &str) -> String {
    let account = database.account("sessionstat-web");
    let (user, password) = account.split_once(':').expect("an account with a password");
    format!(
        "new PDO('mysql:unix_socket={};dbname={};charset=utf8mb4', '{user}', '{password}', {options})",
        database.socket().display(),
        database.name(),
    )
}

/// Gives that account the rights to the public space that `etc/grants.sql` tells of without giving them.
#[track_caller]
pub fn grant_space(database: &Database) {
    database.account("sessionstat-web");
    let told = |grant: &&Grant| grant.account == "sessionstat_web" && !grant.is_given;
    let told: Vec<&Grant> = Grant::all().iter().filter(told).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for Grant { rights, table, account, .. } in told {
        database.grant(rights, table, account, "localhost");
    }
}

/// A hash of [`PASSWORD`], made once as PHP makes it today.
fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let code = format!("echo password_hash('{PASSWORD}', PASSWORD_DEFAULT);");
        let made = Command::new(Php::program()).args(["-r", &code]).output().unwrap();
        String::from_utf8(made.stdout).unwrap()
    })
}
