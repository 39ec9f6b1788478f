//! Lists of hosts: the first that may be used is, within a time that is known before.

use std::{
    net::TcpListener,
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::{
    network::Networked,
    relay::Relay,
    support::{Tool, accounts::PASSWORD, free_port},
};

const BRIEFLY: &str = "mysql.retry_for = \"0s\"\nmysql.connect_timeout = \"2s\"\n";

fn shared() -> &'static Networked {
    static SHARED: OnceLock<Networked> = OnceLock::new();
    SHARED.get_or_init(|| Networked::start(&[], ""))
}

/// Nothing listens there.
fn dead() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// Connections queue up there and nobody answers.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    (listener, host)
}

#[test]
fn a_host_that_is_dead_or_silent_is_passed_over() {
    let server = shared();
    let (_listener, silent) = silent();
    let (dead, live) = (dead(), server.address());
    let hosts = format!("{dead},{silent},{live}");
    let began = Instant::now();
    let run = server.tool("epn-ingest", &hosts, BRIEFLY).arg("-v").run().expect(0);
    for told in [
        format!("{dead} is passed over: Connection refused"),
        format!("{silent} is passed over: no answer in time"),
        format!("using {live}"),
    ] {
        assert!(run.stderr.contains(&told), "{told}\n{}", run.stderr);
    }
    // The silent one was waited for once: a run stays with what it found.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(run.stderr.matches("is passed over").count(), 2, "{}", run.stderr);
    server.tool("epn-ingest", &hosts, BRIEFLY).run().silent();
}

#[test]
fn the_first_host_is_used_while_it_can_be() {
    let server = shared();
    let hosts = format!("{},{}", server.address(), dead());
    let run = server.tool("epn-ingest", &hosts, BRIEFLY).arg("-v").run().expect(0);
    assert!(!run.stderr.contains("passed over") && !run.stderr.contains("using "), "{}", run.stderr);
}

#[test]
fn a_name_is_tried_at_all_its_addresses() {
    // localhost is ::1, too, where this server does not listen.
    let server = shared();
    let host = format!("localhost:{}", server.port);
    server.tool("epn-ingest", &host, BRIEFLY).run().silent();
}

#[test]
fn a_replica_is_read_and_never_written_to() {
    let server = shared();
    let replica = Networked::start(&[], "");
    replica.database.run("SET GLOBAL read_only = ON");
    // The account could write there all the same.
    replica.database.run("CREATE DATABASE both_have_it");
    server.database.run("CREATE DATABASE IF NOT EXISTS both_have_it");
    let url = |hosts: &str| format!("mysql://administrator:{PASSWORD}@{hosts}/both_have_it");
    let ingest =
        |hosts: &str| Tool::new("epn-ingest").config(BRIEFLY).env("SESSIONSTAT_MYSQL_URL", url(hosts));
    let both = format!("{},{}", replica.address(), server.address());
    let run = ingest(&both).arg("-v").run().expect(0);
    let told = format!("{} is passed over: read-only (a replica?)", replica.address());
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'both_have_it'";
    assert_eq!(replica.database.value(tables), "0");
    assert_ne!(server.database.value(tables), "0");

    let run = ingest(&replica.address()).run().expect(69);
    let expected = format!(
        "epn-ingest: cannot use MySQL at {} (database both_have_it): read-only (a replica?); name the server that is \
         written to in [mysql] url\n",
        replica.address()
    );
    assert_eq!(run.stderr, expected);

    // A report is content with it.
    let report =
        |hosts: &str| Tool::new("stats-report").config(BRIEFLY).env("SESSIONSTAT_MYSQL_URL", url(hosts));
    let run = report(&both).arg("-v").run();
    assert!(!run.stderr.contains("passed over"), "{}", run.stderr);
}

