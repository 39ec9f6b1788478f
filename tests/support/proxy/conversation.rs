//! One connection through the proxy.

use std::{
    fs::File,
    io::{BufReader, Read, Write},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex},
    thread,
};

use rustix::net::{Shutdown, shutdown};

use super::{
    Point,
    shared::{Mood, Shared},
    wire,
};

/// One connection.
pub struct Conversation {
    client: File,
    server: Mutex<Option<Arc<File>>>,
    shared: Arc<Shared>,
    mood: Mutex<Mood>,
}

impl Conversation {
    /// A client that was accepted.
    pub fn of(client: File, shared: Arc<Shared>) -> Self {
        Self { client, server: Mutex::new(None), shared, mood: Mutex::new(Mood::Open) }
    }

    /// From its beginning to its end.
    pub fn hold(self: Arc<Self>, number: usize) {
        let here = |point: &Point| matches!(point, Point::Connection(at) if *at <= number);
        self.meet(self.shared.strike(here));
        if *self.mood.lock().unwrap() == Mood::Cut {
            return;
        }
        let Ok(server) = UnixStream::connect(&self.shared.server) else { return self.cut() };
        let server = Arc::new(wire(server));
        *self.server.lock().unwrap() = Some(Arc::clone(&server));
        let back = {
            let (conversation, server) = (Arc::clone(&self), Arc::clone(&server));
            thread::spawn(move || conversation.answers(&server))
        };
        self.questions(&server);
        let _ = back.join();
        self.cut();
    }

    /// Passes on what the client says, one message after the other.
    fn questions(&self, server: &File) {
        let mut from = BufReader::new(&self.client);
        while let Ok(message) = self.shared.protocol.message(&mut from) {
            if self.shared.protocol.is_statement(&message) {
                self.shared.count(|said| &mut said.statements);
                self.meet(self.shared.strike(|point| matches!(point, Point::Statement(_))));
            }
            if !self.pass(&message, server, true) {
                break;
            }
        }
        // What is lost has arrived all the same: the server shall do it.
        if *self.mood.lock().unwrap() != Mood::Lost {
            self.cut();
        }
    }

    /// Passes on what the server says.
    fn answers(&self, mut server: &File) {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = server.read(&mut buffer) {
            if *self.mood.lock().unwrap() == Mood::Lost || !self.pass(&buffer[..length], &self.client, false)
            {
                break;
            }
        }
        self.cut();
    }

    /// Passes bytes on; says whether the connection is still there. A silent one swallows them.
    fn pass(&self, mut bytes: &[u8], mut to: &File, is_sent: bool) -> bool {
        while !bytes.is_empty() {
            self.meet(self.shared.strike(|point| match point {
                Point::Sent(_) => is_sent,
                Point::Received(_) => !is_sent,
                _ => false,
            }));
            match *self.mood.lock().unwrap() {
                Mood::Cut => return false,
                Mood::Silent => return true,
                Mood::Lost if !is_sent => return false,
                Mood::Open | Mood::Lost => {}
            }
            let length = self.shared.room(bytes.len(), is_sent);
            // Counted first: whoever has the answer may look at once.
            self.shared.passes(length, is_sent);
            if to.write_all(&bytes[..length]).is_err() {
                return false;
            }
            bytes = &bytes[length..];
        }
        true
    }

    fn meet(&self, mood: Mood) {
        match mood {
            Mood::Open => {}
            Mood::Cut => self.cut(),
            _ => *self.mood.lock().unwrap() = mood,
        }
    }

    /// Ends it.
    pub fn cut(&self) {
        *self.mood.lock().unwrap() = Mood::Cut;
        let _ = shutdown(&self.client, Shutdown::Both);
        if let Some(server) = &*self.server.lock().unwrap() {
            let _ = shutdown(server, Shutdown::Both);
        }
    }
}
