//! `tls`: what is said stays between the two, and a server that cannot prove who it is is told nothing.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::{
    authority::{Authority, trusting},
    network::Networked,
    relay::{Meddle, Relay, untouched, with_answers, without_encryption},
    support::{Output, accounts::PASSWORD},
};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/samba/417-json-one.json");
/// Whom the snapshot names.
const LOGIN: &str = "adupont";

/// The server of all tests that leave it alone, and who issued its certificate.
fn shared() -> &'static (Authority, Networked) {
    static SHARED: OnceLock<(Authority, Networked)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let authority = Authority::new();
        let identity = authority.issue(&["localhost", "127.0.0.1"]);
        let server = Networked::encrypted(&authority, &identity);
        (authority, server)
    })
}

/// Stores a snapshot through `host`.
fn store(server: &Networked, host: &str, config: &str) -> Output {
    let tool = server.tool("samba-snapshot", host, config);
    tool.args(["--strict", "--server", "nas", "--now", "2026-03-10T10:00:00Z", "--input", SNAPSHOT]).run()
}

/// A run that is refused: with one line, which holds no password.
#[track_caller]
fn refused(run: Output, status: i32, why: &str) {
    let run = run.expect(status);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains(why) && !run.stderr.contains(PASSWORD), "{}", run.stderr);
}

#[test]
fn nobody_in_between_reads_names_or_the_password() {
    let (authority, server) = shared();
    let relay = Relay::start("127.0.0.1", server.port, untouched);
    store(server, &relay.host, &authority.trusted()).silent();
    assert_eq!(server.database.value("SELECT login FROM users_temp"), LOGIN);
    assert!(!relay.heard(LOGIN) && !relay.heard("users_temp") && !relay.heard(PASSWORD));
    // The account must use encryption; without it, the relay would hear the name.
    server.database.run("CREATE USER careless IDENTIFIED BY 'x'; GRANT ALL ON *.* TO careless");
    let url = format!("mysql://careless:x@{}/{}", relay.host, server.database.name());
    let tool = server.tool("samba-snapshot", "", "").env("SESSIONSTAT_MYSQL_URL", url);
    tool.args(["--server", "nas2", "--now", "2026-03-10T10:00:00Z", "--input", SNAPSHOT]).run().silent();
    assert!(relay.heard(LOGIN) && relay.heard("users_temp"));
}

#[test]
fn a_server_is_believed_by_name_and_by_address() {
    let (authority, server) = shared();
    for host in ["localhost", "127.0.0.1"] {
        let host = format!("{host}:{}", server.port);
        server.tool("epn-ingest", &host, &authority.trusted()).arg("--init-db").run().silent();
    }
    let check = server.tool("stats-report", &server.address(), &authority.trusted()).args(["check", "--all"]);
    let told = check.run().stdout;
    assert!(told.contains(&server.address()) && told.contains(", encrypted (TLSv1."), "{told}");
}

#[test]
fn a_server_that_cannot_prove_who_it_is_is_told_nothing() {
    let (authority, server) = shared();
    let at = |ip, meddle: Meddle| Relay::start(ip, server.port, meddle);
    let stranger = Authority::new();
    refused(
        store(server, &server.address(), &trusting(&stranger.file())),
        78,
        "the server's certificate comes from nobody whom this host trusts; set [mysql] tls_ca_file to",
    );
    // Nor do the authorities of the system know it, if the system has any.
    refused(
        store(server, &server.address(), "mysql.tls = true\nmysql.retry_for = \"0s\"\n"),
        78,
        "tls_ca_file",
    );
    let elsewhere = at("127.0.0.2", untouched);
    refused(
        store(server, &elsewhere.host, &authority.trusted()),
        78,
        "the server's certificate is for localhost, 127.0.0.1, not for 127.0.0.2; write one of its names",
    );
    let stripped = at("127.0.0.1", without_encryption);
    refused(
        store(server, &stripped.host, &authority.trusted()),
        78,
        "the server offers no encryption, or somebody",
    );
    assert!(!stripped.heard("samba_snapshot"), "not even the account was told");
}

#[test]
fn answers_that_somebody_put_before_the_encryption_are_not_believed() {
    let (authority, server) = shared();
    let relay = Relay::start("127.0.0.1", server.port, with_answers);
    let run = store(server, &relay.host, &authority.trusted());
    refused(run, 69, "the answer fits no question of ours");
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let authority = Authority::new();
    let server = Networked::encrypted(&authority, &authority.issue_until(&["127.0.0.1"], 2021));
    let run = store(&server, &server.address(), &authority.trusted());
    refused(run, 78, "the server's certificate has expired; renew it, or check the clock of this host");
}

#[test]
fn a_server_without_encryption_is_refused_and_one_that_demands_it_is_told() {
    let plain = Networked::start(&[], "");
    let authority = Authority::new();
    let run = store(&plain, &plain.address(), &authority.trusted());
    refused(run, 78, "the server offers no encryption, or somebody in between hides that it does; give it a");
    store(&plain, &plain.address(), "").silent();

    let (_, server) = shared();
    let run = store(server, &server.address(), "mysql.retry_for = \"0s\"\n");
    refused(run, 78, "whether it must use TLS ([mysql] tls, tls_cert_file)");
}