#[test]
fn with_no_host_left_one_line_names_them_all() {
    let server = shared();
    let (_listener, silent) = silent();
    let dead = dead();
    let run = server.tool("epn-ingest", &format!("{dead},{silent}"), BRIEFLY).run().expect(69);
    let expected = format!(
        "cannot use MySQL: {dead} (Connection refused (os error 111)), {silent} (no answer in time \
         ([mysql] timeout, connect_timeout)); check that one of them runs and may be written to, and [mysql] url\n"
    );
    assert!(run.stderr.ends_with(&expected) && run.stderr.lines().count() == 1, "{}", run.stderr);
}

#[test]
fn a_wrong_account_is_a_matter_of_configuration_on_every_host() {
    let server = shared();
    let url = |hosts: &str| format!("mysql://nobody:{PASSWORD}@{hosts}/{}", server.database.name());
    let live = server.address();
    let ingest =
        |hosts: &str| Tool::new("epn-ingest").config(BRIEFLY).env("SESSIONSTAT_MYSQL_URL", url(hosts)).run();
    let run = ingest(&format!("{live},{live}")).expect(78);
    assert!(
        run.stderr.contains("epn-ingest: cannot use MySQL: ") && !run.stderr.contains(PASSWORD),
        "{}",
        run.stderr
    );
    // Beside a host that is only away, it may be mended by then.
    ingest(&format!("{live},{}", dead())).expect(69);
}

#[test]
fn a_host_that_dies_is_replaced_by_the_next() {
    let mut first = Networked::start(&[], "");
    let second = shared();
    for server in [&first, second] {
        server.database.run("CREATE DATABASE IF NOT EXISTS moved");
    }
    let url = format!("mysql://administrator:{PASSWORD}@{},{}/moved", first.address(), second.address());
    let ingest = || Tool::new("epn-ingest").env("SESSIONSTAT_MYSQL_URL", &url).arg("-v").run();
    assert!(!ingest().expect(0).stderr.contains("passed over"));
    first.server.kill();
    let run = ingest().expect(0);
    assert!(run.stderr.contains(&format!("using {}", second.address())), "{}", run.stderr);
}

#[test]
fn work_that_was_cut_off_is_done_again_on_the_next_host_and_once() {
    // Both hosts are one server: what the first had done, the second has.
    let server = shared();
    let database = server.server.database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    let account = database.account_from("epn-ingest", "%");
    let ingest = |hosts: &str| {
        let url = format!("mysql://{account}@{hosts}/{}", database.name());
        let tool = Tool::new("epn-ingest").env("SESSIONSTAT_MYSQL_URL", url);
        tool.args(["-v", "--now", "2026-03-10T10:10:00Z"])
    };
    database.run(
        "INSERT INTO epn_user (login, last_name, first_name) VALUES ('zoe', 'Z', 'Zoé');
         INSERT INTO epn_computer (netbios_name) VALUES ('PC1');
         INSERT INTO users_temp (seen_at, server, login, machine) VALUES
             ('2026-03-10 10:00', 'nas', 'zoe', 'PC1'), ('2026-03-10 10:05', 'nas', 'zoe', 'PC1')",
    );
    // The last statement but a few of the transaction, which moves what was taken.
    let relay = Relay::dying_at("INSERT IGNORE INTO users_log", server.port);
    let run = ingest(&format!("{},{}", relay.host, server.address())).run().expect(0);
    let told = [format!("using {}", server.address()), "2 rows taken".to_owned()];
    assert!(told.iter().all(|line| run.stderr.contains(line)), "{}", run.stderr);
    assert_eq!(database.value("SELECT COUNT(*) FROM users_log"), "2");
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_booking"), "1");
}

#[test]
fn check_tells_the_state_of_each_host() {
    let server = shared();
    let dead = dead();
    let hosts = format!("{},{dead}", server.address());
    let check =
        |hosts: &str| server.tool("stats-report", hosts, BRIEFLY).args(["check", "--all"]).run().stdout;
    let told = check(&hosts);
    for line in [
        format!("OK mysql hosts: {} (writable, in use)\n", server.address()),
        format!(
            "WARNING mysql hosts: {dead} cannot be used: Connection refused (os error 111); check that it runs"
        ),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert!(!check(&server.address()).contains("mysql hosts"));
}
