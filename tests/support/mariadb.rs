//! Private MariaDB servers and the databases of tests.

use std::ffi::OsString;
use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, Value};

use super::network::is_root;
use super::server::{Server, find_program};

/// The settings of private servers, shared with the demo.
pub(super) const SETTINGS: &str =
    concat!("--defaults-file=", env!("CARGO_MANIFEST_DIR"), "/scripts/private-mariadb.cnf");
pub(super) const PACKAGE: &str = "mariadb-server-core";
/// Without it, root may not run a server.
pub(super) const USER_ROOT: &str = "--user=root";

/// A private MariaDB on a Unix socket: strict mode, utf8mb4, transactions, accounts.
/// `root` has no password. It dies with the value, or with the test process however that ends.
pub struct MariaDb {
    server: Server,
}

impl MariaDb {
    /// Starts a server of the test's own, for tests that kill or stop it.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more settings, such as `--read-only`.
    #[track_caller]
    pub fn start_with(settings: &[String]) -> Self {
        let program = find_program(&["mariadbd"], PACKAGE).unwrap_or_else(|missing| panic!("{missing}"));
        let template = template(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let mut server = Server::prepare("mariadb");
        let data = server.folder().join("data");
        copy_folder(&template, &data).expect("a copy of the template's data");
        let socket = server.socket();
        let mut arguments =
            vec![OsString::from(SETTINGS), option("--datadir=", &data), option("--socket=", &socket)];
        // A server that starts clears the folder of everybody's temporary tables.
        arguments.push(option("--tmpdir=", server.folder()));
        arguments.extend(as_user());
        arguments.extend(settings.iter().map(OsString::from));
        server.set_command(program, arguments);
        let mut mariadb = Self { server };
        mariadb.restart();
        mariadb
    }

    /// The one server of this test process, for all tests that leave it alone.
    #[track_caller]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MariaDb> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Kills the server with SIGKILL.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Stops the server as an administrator would.
    #[track_caller]
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts the killed or stopped server again, on the same data and socket.
    #[track_caller]
    pub fn restart(&mut self) {
        let socket = self.server.socket();
        self.server.start(|| Conn::new(options(&socket)).is_ok());
    }

    /// A new empty database.
    #[track_caller]
    pub fn database(&self) -> Database {
        Database::create(&self.server.socket())
    }

    /// The server's Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.server.socket()
    }

    /// The server's folder, which vanishes with it.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// The server's log.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// A database of one test's own, dropped with the value.
pub struct Database {
    place: Place,
}

impl Deref for Database {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

/// Where a database is, and what is asked of it.
#[derive(Clone)]
pub struct Place {
    socket: PathBuf,
    name: String,
}

impl Database {
    /// A new empty database of the server with that socket.
    #[track_caller]
    pub(super) fn create(socket: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let statement = format!("CREATE DATABASE {name}");
        Conn::new(options(socket)).and_then(|mut conn| conn.query_drop(statement)).expect("a new database");
        Self::seen_through(socket, name)
    }

    /// A database that is there, seen through the server with that socket.
    pub(super) fn seen_through(socket: &Path, name: String) -> Self {
        Self { place: Place { socket: socket.to_owned(), name } }
    }
}

impl Place {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Unix socket of its server.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its address for `root`, for what administrators do.
    pub fn url(&self) -> String {
        self.url_as("root")
    }

    /// Its address for an account, `user` or `user:password`.
    pub fn url_as(&self, account: &str) -> String {
        format!("mysql://{account}@localhost/{}?socket={}", self.name, self.socket.display())
    }

    /// A connection as `root`.
    #[track_caller]
    pub fn conn(&self) -> Conn {
        self.try_conn().unwrap_or_else(|error| panic!("no connection to {}: {error}", self.url()))
    }

    /// The same, where the server may be dead.
    pub(super) fn try_conn(&self) -> mysql::Result<Conn> {
        Conn::new(options(&self.socket).db_name(Some(&self.name)))
    }

    /// Runs one statement or many, with `;` between them.
    #[track_caller]
    pub fn run(&self, script: &str) {
        self.query(script);
    }

    /// The rows of a query (of all of them, where it holds several), as text; None is NULL.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.try_query(sql).unwrap_or_else(|error| panic!("{error}\nin: {sql}"))
    }

