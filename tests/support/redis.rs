//! Private Redis servers.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::server::{Server, find_program};

/// A private Redis on a Unix socket, which keeps nothing on disk.
/// It dies with the value, or with the test process however that ends.
pub struct Redis {
    server: Server,
}

impl Redis {
    /// Starts a server of the test's own.
    #[track_caller]
    pub fn start() -> Self {
        let program = find_program(&["redis-server", "redis-check-rdb"], "redis-tools")
            .unwrap_or_else(|missing| panic!("{missing}"));
        let mut server = Server::prepare("redis");
        // redis-check-rdb is the same program; the name it is called by decides what it is.
        let link = server.folder().join("redis-server");
        symlink(program, &link).expect("a link to the Redis server");
        let mut arguments: Vec<OsString> =
            ["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no", "--unixsocket"]
                .map(OsString::from)
                .into();
        arguments.push(server.socket().into());
        server.set_command(link, arguments);
        let mut redis = Self { server };
        redis.restart();
        redis
    }

    /// What a command is given as SESSIONSTAT_REDIS_URL.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
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

    /// Starts the killed or stopped server again, empty, on the same socket.
    #[track_caller]
    pub fn restart(&mut self) {
        let socket = self.server.socket();
        self.server.start(|| answers(&socket).unwrap_or(false));
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

fn answers(socket: &Path) -> std::io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG")
}
