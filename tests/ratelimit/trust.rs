//! `rediss://`: a server that is not the right one is told from one that is, and so are we.

use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
};

use serde_json::json;

use crate::{
    door::{allowed_of, is_allowed, line},
    encrypted::{at, authority, section, server, server_with},
    faults::undecided,
    support::{Authority, Certificate, Redis, Tool},
};

/// The same with the limit that is usual.
fn quick(section: &str) -> Tool {
    Tool::new("ratelimit-check").config(&format!("{section}[ratelimit]\ntimeout = \"250ms\"\n")).arg("7")
}

/// What a command says that was refused, or refused the server; without the password of its address.
#[track_caller]
pub fn refused(section: &str, word: &str, why: &str) {
    let run = at(section).arg("7").run().expect(69);
    let answer = line(&run);
    assert_eq!((&answer["allowed"], &answer["error"]), (&json!(false), &json!(word)), "{run:?}");
    assert!(run.stderr.lines().count() == 1 && run.stderr.contains(why), "{why}: {run:?}");
    assert!(!run.stderr.contains("s3cret"), "{run:?}");
}

#[test]
fn only_the_server_that_was_meant_is_believed() {
    let names = ["localhost", "127.0.0.1"];
    let (_right, port) = server();
    let own = fs::read_to_string(authority().file()).unwrap();
    let stranger = Authority::new();
    let strange = server_with(&stranger.certificate_for(&names), &[]);
    let other = server_with(&authority().certificate_for(&["redis.example.org"]), &[]);
    let old = server_with(&authority().expired(&names), &[]);
    let url = |port: u16| section(&format!("rediss://user:s3cret@localhost:{port}/"), "");
    refused(&url(strange.1), "unreachable", "tls_ca_file");
    refused(&url(other.1), "unreachable", "redis.example.org");
    refused(&url(old.1), "unreachable", "expired on 2001-01-01");
    // As many authorities as systems have, first without ours.
    let untrusting = format!("[redis]\nurl = \"rediss://localhost:{port}/\"\ntimeout = \"20s\"\n");
    let bundle = authority().folder().join("bundle.pem");
    let many: String = (0..100).map(|_| fs::read_to_string(Authority::new().file()).unwrap()).collect();
    fs::write(&bundle, &many).unwrap();
    let bundled = format!("{untrusting}tls_ca_file = \"{}\"\n", bundle.display());
    refused(&bundled, "unreachable", "tls_ca_file");
    // What cannot be used is passed over.
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(&bundle, many + broken + "Also trusted:\n" + &own).unwrap();
    assert!(is_allowed(&at(&bundled).arg("7").run()));
    // on_error decides, as it does when nobody is there.
    let lenient = format!("{}[ratelimit]\non_error = \"allow\"\n", url(strange.1));
    let answer = line(&Tool::new("ratelimit-check").config(&lenient).arg("7").run().expect(69));
    assert_eq!(answer["allowed"], json!(true));
}

#[test]
fn a_server_that_demands_a_certificate_gets_one() {
    let certificate = authority().certificate_for(&["localhost"]);
    let (_redis, port) = server_with(&certificate, &["--tls-auth-clients", "yes"]);
    let url = format!("rediss://localhost:{port}/");
    let with = |url: &str, own: &Certificate| {
        let (file, key) = (own.file.display(), own.key.display());
        section(url, &format!("tls_cert_file = \"{file}\"\ntls_key_file = \"{key}\"\n"))
    };
    let own = authority().certificate_for(&[]);
    assert_eq!(allowed_of(5, &at(&with(&url, &own)).arg("7")), 4);
    for _ in 0..5 {
        refused(&section(&url, ""), "auth", "set [redis] tls_cert_file");
        refused(
            &with(&url, &Authority::new().certificate_for(&[])),
            "auth",
            "does not accept our certificate",
        );
    }
    let old = ["--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.2"];
    let (_redis, port) = server_with(&certificate, &old);
    let url = format!("rediss://localhost:{port}/");
    refused(&section(&url, ""), "protocol", "[redis] tls_cert_file");
    assert!(is_allowed(&at(&with(&url, &own)).arg("7").run()));
}

#[test]
fn who_speaks_tls_and_who_does_not_is_said() {
    let plain = Redis::on_tcp(&[]);
    // It takes the beginning of TLS for that of a command, and waits for the rest.
    let run = undecided(&quick(&section(&format!("rediss://localhost:{}/", plain.port()), "")), "timeout");
    assert!(run.stderr.contains("that it speaks TLS"), "{run:?}");
    let (_redis, port) = server();
    let url = format!("[redis]\nurl = \"redis://:s3cret@localhost:{port}/\"\ntimeout = \"20s\"\n");
    for url in [url.replace(":s3cret@", ""), url] {
        refused(&url, "unreachable", "whether it wants TLS (rediss://)");
    }
    // Other servers say that they do not understand.
    let alert = stranger(b"\x15\x03\x01\x00\x02\x02\x46", false);
    let plain = alert.replace("rediss:", "redis:").replace("tls_ca_file", "#");
    refused(&plain, "protocol", "it speaks TLS");
}