    fn try_query(&self, sql: &str) -> mysql::Result<Vec<Vec<Option<String>>>> {
        let mut conn = self.conn();
        let mut result = conn.query_iter(sql)?;
        let mut rows = Vec::new();
        // One set after the other: an error in a later statement shows only when its turn comes.
        while let Some(set) = result.iter() {
            for row in set {
                rows.push(row?.unwrap().into_iter().map(text).collect());
            }
        }
        Ok(rows)
    }

    /// The first column of the only row, as text: `NULL` if it is NULL.
    #[track_caller]
    pub fn value(&self, sql: &str) -> String {
        let rows = self.query(sql);
        assert_eq!(rows.len(), 1, "one row expected from: {sql}");
        rows[0][0].clone().unwrap_or_else(|| "NULL".to_owned())
    }

    /// The rows of tables as text that is equal for equal contents: sorted, tab between columns.
    /// An entry is a table, of which generated ids are left out (an undone transaction uses ids up),
    /// or a whole `SELECT`, whose first column then has to tell the entries apart.
    #[track_caller]
    pub fn dump(&self, tables: &[&str]) -> String {
        tables.iter().map(|entry| self.dump_one(entry)).collect()
    }

    #[track_caller]
    fn dump_one(&self, entry: &str) -> String {
        let query = if entry.contains(' ') {
            entry.to_owned()
        } else {
            let columns = self.value(&format!(
                "SELECT GROUP_CONCAT(CONCAT('`', column_name, '`') ORDER BY ordinal_position) \
                 FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = '{entry}' AND extra NOT LIKE '%auto_increment%'"
            ));
            assert_ne!(columns, "NULL", "no table {entry} in {}", self.name);
            format!("SELECT {columns} FROM `{entry}`")
        };
        let mut lines: Vec<String> = self
            .query(&query)
            .into_iter()
            .map(|row| {
                row.into_iter().map(|field| field.unwrap_or_else(|| "NULL".to_owned())).collect::<Vec<_>>()
            })
            .map(|row| row.join("\t") + "\n")
            .collect();
        lines.sort();
        format!("# {entry}\n{}", lines.concat())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server may be dead on purpose, or the test may be failing already.
        if let Ok(mut conn) = Conn::new(options(&self.socket)) {
            let _ = conn.query_drop(format!("DROP DATABASE IF EXISTS {}", self.name));
        }
    }
}

pub(super) fn options(socket: &Path) -> OptsBuilder {
    OptsBuilder::new()
        .user(Some("root"))
        .socket(Some(socket.display().to_string()))
        .read_timeout(Some(Duration::from_secs(30)))
        .write_timeout(Some(Duration::from_secs(30)))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        other => Some(other.as_sql(true)),
    }
}

pub(super) fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

/// `--user=root` for root, whom the server refuses to serve unasked.
pub(super) fn as_user() -> Option<OsString> {
    is_root().then(|| OsString::from(USER_ROOT))
}

/// The data folder that a new server's is a copy of; made by the first process that needs it.
pub fn template(parent: &Path) -> PathBuf {
    let program =
        find_program(&["mariadb-install-db"], PACKAGE).unwrap_or_else(|missing| panic!("{missing}"));
    let template = parent.join(format!("mariadb-{}", fingerprint()));
    fs::create_dir_all(parent).expect("the target folder");
    // Held until the end of this function by one thread of one process.
    let lock = File::create(template.with_extension("lock")).expect("a lock file in the target folder");
    lock.lock().expect("the lock on the template");
    if template.exists() {
        return template;
    }
    let growing = template.with_extension("new");
    if growing.exists() {
        fs::remove_dir_all(&growing).expect("to remove the half-made template of a killed process");
    }
    let made = Command::new(program)
        .arg(SETTINGS)
        .arg(option("--datadir=", &growing))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db", "--force"])
        .args(as_user())
        .stdin(Stdio::null())
        .output()
        .expect("mariadb-install-db");
    assert!(
        made.status.success(),
        "mariadb-install-db failed:\n{}{}",
        String::from_utf8_lossy(&made.stdout),
        String::from_utf8_lossy(&made.stderr)
    );
    fs::rename(&growing, &template).expect("the template under its name");
    template
}

/// Changes with the server's version and with the settings: data of another one would not fit.
fn fingerprint() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let program = find_program(&["mariadbd"], PACKAGE).unwrap_or_else(|missing| panic!("{missing}"));
    let version = Command::new(program).arg("--version").output().expect("the version of mariadbd");
    let mut hasher = DefaultHasher::new();
    version.stdout.hash(&mut hasher);
    include_str!("../../scripts/private-mariadb.cnf").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

pub(super) fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
