//! Two commands, one after the other: what one of them could not know does not mislead the other.

use crate::{
    support::{
        Database, MariaDb, Rewind, Tool,
        proxy::{Harm, Point, Protocol, Proxy, Trouble},
    },
    worlds::space,
};

/// A snapshot of somebody at POSTE-1.
fn snapshot(host: &Tool, minute: u32) -> Tool {
    let listing = "{\"sessions\": {\"1\": {\"username\": \"usager1\", \"remote_machine\": \"poste-1\", \
        \"hostname\": \"ipv4:10.0.0.1:50000\"}}}";
    host.clone()
        .args(["--input", "-"])
        .stdin(listing)
        .arg("--now")
        .arg(format!("2026-03-12T16:{minute:02}:00Z"))
}

/// A snapshot whose answer may get lost, its ingestion, and the same again: then the spool holds what MySQL has.
fn story(database: &Database, host: &Tool, ingest: &Tool, proxy: Option<&Proxy>) -> String {
    let first = snapshot(host, 0).url(database);
    let first = match proxy {
        Some(proxy) => first.env("SESSIONSTAT_MYSQL_URL", proxy.url_of(database, "samba-snapshot")),
        None => first,
    };
    first.run().expect(0);
    ingest.clone().args(["--now", "2026-03-12T16:02:00Z"]).run().silent();
    snapshot(host, 5).url(database).run().silent();
    ingest.clone().args(["--now", "2026-03-12T17:00:00Z"]).run().silent();
    database.dump(&space::LEFT)
}

#[test]
fn a_snapshot_whose_answer_was_lost_is_one_use_and_one_record_also_if_it_was_ingested_meanwhile() {
    let server = MariaDb::shared();
    let database = server.database();
    let ingest = Tool::new("epn-ingest").url(&database).config("general.timezone = \"Europe/Paris\"\n");
    ingest.clone().arg("--init-db").run().silent();
    space::fill(&database);
    let host = Tool::new("samba-snapshot").config("samba.server = \"nas\"\nsamba.resolve = [\"snapshot\"]\n");
    let start = Rewind::all(&database);
    let should = story(&database, &host, &ingest, None);
    for lost in 0.. {
        start.back(&database);
        let trouble = Trouble::once(Point::Statement(lost), Harm::Lose);
        let proxy = Proxy::to(&server.socket(), Protocol::MySql, [trouble]);
        let is = story(&database, &host, &ingest, Some(&proxy));
        assert!(is == should, "lost at {lost}:\n{is}\nnot\n{should}");
        if !proxy.has_struck() {
            assert!(lost > 4, "only {lost} statements");
            break;
        }
    }
}
