//! Addresses where something else than Redis listens, or nothing that answers.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    thread,
    time::Instant,
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, getsockname, listen,
        socket_with,
    },
};
use serde_json::json;

use crate::{
    door::line,
    faults::{SOON, undecided},
    support::Tool,
};

fn at(address: &str) -> Tool {
    Tool::new("ratelimit-check")
        .config("[ratelimit]\ntimeout = \"250ms\"\n")
        .env("SESSIONSTAT_REDIS_URL", address)
        .arg("7")
}

/// A listener that reads what it is told and says `words`, to each who comes; then it hangs up, or stays.
fn stranger(words: &'static [u8], stays: bool) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("redis://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut guests = Vec::new();
        for guest in listener.incoming() {
            let Ok(mut guest) = guest else { return };
            if !words.is_empty() || !stays {
                let mut heard = [0; 65_536];
                let _ = guest.read(&mut heard);
                let _ = guest.write_all(words);
            }
            if stays {
                guests.push(guest);
            }
        }
    });
    address
}

#[test]
fn a_listener_that_says_nothing_is_not_waited_for() {
    undecided(&at(&stranger(b"", true)), "timeout");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silent");
    let _listener = UnixListener::bind(&path).unwrap();
    undecided(&at(&format!("redis+unix://{}", path.display())), "timeout");
}

#[test]
fn a_listener_that_hangs_up_is_no_redis() {
    undecided(&at(&stranger(b"", false)), "unreachable");
    // In the middle of an answer.
    undecided(&at(&stranger(b"*5\r\n:1\r\n:1\r\n", false)), "unreachable");
    undecided(&at(&stranger(b"*5\r\n:1\r\n:1\r\n", true)), "timeout");
}

#[test]
fn a_listener_that_talks_something_else_lets_nobody_in() {
    for words in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"220 mail.example.org ESMTP\r\n",
        b"\0\xff\xfe\x01garbage\r\n",
        b"+OK\r\n",
        b":1\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"*0\r\n",
        b"*1\r\n:1\r\n",
        // As many numbers as an answer has, but none that it may have.
        b"*5\r\n:7\r\n:1\r\n:9\r\n:0\r\n:0\r\n",
        b"*5\r\n:1\r\n:1\r\n:-9\r\n:0\r\n:0\r\n",
        b"*5\r\n+1\r\n+1\r\n+9\r\n+0\r\n+0\r\n",
        b"-ERR unknown command 'EVALSHA'\r\n",
        b"-ERR\r\n",
        b"*1000000000\r\n:1\r\n",
    ] {
        let tool = at(&stranger(words, false));
        let begin = Instant::now();
        let run = tool.run().expect(69);
        assert!(begin.elapsed() < SOON);
        let answer = line(&run);
        let error = answer["error"].as_str().unwrap();
        assert!(["protocol", "unreachable"].contains(&error), "{words:?}: {run:?}");
        assert_eq!(answer["allowed"], json!(false), "{words:?}");
        assert!(run.stderr.lines().count() == 1 && run.stderr.is_ascii(), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn an_answer_that_never_ends_is_not_waited_for() {
    // A byte now and then: each of them comes in time, the whole does not.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("redis://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut guest, _) = listener.accept().unwrap();
        let _ = guest.write_all(b"$1000000\r\n");
        while guest.write_all(b"x").is_ok() {
            thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    undecided(&at(&address), "timeout");
}

#[test]
fn a_host_without_an_address_is_named_in_time() {
    let begin = Instant::now();
    let run = at("redis://no-such-host.invalid:6379/").run().expect(69);
    assert!(begin.elapsed() < SOON);
    let error = line(&run)["error"].clone();
    assert!(["unreachable", "timeout"].contains(&error.as_str().unwrap()), "{run:?}");
    assert!(run.stderr.contains("no-such-host.invalid"), "{}", run.stderr);
}

/// Connects until nobody more is let in; whoever waits then, waits for ever.
fn crowd(mut queue: impl FnMut() -> Result<OwnedFd, Errno>) -> Vec<OwnedFd> {
    let mut waiting = Vec::new();
    while waiting.len() < 20_000 {
        match queue() {
            Ok(one) => waiting.push(one),
            Err(Errno::AGAIN) => return waiting,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the queue has no end");
}

#[test]
fn a_unix_socket_whose_queue_is_full_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full");
    let address = SocketAddrUnix::new(&path).unwrap();
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let new = || socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let listener = new().unwrap();
    bind(&listener, &address).unwrap();
    listen(&listener, 1).unwrap();
    let _waiting = crowd(|| {
        let one = new()?;
        connect(&one, &address).map(|()| one)
    });
    undecided(&at(&format!("redis+unix://{}", path.display())), "timeout");
}

#[test]
fn a_port_whose_queue_is_full_is_not_waited_for() {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let new = || socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    let listener = new();
    bind(&listener, &std::net::SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&listener, 1).unwrap();
    let address = std::net::SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
    let waiting: Vec<OwnedFd> = (0..16)
        .map(|_| {
            let one = new();
            let _ = connect(&one, &address);
            one
        })
        .collect();
    undecided(&at(&format!("redis://{address}/")), "timeout");
    drop(waiting);
}
