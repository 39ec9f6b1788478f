//! What commands read from other programs: the exact text arrives, and nothing else happens.

use std::fs;

use serde_json::json;

use crate::{
    output::assert_harmless,
    servers::Servers,
    strings::{NO_TEXT, STRINGS},
    support::{Database, Tool},
};

const NOON: &str = "--now=2026-03-10T12:00:00Z";

/// The first column of a query, sorted.
fn stored(database: &Database, sql: &str) -> Vec<String> {
    let mut rows: Vec<String> =
        database.query(sql).into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    rows.sort();
    rows
}

fn snapshot(tool: Tool, sessions: &serde_json::Value) -> Tool {
    tool.config("samba.resolve = [\"snapshot\"]\nmysql.retry_for = \"0s\"\n")
        .args(["--input=-", "--server=nas", NOON])
        .stdin(json!({ "sessions": sessions }).to_string())
}

#[test]
fn who_is_connected_is_stored_by_the_exact_name_also_by_way_of_the_spool() {
    let servers = Servers::start();
    let sessions: serde_json::Map<_, _> = STRINGS
        .iter()
        .enumerate()
        .map(|(index, (_, text))| {
            let session = json!({"username": text, "remote_machine": text, "hostname": format!("ipv4:10.0.0.{index}:50000")});
            (index.to_string(), session)
        })
        .collect();
    let sessions = sessions.into();
    let run = snapshot(servers.tool("samba-snapshot"), &sessions).run();
    assert_harmless(&run, "a snapshot");
    assert_eq!(run.status, 0, "{run:?}");
    servers.assert_whole("a snapshot");
    let mut expected: Vec<String> =
        // A domain before or behind a login is not part of it.
        STRINGS.iter().filter(|(_, text)| !text.contains(['\\', '@'])).map(|(_, text)| text.trim().chars().take(191).collect::<String>()).collect();
    expected.sort();
    let logins = "SELECT login FROM users_temp";
    let direct = stored(&servers.database, logins);
    let lost: Vec<_> =
        expected.iter().filter(|name| !direct.iter().any(|login| login.trim() == name.as_str())).collect();
    assert!(lost.is_empty(), "{lost:?} in {direct:?}");

    servers.database.run("DELETE FROM users_temp");
    let tool = Tool::new("samba-snapshot");
    let away = tool.clone().env("SESSIONSTAT_MYSQL_URL", "mysql://root@localhost/x?socket=/nowhere");
    assert_harmless(&snapshot(away, &sessions).run().expect(0), "a snapshot that waits");
    let spool = fs::read_to_string(tool.home().join("spool/samba-snapshot.spool")).unwrap();
    assert_eq!(spool.lines().count(), 1, "{spool}");
    // The next one brings both; it is the same.
    assert_harmless(&snapshot(tool.url(&servers.database), &sessions).run().expect(0), "the spool");
    assert_eq!(stored(&servers.database, logins), direct);
    servers.assert_whole("the spool");
}

#[test]
fn lines_of_the_spool_that_nobody_appended_are_put_aside() {
    let servers = Servers::start();
    let tool = servers.tool("samba-snapshot");
    let spool = tool.home().join("spool/samba-snapshot.spool");
    let line = |login: &str| {
        let row = json!({"login": login, "machine": login, "ip": null});
        json!({"seen_at": "2026-03-10T10:00:00Z", "server": login, "rows": [row]}).to_string()
    };
    let lines =
        STRINGS.iter().flat_map(|(_, text)| [line(text), format!("{{\"seen_at\": {text}"), line(text) + "x"]);
    let mut bytes = lines.collect::<Vec<_>>().join("\n").into_bytes();
    bytes.extend(NO_TEXT.concat());
    bytes.extend(vec![b'['; 100_000]);
    fs::write(&spool, bytes).unwrap();
    let run = snapshot(tool, &json!({})).run();
    assert_harmless(&run, "a hostile spool");
    servers.assert_whole("a hostile spool");
    assert!(
        run.status != 0 || stored(&servers.database, "SELECT server FROM users_temp").len() >= 10,
        "{run:?}"
    );
}

#[test]
fn ids_of_sessions_are_stored_exactly() {
    let servers = Servers::start();
    let ids = STRINGS.iter().map(|(_, text)| text).filter(|text| !text.contains('\0') && text.len() <= 256);
    let mut expected = Vec::new();
    for (user, id) in (1..).zip(ids) {
        let open = servers.tool("session-aggregate").args(["open", NOON]).arg(format!("--user={user}"));
        let run = open.arg(format!("--id={id}")).run();
        assert_harmless(&run, id);
        if run.status == 0 {
            expected.push((*id).to_owned());
        }
        let close = servers.tool("session-aggregate").args(["close", "--at=2026-03-10T12:10:00Z"]);
        assert_harmless(&close.clone().arg(format!("--id={id}")).run(), id);
        let batch = format!("{id}\t2026-03-10T12:10:00Z\tuser\n{id}\t{id}\t{id}\n\t\t\t\n");
        assert_harmless(
            &servers.tool("session-aggregate").args(["close", "--batch=-"]).stdin(batch).run(),
            id,
        );
        let quoted = id.replace('"', "\"\"");
        let csv = format!(
            "session_id,type,start_time,end_time,end_context,user_id\n\"{quoted}\",3,1773140000,1773140100,1,{user}\n\
             {id},3,1773140000,1773140100,1,{user}\n\"{quoted}\",\"{quoted}\",\"{quoted}\",\"{quoted}\",\"{quoted}\",\"{quoted}\"\n"
        );
        let import = servers.tool("session-aggregate").args(["import", "csv", "records.csv"]);
        fs::write(import.home().join("records.csv"), csv).unwrap();
        assert_harmless(&import.run(), id);
    }
    servers.assert_whole("sessions");
    assert!(expected.len() >= 6, "{expected:?}");
    let held = stored(&servers.database, "SELECT session_id FROM usr_session_stats_raw");
    assert!(expected.iter().all(|id| held.contains(id)), "{expected:?} in {held:?}");
    assert_harmless(&servers.tool("session-aggregate").arg(NOON).run(), "aggregating");
}

#[test]
fn a_template_s_name_and_text_reach_no_shell_and_no_terminal() {
    let servers = Servers::start();
    for (attack, text) in STRINGS {
        let tool = servers.tool("macrosession-compile");
        let source = tool.home().join("site");
        fs::create_dir(&source).unwrap();
        let name: String = text.chars().filter(|character| !"/\0".contains(*character)).take(60).collect();
        fs::write(source.join(format!("{name}.html")), format!("{text}#_SESSION{{{text}}}")).unwrap();
        fs::write(source.join("good.html"), "#_SESSION{nom}").unwrap();
        let context = tool.home().join("context.json");
        fs::write(&context, json!({"env": {"a": text}, "boucle": {}, "vars": {"b": text}}).to_string())
            .unwrap();
        for flags in [&[][..], &["--json"], &["--dry-run"]] {
            let run = tool.clone().arg("--context").arg(&context).args(["site", "www"]).args(flags).run();
            assert_harmless(&run, &format!("{flags:?} with {attack}"));
            assert!(!tool.home().join("touched").exists(), "{attack}");
        }
    }
}
