//! What stands between a command and its server: it passes everything on, keeps a copy, and may meddle.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What becomes of the first packet of the server, with which it greets.
pub type Meddle = fn(Vec<u8>) -> Vec<u8>;

/// A relay on an address of its own.
pub struct Relay {
    pub host: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// One that listens at `ip` for a server on `port`.
    pub fn start(ip: &str, port: u16, meddle: Meddle) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let relay = Self { host, heard: Arc::clone(&heard) };
        // These end with the test process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let copy = Arc::clone(&heard);
                thread::spawn(move || pass(from, to, &copy, |bytes| bytes));
                let copy = Arc::clone(&heard);
                thread::spawn(move || pass(server, client, &copy, meddle));
            }
        });
        relay
    }

    /// One that passes everything on until it hears a text of the client: then it is dead.
    pub fn dying_at(text: &'static str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let relay = Self { host, heard: Arc::clone(&heard) };
        thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                if holds(&heard.lock().unwrap(), text) {
                    continue;
                }
                let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || pass(from, to, &Mutex::default(), untouched));
                let heard = Arc::clone(&heard);
                thread::spawn(move || {
                    let mut buffer = [0; 1 << 16];
                    while let Ok(count @ 1..) = client.read(&mut buffer) {
                        heard.lock().unwrap().extend_from_slice(&buffer[..count]);
                        if holds(&buffer[..count], text) || server.write_all(&buffer[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        relay
    }

    /// Whether a text passed in either direction.
    pub fn heard(&self, text: &str) -> bool {
        holds(&self.heard.lock().unwrap(), text)
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn pass(mut from: TcpStream, mut to: TcpStream, copy: &Mutex<Vec<u8>>, meddle: Meddle) {
    let mut buffer = [0; 1 << 16];
    let mut is_first = true;
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = if is_first { meddle(buffer[..count].to_vec()) } else { buffer[..count].to_vec() };
        is_first = false;
        copy.lock().unwrap().extend_from_slice(&bytes);
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// Passes the greeting on as it is.
pub fn untouched(greeting: Vec<u8>) -> Vec<u8> {
    greeting
}

/// Hides that the server offers encryption.
pub fn without_encryption(mut greeting: Vec<u8>) -> Vec<u8> {
    const SSL: u16 = 0x0800;
    // Length and number, version of the protocol, that of the server and a zero, id, eight bytes of salt and a zero.
    let version = greeting[5..].iter().position(|byte| *byte == 0).unwrap();
    let at = 5 + version + 1 + 4 + 8 + 1;
    let flags = u16::from_le_bytes([greeting[at], greeting[at + 1]]) & !SSL;
    greeting[at..at + 2].copy_from_slice(&flags.to_le_bytes());
    greeting
}

/// Puts answers behind the greeting: to the login, and to the first question, of which it can only guess the word.
pub fn with_answers(mut greeting: Vec<u8>) -> Vec<u8> {
    fn packet(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[bytes.len() as u8, 0, 0, number][..], bytes].concat()
    }
    let column = b"\x03def\0\0\0\x01a\0\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0";
    greeting.extend(packet(3, b"\0\0\0\x02\0\0\0"));
    greeting.extend(packet(1, b"\x02"));
    greeting.extend(packet(2, column));
    greeting.extend(packet(3, column));
    greeting.extend(packet(4, b"\xfe\0\0\x02\0"));
    greeting.extend(packet(5, b"\x100123456789abcdef\x010"));
    greeting.extend(packet(6, b"\xfe\0\0\x02\0"));
    greeting
}
