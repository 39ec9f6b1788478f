//! A page of some site that uses `web/lib/session_get.php` alone.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    site::{grant_space, pdo},
    support::{Database, MariaDb, Php, Tool},
};

/// How a site may have told PDO to behave.
pub const WAYS: [&str; 5] = [
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT, PDO::ATTR_EMULATE_PREPARES => true]",
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT, PDO::ATTR_EMULATE_PREPARES => false]",
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_WARNING, PDO::ATTR_STRINGIFY_FETCHES => true]",
    "[PDO::ATTR_EMULATE_PREPARES => false, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_OBJ]",
    "[]",
];

/// Thursday, 26 March 2026, 10:30 in Paris: the week begins in winter time and ends in summer time.
pub const NOW: &str = "2026-03-26 09:30:00 UTC";

/// Accounts of all kinds, and two users who have logged in.
const PEOPLE: &str = "
    INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) VALUES
      (1, 'zoe', 125, 3), (2, 'karim', 0, 0), (3, 'maelle', NULL, NULL), (4, 'hugo', -25, -1),
      (5, 'Ngozi Okafor', 60, 1), (6, 'EPN\\\\Élodie', 30, 2), (7, 'jean', 10, 1), (8, 'JEAN', 20, 2);
    INSERT INTO user_login (user_id, last_at, previous_at) VALUES (42, 1774517400, 1774431000), (43, 1774517400, NULL);";

/// Makes the tables, with some people.
pub fn with_tables(database: &Database) {
    Tool::new("stats-report").url(database).arg("--init-db").run().silent();
    database.run(PEOPLE);
    // Rights outlive their tables.
    database.account("sessionstat-web");
}

/// A database with the tables and some people.
pub fn database() -> Database {
    let database = MariaDb::shared().database();
    with_tables(&database);
    database
}

/// A page of another site.
pub struct Page {
    folder: TempDir,
    /// What connects it to its database, in PHP.
    pub connect: String,
    /// How it makes its provider, in PHP.
    pub data: String,
}

impl Page {
    /// With a ratelimit-check that says `{remaining} of 10` and counts its runs.
    pub fn new(database: &Database) -> Self {
        grant_space(database);
        let page = Self {
            folder: tempfile::tempdir().unwrap(),
            connect: pdo(database, "[]"),
            data: format!(
                "new Sessionstat\\SessionData($connect, new DateTimeZone('Europe/Paris'), ['epn', 'logins'], $limits,
                    null, new DateTimeImmutable('{NOW}'))"
            ),
        };
        page.program(
            r#"echo "$@" >>runs
            echo '{"allowed":true,"rule":"login","user":"42","limit":10,"remaining":7,"retry_after":0,"reset_after":9}'"#,
        );
        page
    }

    /// Where the page runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Connects as `root` with these options of PDO.
    pub fn connect_with(&mut self, options: &str) {
        self.connect = self.connect.rsplit_once(", [").unwrap().0.to_owned() + &format!(", {options})");
    }

    /// What runs as ratelimit-check.
    pub fn program(&self, body: &str) {
        let file = self.folder.path().join("ratelimit-check");
        fs::write(&file, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The arguments of each run of ratelimit-check.
    pub fn runs(&self) -> Vec<String> {
        let runs = fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default();
        runs.lines().map(str::to_owned).collect()
    }

    /// Runs some PHP: `ask($data, $session, ...$fields)` gives the values of fields. Returns the JSON that it printed, line by
    /// line, and what PHP logged.
    #[track_caller]
    pub fn run(&self, code: &str) -> (Vec<Value>, String) {
        let lib = |file: &str| {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("web/lib").join(file).display().to_string()
        };
        let code = format!(
            "require '{}'; require '{}';
             $connect = static fn () => {};
             $limits = new Sessionstat\\RateLimit(new Sessionstat\\Program([getcwd() . '/ratelimit-check']));
             $data = {};
             function ask($data, array $session, string ...$fields): array {{
                 return array_map(static fn (string $field) =>
                     $data(['champ' => $field, 'visiteur_session' => $session])['visiteur_session'][$field] ?? null, $fields);
             }}
             function say($what): void {{ echo json_encode($what, JSON_UNESCAPED_UNICODE), \"\\n\"; }}
             {code}",
            lib("ratelimit.php"),
            lib("session_get.php"),
            self.connect,
            self.data,
        );
        let run = Command::new(Php::program())
            .args(["-d", "display_errors=1", "-d", "error_reporting=-1", "-d", "error_log=", "-r", &code])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (printed, log) = (text(&run.stdout), text(&run.stderr));
        assert!(run.status.success(), "{printed}{log}");
        let values = printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{printed}{log}")));
        (values.collect(), log)
    }

    /// The values of one `ask` after another, where nothing fails.
    #[track_caller]
    pub fn values(&self, code: &str) -> Vec<Value> {
        let (values, log) = self.run(code);
        assert_eq!(log, "");
        values
    }

    /// What the page says about a visitor.
    #[track_caller]
    pub fn ask(&self, session: &str, fields: &[&str]) -> Value {
        let fields: Vec<String> = fields.iter().map(|field| format!("'{field}'")).collect();
        self.values(&format!("say(ask($data, {session}, {}));", fields.join(", "))).remove(0)
    }
}

/// Every field, as PHP lists them.
pub const ALL: &str = "'credit_minutes', 'credit_heures', 'credit_ateliers', 'minutes_semaine', 'heures_semaine', \
    'derniere_connexion', 'appels_restants', 'appels_limite'";

/// The values of one `ask` for [`ALL`], perhaps several times.
pub fn all(values: &Value) -> &[Value] {
    &values.as_array().unwrap()[..8]
}
