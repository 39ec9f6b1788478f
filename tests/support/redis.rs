//! Private Redis servers.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{Client, Connection, ConnectionInfo, FromRedisValue, IntoConnectionInfo};

use super::accounts;
use super::server::{Server, find_program};

/// A private Redis, which keeps nothing on disk unless its settings say so.
/// It dies with the value, or with the test process however that ends.
pub struct Redis {
    server: Server,
    /// Its port on 127.0.0.1; none: it is on a Unix socket only.
    port: Option<u16>,
    password: Option<String>,
    /// Those of `etc/redis.acl` are there.
    has_accounts: bool,
}

impl Redis {
    /// Starts a server of the test's own, on a Unix socket.
    #[track_caller]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with settings of the test's own, such as `["--maxmemory", "2mb"]`.
    #[track_caller]
    pub fn with(settings: &[&str]) -> Self {
        Self::launch("redis", None, None, None, settings)
    }

    /// The same on a port of 127.0.0.1 as well; [`Self::url`] then names that.
    #[track_caller]
    pub fn on_tcp(settings: &[&str]) -> Self {
        Self::on_tcp_by(None, settings)
    }

    /// The same of another program than Debian's Redis, if one is named.
    #[track_caller]
    pub fn on_tcp_by(program: Option<&Path>, settings: &[&str]) -> Self {
        Self::launch("redis", program, Some(free_port()), None, settings)
    }

    /// A Sentinel on a port of 127.0.0.1 that calls `master`, a server on TCP, by `name`; with settings of the test's
    /// own, such as `["--requirepass", "secret"]`.
    #[track_caller]
    pub fn sentinel(name: &str, master: &Self, settings: &[&str]) -> Self {
        Self::sentinel_of(None, name, master, 1, settings)
    }

    /// The same, where so many Sentinels have to agree that the server is dead.
    #[track_caller]
    pub fn sentinel_of(
        program: Option<&Path>,
        name: &str,
        master: &Self,
        quorum: usize,
        settings: &[&str],
    ) -> Self {
        let port = master.port.expect("a server on TCP");
        let mut watched = format!("sentinel monitor {name} 127.0.0.1 {port} {quorum}\n");
        if let Some(password) = &master.password {
            watched += &format!("sentinel auth-pass {name} {password}\n");
        }
        // One that decides soon.
        watched +=
            &format!("sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 3000\n");
        let settings = [&["--sentinel"], settings].concat();
        Self::launch("sentinel", program, Some(free_port()), Some(&watched), &settings)
    }

    /// The one server of this test process, for all tests that leave it alone and give their keys a
    /// [`prefix`](Self::prefix) of their own.
    #[track_caller]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A prefix for keys that nobody else has in this test process.
    pub fn prefix() -> String {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        format!("test{}:", COUNT.fetch_add(1, Ordering::Relaxed))
    }

    #[track_caller]
    fn launch(
        name: &'static str,
        program: Option<&Path>,
        port: Option<u16>,
        file: Option<&str>,
        settings: &[&str],
    ) -> Self {
        let program = program.map_or_else(
            || {
                find_program(&["redis-server", "redis-check-rdb"], "redis-tools")
                    .unwrap_or_else(|missing| panic!("{missing}"))
            },
            Path::to_owned,
        );
        let mut server = Server::prepare(name);
        // redis-check-rdb is the same program; the name it is called by decides what it is.
        let link = server.folder().join("redis-server");
        symlink(program, &link).expect("a link to the Redis server");
        let mut arguments: Vec<OsString> = Vec::new();
        if let Some(text) = file {
            let path = server.folder().join("settings");
            fs::write(&path, text).expect("the settings of a private Redis");
            arguments.push(path.into());
        }
        let usual =
            ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--port"];
        arguments.extend(usual.map(OsString::from));
        arguments.push(port.unwrap_or(0).to_string().into());
        arguments.extend(["--unixsocket".into(), server.socket().into()]);
        arguments.extend(settings.iter().map(OsString::from));
        // A server takes its accounts from one place; a Sentinel has none.
        let has_accounts = !["--aclfile", "--sentinel"].iter().any(|own| settings.contains(own));
        if has_accounts {
            for user in accounts::redis_users() {
                arguments.push("--user".into());
                arguments.extend(user.into_iter().map(OsString::from));
            }
        }
        server.set_command(link, arguments);
        let password = settings.windows(2).find(|pair| pair[0] == "--requirepass");
        let password = password.map(|pair| pair[1].to_owned());
        let mut redis = Self { server, port, password, has_accounts };
        redis.restart();
        redis
    }

