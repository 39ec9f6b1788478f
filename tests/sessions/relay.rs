//! A socket between a command and its database that sees every statement, and can cut the connection at any of them.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use tempfile::TempDir;

use crate::support::{Database, MariaDb};

/// What becomes of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    /// The connection is cut before it.
    Cut,
    /// The connection is cut after the server has done it, before its answer.
    Lose,
}

/// The relay; it ends with the value.
pub struct Relay {
    home: TempDir,
    seen: Arc<Seen>,
    listener: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

type Decide = Box<dyn FnMut(usize) -> Fate + Send>;

/// All statements of all connections, counted; what is asked about each of them.
struct Seen(Mutex<(usize, Decide)>);

impl Seen {
    fn fate(&self) -> Fate {
        let (count, decide) = &mut *self.0.lock().unwrap();
        *count += 1;
        decide(*count - 1)
    }
}

impl Relay {
    /// A relay to the server of all tests. `decide` is asked about each statement, with its number from 0 on; the
    /// statement waits for the answer.
    pub fn new(decide: impl FnMut(usize) -> Fate + Send + 'static) -> Self {
        let home = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(socket(&home)).unwrap();
        let seen = Arc::new(Seen(Mutex::new((0, Box::new(decide)))));
        let is_over = Arc::new(AtomicBool::new(false));
        let (asked, over) = (Arc::clone(&seen), Arc::clone(&is_over));
        let server = MariaDb::shared().socket();
        let listener = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(server) = UnixStream::connect(&server) else { continue };
                let asked = Arc::clone(&asked);
                thread::spawn(move || relay(client, server, &asked));
            }
        });
        Self { home, seen, listener: Some(listener), is_over }
    }

    /// The address of a database behind the relay.
    pub fn url(&self, database: &Database) -> String {
        format!("mysql://root@localhost/{}?socket={}", database.name(), socket(&self.home).display())
    }

    /// The statements so far.
    pub fn statements(&self) -> usize {
        self.seen.0.lock().unwrap().0
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        let _ = UnixStream::connect(socket(&self.home));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn socket(home: &TempDir) -> PathBuf {
    Path::join(home.path(), "socket")
}

fn relay(mut client: UnixStream, mut server: UnixStream, seen: &Seen) {
    let is_lost = Arc::new(AtomicBool::new(false));
    let back = {
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let is_lost = Arc::clone(&is_lost);
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                if is_lost.load(Ordering::SeqCst) || to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
            let _ = from.shutdown(Shutdown::Both);
        })
    };
    while let Ok(packet) = packet(&mut client) {
        let fate = if is_statement(&packet) { seen.fate() } else { Fate::Pass };
        is_lost.store(fate == Fate::Lose, Ordering::SeqCst);
        if fate == Fate::Cut || server.write_all(&packet).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    if !is_lost.load(Ordering::SeqCst) {
        let _ = server.shutdown(Shutdown::Both);
    }
    let _ = back.join();
}

/// One packet of the protocol: length (3 bytes), number, contents.
fn packet(from: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; 4];
    from.read_exact(&mut packet)?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
    packet.resize(4 + length as usize, 0);
    from.read_exact(&mut packet[4..])?;
    Ok(packet)
}

/// Whether it is a statement to be done: a query (3) or a prepared one (23), at the begin of a conversation.
fn is_statement(packet: &[u8]) -> bool {
    packet[3] == 0 && matches!(packet.get(4), Some(3 | 23))
}
