//! A socket between a command and its server: it counts what is said, and makes trouble where it is told to.
//!
//! ```ignore
//! // The connection is lost after the server has done the fifth statement, before it can say so.
//! let proxy = Proxy::to(&server.socket(), Protocol::MySql, [Trouble::once(Point::Statement(4), Harm::Lose)]);
//! let tool = Tool::new("epn-ingest").env("SESSIONSTAT_MYSQL_URL", proxy.url_of(&database, "epn-ingest"));
//! ```

mod conversation;
mod protocol;
mod shared;

use std::{
    fs::File,
    io,
    net::{TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use conversation::Conversation;
pub use protocol::Protocol;
use shared::Shared;
use tempfile::TempDir;

use super::{Database, MariaDb, accounts::PASSWORD};

/// A moment of the conversation, counted over all connections, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// This connection is made.
    Connection(usize),
    /// This statement, or command of Redis, is about to be passed on.
    Statement(usize),
    /// So many bytes of the client have been passed on, and there are more.
    Sent(u64),
    /// So many bytes of the server have been passed on, and there are more.
    Received(u64),
}

/// What happens there.
pub enum Harm {
    /// The connection is cut.
    Cut,
    /// What the client says still arrives; the connection is cut before the answer.
    Lose,
    /// Nothing is passed on any more, and nothing is closed.
    Silence,
    /// It goes on after this time.
    Delay(Duration),
    /// The connection is cut, and nobody listens any more. Before the first connection: from the beginning.
    Refuse,
    /// Somebody else does something; then it goes on.
    Act(Box<dyn FnMut() + Send>),
}

/// A harm at a point.
pub struct Trouble {
    at: Point,
    harm: Harm,
    lasts: bool,
}

impl Trouble {
    /// Once; later connections are left alone.
    pub fn once(at: Point, harm: Harm) -> Self {
        Self { at, harm, lasts: false }
    }

    /// There, and at each such moment after it.
    pub fn from_there_on(at: Point, harm: Harm) -> Self {
        Self { at, harm, lasts: true }
    }
}

/// What was said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub connections: usize,
    pub statements: usize,
    /// Bytes of the client that were passed on.
    pub sent: u64,
    /// Bytes of the server that were passed on.
    pub received: u64,
}

impl Said {
    /// Whether such a moment has come.
    fn has_reached(&self, point: Point) -> bool {
        match point {
            Point::Connection(number) => self.connections > number,
            Point::Statement(number) => self.statements > number,
            Point::Sent(bytes) => self.sent >= bytes,
            Point::Received(bytes) => self.received >= bytes,
        }
    }
}

/// The proxy; it ends with the value.
pub struct Proxy {
    home: TempDir,
    port: Option<u16>,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A proxy on a Unix socket to the server on another.
    pub fn to(server: &Path, protocol: Protocol, troubles: impl IntoIterator<Item = Trouble>) -> Self {
        Self::start(server, protocol, troubles, false)
    }

    /// The same to the MariaDB of all tests of this process.
    pub fn shared(troubles: impl IntoIterator<Item = Trouble>) -> Self {
        Self::to(&MariaDb::shared().socket(), Protocol::MySql, troubles)
    }

    /// A proxy on a port of 127.0.0.1 to the server on a Unix socket.
    pub fn on_tcp(server: &Path, protocol: Protocol, troubles: impl IntoIterator<Item = Trouble>) -> Self {
        Self::start(server, protocol, troubles, true)
    }

    fn start(
        server: &Path,
        protocol: Protocol,
        troubles: impl IntoIterator<Item = Trouble>,
        on_tcp: bool,
    ) -> Self {
        let home = tempfile::Builder::new().prefix("sessionstat-proxy-").tempdir().unwrap();
        let troubles = troubles.into_iter().map(Some).collect();
        let counted = Mutex::new((Said::default(), troubles));
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            protocol,
            counted,
            is_over: AtomicBool::new(false),
        });
        let (port, accept): (_, Accept) = if on_tcp {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let accept = move || {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                Ok(wire(stream))
            };
            (Some(port), Box::new(accept))
        } else {
            let listener = UnixListener::bind(home.path().join("socket")).unwrap();
            (None, Box::new(move || Ok(wire(listener.accept()?.0))))
        };
        let mut proxy = Self { home, port, shared, listener: None };
        // A listener that is dropped here refuses.
        if !proxy.shared.refuses(0) {
            let shared = Arc::clone(&proxy.shared);
            proxy.listener = Some(thread::spawn(move || listen(&accept, &shared)));
        }
        proxy
    }

    /// The Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("socket")
    }

    /// The port of a proxy on TCP.
    #[track_caller]
    pub fn port(&self) -> u16 {
        self.port.expect("a proxy on TCP")
    }

    /// The address of a database behind the proxy, for a command with its own account.
    #[track_caller]
    pub fn url_of(&self, database: &Database, command: &str) -> String {
        self.url(database, &database.account(command))
    }

    /// The address of a database behind the proxy, for an account, `user` or `user:password`.
    pub fn url(&self, database: &Database, account: &str) -> String {
        match self.port {
            Some(port) => format!("mysql://{account}@127.0.0.1:{port}/{}", database.name()),
            None => {
                let socket = self.socket();
                format!("mysql://{account}@localhost/{}?socket={}", database.name(), socket.display())
            }
        }
    }

    /// The address of a Redis behind the proxy, for a command with its own account.
    pub fn redis_url_of(&self, command: &str) -> String {
        let (user, password) = (command.replace('-', "_"), PASSWORD);
        match self.port {
            Some(port) => format!("redis://{user}:{password}@127.0.0.1:{port}/"),
            None => format!("redis+unix://{}?user={user}&pass={password}", self.socket().display()),
        }
    }

    /// What was said so far.
    pub fn said(&self) -> Said {
        self.shared.counted.lock().unwrap().0
    }

    /// The statements so far.
    pub fn statements(&self) -> usize {
        self.said().statements
    }

    /// Whether something happened of what was to happen.
    pub fn has_struck(&self) -> bool {
        let (said, troubles) = &*self.shared.counted.lock().unwrap();
        troubles.iter().any(|trouble| trouble.as_ref().is_none_or(|trouble| said.has_reached(trouble.at)))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        match self.port {
            Some(port) => drop(TcpStream::connect(("127.0.0.1", port))),
            None => drop(UnixStream::connect(self.socket())),
        }
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

type Accept = Box<dyn Fn() -> io::Result<File> + Send>;

/// Sockets of both kinds as one type.
fn wire(stream: impl Into<OwnedFd>) -> File {
    File::from(stream.into())
}

fn listen(accept: &Accept, shared: &Arc<Shared>) {
    let mut conversations = Vec::new();
    while let Ok(client) = accept() {
        if shared.is_over.load(Ordering::SeqCst) {
            break;
        }
        let shared = Arc::clone(shared);
        let number = shared.count(|said| &mut said.connections);
        let is_last = shared.refuses(number + 1);
        let conversation = Arc::new(Conversation::of(client, shared));
        conversations.push(Arc::clone(&conversation));
        thread::spawn(move || conversation.hold(number));
        if is_last {
            return;
        }
    }
    conversations.iter().for_each(|conversation| conversation.cut());
}