/// A listener that says `words` to each who comes; then it hangs up, or stays.
fn stranger(words: &'static [u8], stays: bool) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut guests = Vec::new();
        for guest in listener.incoming() {
            let Ok(mut guest) = guest else { return };
            let _ = guest.read(&mut [0; 4096]);
            let _ = guest.write_all(words);
            if stays {
                guests.push(guest);
            }
        }
    });
    section(&format!("rediss://localhost:{port}/"), "")
}

#[test]
fn a_handshake_that_does_not_end_is_not_waited_for() {
    undecided(&quick(&stranger(b"", true)), "timeout");
    // In the middle of its answer, and after a whole message of which more has to follow.
    undecided(&quick(&stranger(b"\x16\x03\x03\x40\x00\x02", true)), "timeout");
    undecided(&quick(&stranger(b"\x16\x03\x03\x00\x04\x02\x00\x40\x00", true)), "timeout");
    let (redis, port) = server();
    redis.freeze();
    undecided(&quick(&section(&format!("rediss://localhost:{port}/"), "")), "timeout");
    redis.thaw();
}

#[test]
fn a_handshake_that_is_none_lets_nobody_in() {
    undecided(&quick(&stranger(b"", false)), "unreachable");
    undecided(&quick(&stranger(b"\x16\x03\x03\x40\x00\x02", false)), "unreachable");
    for words in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"+OK\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
        b"\x17\x03\x03\x00\x05hello",
    ] {
        undecided(&quick(&stranger(words, true)), "protocol");
    }
}

#[test]
fn mistakes_in_the_configuration_are_named_before_anybody_is_asked() {
    let own = authority().certificate_for(&[]);
    let other = authority().certificate_for(&[]);
    let open = authority().certificate_for(&[]);
    fs::set_permissions(&open.key, Permissions::from_mode(0o644)).unwrap();
    let empty = authority().folder().join("empty.pem");
    fs::write(&empty, "no certificate\n").unwrap();
    fs::set_permissions(&own.file, Permissions::from_mode(0o600)).unwrap();
    let both = |certificate: &Path, key: &Path| {
        format!("tls_cert_file = \"{}\"\ntls_key_file = \"{}\"\n", certificate.display(), key.display())
    };
    let checked = |text: &str| Tool::new("ratelimit-check").config(text).arg("--check-config").run();
    let url = "[redis]\nurl = \"rediss://localhost:1/\"\n";
    let good = section("rediss://localhost:1/", &both(&own.file, &own.key));
    assert!(checked(&good).expect(0).stdout.contains("no errors"));
    let file = |key: &str, path: &Path| format!("{url}{key} = \"{}\"\n", path.display());
    let with = |identity: &str| section("rediss://localhost:1/", identity);
    let of = |key: &str, path: &Path, what: &str| format!("[redis] {key}: {}: {what}", path.display());
    let nowhere = Path::new("/nowhere/ca.pem");
    let apart = format!("is not the key of {}: ", own.file.display());
    let together = |key: &str| format!("{key}: tls_cert_file and tls_key_file go together");
    for (wrong, why) in [
        (file("tls_ca_file", nowhere), of("tls_ca_file", nowhere, "cannot read it")),
        (file("tls_ca_file", &empty), of("tls_ca_file", &empty, "holds no certificate in PEM")),
        (file("tls_cert_file", &own.file), together("tls_cert_file")),
        (file("tls_key_file", &own.key), together("tls_key_file")),
        (with(&both(&own.key, &own.key)), of("tls_cert_file", &own.key, "holds no certificate in PEM")),
        (with(&both(&own.file, &own.file)), of("tls_key_file", &own.file, "holds no private key in PEM")),
        (with(&both(&own.file, &other.key)), of("tls_key_file", &other.key, &apart)),
        (with(&both(&open.file, &open.key)), of("tls_key_file", &open.key, "key is readable by others")),
    ] {
        let run = checked(&wrong).expect(78);
        assert!(run.stderr.lines().count() == 1 && run.stderr.contains(&why), "{why}: {run:?}");
        // Whoever asks a question reads the same.
        let run = Tool::new("ratelimit-check").config(&wrong).arg("7").run().expect(78);
        assert_eq!(line(&run)["error"], json!("config"), "{run:?}");
        assert!(run.stderr.contains(&why), "{why}: {run:?}");
    }
    for (wrong, why) in [
        (good.replace("rediss:", "redis:"), "[redis] tls_ca_file: nothing is encrypted"),
        (good.replace(":1/", ":1/#insecure"), "[redis] url: a server whose certificate nobody checks"),
        (good.replace(":1/", ":1/#other"), "[redis] url: not an address of Redis"),
    ] {
        let run = checked(&wrong).expect(78);
        assert!(run.stderr.contains(why) && run.stderr.lines().count() == 1, "{why}: {run:?}");
    }
}