#[test]
fn an_account_that_needs_a_certificate_of_its_own_logs_in_with_it() {
    let (authority, server) = shared();
    server.database.run("CREATE USER certified REQUIRE X509; GRANT ALL ON *.* TO certified");
    let url = format!("mysql://certified@{}/{}", server.address(), server.database.name());
    let run = |config: &str| {
        let tool = server.tool("epn-ingest", "", config).env("SESSIONSTAT_MYSQL_URL", &url);
        tool.arg("--init-db").run()
    };
    let with = |cert: &Path, key: &Path| {
        let (cert, key) = (cert.display(), key.display());
        format!("{}mysql.tls_cert_file = \"{cert}\"\nmysql.tls_key_file = \"{key}\"\n", authority.trusted())
    };
    let ours = authority.issue(&["epn-ingest"]);
    run(&with(&ours.cert, &ours.key)).silent();
    refused(run(&authority.trusted()), 78, "Access denied for user 'certified'@");
    let stranger = Authority::new();
    let foreign = stranger.issue(&["epn-ingest"]);
    let (cert, key) = (ours.cert.display(), foreign.key.display());
    let apart = format!("[mysql] tls_key_file: {key}: is not the key of {cert}: ");
    refused(run(&with(&ours.cert, &foreign.key)), 78, &apart);
}

#[test]
fn files_that_cannot_be_used_are_told_before_any_server_is_asked() {
    let authority = Authority::new();
    let identity = authority.issue(&["epn-ingest"]);
    let nobody = Networked::nowhere();
    let check = |config: &str| {
        let tool =
            crate::support::Tool::new("epn-ingest").env("SESSIONSTAT_MYSQL_URL", nobody).config(config);
        tool.arg("--check-config").run()
    };
    check(&authority.trusted()).expect(0);
    refused(
        check(&trusting(Path::new("/nonexistent/ca"))),
        78,
        "[mysql] tls_ca_file: /nonexistent/ca: cannot read",
    );
    let of = |key: &str, file: &Path, what: &str| format!("[mysql] {key}: {}: {what}", file.display());
    let none = of("tls_ca_file", &identity.key, "holds no certificate in PEM");
    refused(check(&trusting(&identity.key)), 78, &none);
    // The driver would not begin with it.
    let mixed = identity.key.with_extension("mixed");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(&mixed, fs::read_to_string(authority.file()).unwrap() + broken).unwrap();
    let unusable = of("tls_ca_file", &mixed, "certificate 2 in it cannot be used: ");
    refused(check(&trusting(&mixed)), 78, &unusable);
    let with_key = |key: &Path| {
        let (cert, key) = (identity.cert.display(), key.display());
        format!("{}mysql.tls_cert_file = \"{cert}\"\nmysql.tls_key_file = \"{key}\"\n", authority.trusted())
    };
    fs::set_permissions(&identity.cert, fs::Permissions::from_mode(0o600)).unwrap();
    let no_key = of("tls_key_file", &identity.cert, "holds no private key in PEM; one that a passphrase");
    refused(check(&with_key(&identity.cert)), 78, &no_key);
    fs::set_permissions(&identity.key, fs::Permissions::from_mode(0o644)).unwrap();
    let open = of("tls_key_file", &identity.key, "key is readable by others; chmod o-rwx it");
    refused(check(&with_key(&identity.key)), 78, &open);

    let socket = crate::support::Tool::new("epn-ingest").exact_config("\n[mysql]\ntls = true\n");
    refused(
        socket.run(),
        78,
        ":3: [mysql] tls: the address leads to a Unix socket, which nobody can listen to;",
    );
    let weakened = crate::support::Tool::new("epn-ingest").no_config();
    let url = format!("mysql://u:{PASSWORD}@db/d?require_ssl=true&verify_ca=false");
    let weakened = weakened.env("SESSIONSTAT_MYSQL_URL", url);
    refused(weakened.run(), 78, "SESSIONSTAT_MYSQL_URL: behind the question mark stands only socket=PATH;");
}

#[test]
fn a_server_that_falls_silent_while_encryption_begins_is_left_in_time() {
    let (authority, server) = shared();
    // Greets as the server does, and says nothing more.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let port = server.port;
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for client in silent.incoming() {
            use std::io::{Read, Write};
            let mut client = client.unwrap();
            let mut greeting = [0; 512];
            let mut real = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            let count = real.read(&mut greeting).unwrap();
            client.write_all(&greeting[..count]).unwrap();
            kept.push(client);
        }
    });
    let began = Instant::now();
    let limits = format!("{}mysql.connect_timeout = \"500ms\"\n", authority.trusted());
    refused(store(server, &host, &limits), 69, "no answer in time ([mysql] timeout, connect_timeout)");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