    /// Its address for the account that has all rights: no password, also where one is needed.
    pub fn url(&self) -> String {
        match self.port {
            Some(port) => format!("redis://127.0.0.1:{port}/"),
            None => format!("redis+unix://{}", self.socket().display()),
        }
    }

    /// What a command is given as SESSIONSTAT_REDIS_URL, with its own account of `etc/redis.acl`. Where the server asks
    /// for a password, that of the account that has all rights: the test is about it.
    pub fn url_of(&self, command: &str) -> String {
        let (url, user) = (self.url(), command.replace('-', "_"));
        let has_own = self.has_accounts && accounts::redis_users().any(|account| account[0] == user);
        if self.password.is_some() || !has_own {
            return url;
        }
        match self.port {
            Some(_) => url.replace("redis://", &format!("redis://{user}:{}@", accounts::PASSWORD)),
            None => format!("{url}?user={user}&pass={}", accounts::PASSWORD),
        }
    }

    /// The port of a server on TCP.
    #[track_caller]
    pub fn port(&self) -> u16 {
        self.port.expect("a server on TCP")
    }

    /// A connection to one of its databases, through its Unix socket.
    #[track_caller]
    pub fn connect(&self, database: i64) -> Connection {
        let url = format!("redis+unix://{}?db={database}", self.socket().display());
        let info: ConnectionInfo = url.as_str().into_connection_info().expect("an address");
        let mut settings = info.redis_settings().clone().set_skip_set_lib_name();
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        Client::open(info.set_redis_settings(settings))
            .and_then(|client| client.get_connection())
            .unwrap_or_else(|error| panic!("no connection to {url}: {error}"))
    }

    /// The answer to a command in database 0.
    #[track_caller]
    pub fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        ask(&mut self.connect(0), command)
    }

    /// Whether a section of INFO has this part. A server that hangs up meanwhile, as one that changes its role does, has
    /// not said so.
    #[track_caller]
    pub fn says(&self, section: &str, part: &str) -> bool {
        let told: redis::RedisResult<String> = redis::cmd("INFO").arg(section).query(&mut self.connect(0));
        told.is_ok_and(|told| told.contains(part))
    }

    /// The keys of database 0, with the seconds that each has left (-1: for ever).
    #[track_caller]
    pub fn keys(&self) -> Vec<(String, i64)> {
        keys(&mut self.connect(0), "*")
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

    /// Holds the server still, as a machine without memory or a lost network does.
    #[track_caller]
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen server go on.
    #[track_caller]
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    #[track_caller]
    fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("sh").args(["-c", "kill \"$1\" \"$2\"", "sh", signal, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {pid}");
    }

    /// Starts the killed or stopped server again, empty, on the same socket and port.
    #[track_caller]
    pub fn restart(&mut self) {
        let socket = self.server.socket();
        self.server.start(|| answers(&socket).unwrap_or(false));
    }

    /// Whether the server was started and neither killed nor stopped.
    pub fn is_running(&self) -> bool {
        self.server.is_running()
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
}

/// The answer to a command on this connection.
#[track_caller]
pub fn ask<T: FromRedisValue>(connection: &mut Connection, command: &[&str]) -> T {
    let (name, arguments) = command.split_first().expect("a command");
    redis::cmd(name).arg(arguments).query(connection).unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The keys of a pattern, sorted, with the seconds that each has left (-1: for ever).
#[track_caller]
pub fn keys(connection: &mut Connection, pattern: &str) -> Vec<(String, i64)> {
    let mut keys: Vec<String> = ask(connection, &["KEYS", pattern]);
    keys.sort();
    keys.into_iter().map(|key| (key.clone(), ask(connection, &["TTL", &key]))).collect()
}

/// Whether a line of a master's `INFO replication` tells of a replica that has its copy and has said so.
pub fn has_copy(line: &str) -> bool {
    line.contains("state=online") && !line.contains(",offset=0,")
}

/// A port of 127.0.0.1 on which nobody listens just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// Whether the server is there; one that asks for a password first is.
fn answers(socket: &Path) -> std::io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG" || &answer == b"-NOAU")
}
