//! Every column of text of every table, also those that will be added: the server tells which there are.

use serde_json::Value;
use sessionstat::ratelimit::user::escape;

use crate::{
    output::{assert_harmless, assert_no_formula, structure},
    servers::Servers,
    strings::STRINGS,
    support::{Database, Tool, redis::ask},
};

/// The names in the rows of each table, one a row.
type Names = [&'static str; 3];

/// A moment of the rows, and the period that reports look at.
const DAY: &str = "2026-03-10";
const MORNING: u64 = 1_773_129_600;

/// A column: its name, type as the server tells it, and characters of text that it holds.
struct Column {
    name: String,
    kind: String,
    whole: String,
    length: usize,
}

fn columns(database: &Database, table: &str) -> Vec<Column> {
    let sql = format!(
        "SELECT column_name, data_type, column_type, IFNULL(character_maximum_length, 0) FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = '{table}' AND generation_expression IS NULL ORDER BY ordinal_position"
    );
    let rows = database.query(&sql).into_iter();
    rows.map(|row| {
        let mut row = row.into_iter().map(Option::unwrap);
        let mut next = || row.next().unwrap();
        Column { name: next(), kind: next(), whole: next(), length: next().parse().unwrap() }
    })
    .collect()
}

/// Text that tells rows apart at its end; the column may hold fewer characters than the name has.
fn text(name: &str, column: &Column, row: u64) -> String {
    // A column for ASCII takes what it can.
    let room = column.length.saturating_sub(2);
    let text: String = name.chars().take(room).collect();
    let bytes = format!("{text}{row}");
    format!(
        "CONVERT(0x{} USING utf8mb4)",
        bytes.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()
    )
}

fn value(name: &str, column: &Column, row: u64) -> String {
    match column.kind.as_str() {
        // The commands' own JSON: other text is told as a mistake in the table.
        _ if column.name == "counts" => "'{}'".to_owned(),
        "varchar" | "char" | "text" | "mediumtext" | "longtext" | "tinytext" => text(name, column, row),
        "varbinary" | "binary" | "blob" => format!("0x0a0000{row:02x}"),
        // The first of its values.
        "enum" => column.whole.split('\'').nth(1).map(|first| format!("'{first}'")).unwrap(),
        "date" => format!("'{DAY}'"),
        "datetime" | "timestamp" => format!("'{DAY} 1{row}:00:00'"),
        "year" => "2026".to_owned(),
        "bigint" | "int" if column.name.contains("time") || column.name.ends_with("_begin") => {
            (MORNING + 900 * row).to_string()
        }
        _ => row.to_string(),
    }
}

/// Fills every table, and what is counted in Redis, with rows that are called so wherever they are called anything.
fn fill(servers: &Servers, names: Names) {
    let database = &servers.database;
    let tables: Vec<String> = database
        .query("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'")
        .into_iter()
        .map(|mut row| row.remove(0).unwrap())
        .collect();
    let mut texts = 0;
    let mut script = "SET foreign_key_checks = 0; SET sql_mode = '';".to_owned();
    // Who works now, which tables there are, and how far they have read, is the commands' own.
    for table in tables.iter().filter(|table| {
        !["sessionstat_schema", "sessionstat_lease", "moodle_progress"].contains(&table.as_str())
    }) {
        let columns = columns(database, table);
        texts += columns
            .iter()
            .filter(|column| column.kind.ends_with("char") || column.kind.ends_with("text"))
            .count();
        let listed: Vec<String> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
        for (row, name) in (1..).zip(names) {
            let values: Vec<String> = columns.iter().map(|column| value(name, column, row)).collect();
            script += &format!(
                "INSERT IGNORE INTO `{table}` ({}) VALUES ({});",
                listed.join(", "),
                values.join(", ")
            );
        }
    }
    assert!(texts > 25, "{texts}");
    database.run(&script);
    // What Redis holds need not have come from our commands, nor be text.
    let mut redis = servers.redis.connect(1);
    for (count, name) in (3..).zip(names) {
        let user = [escape(name).as_bytes(), b"\xff"].concat();
        let fields = [
            ("logins", user.clone()),
            ("calls", [&user[..], b" ", &user].concat()),
            ("refused", [b"login ", &user[..]].concat()),
        ];
        for (kind, field) in fields {
            let key = format!("sessionstat:{{stats}}:{kind}:{DAY}");
            let () = redis::cmd("HSET").arg(key).arg(field).arg(count).query(&mut redis).unwrap();
        }
        let recent = "sessionstat:{stats}:recent";
        let () = redis::cmd("ZADD").arg(recent).arg(MORNING + count).arg(&user).query(&mut redis).unwrap();
    }
}

/// What staff keep, in which no command changes a name.
const KEPT: [&str; 5] = [
    "SELECT id, HEX(name) FROM epn_room",
    "SELECT id, HEX(netbios_name) FROM epn_computer",
    "SELECT id, HEX(login), HEX(last_name), HEX(first_name), HEX(town) FROM epn_user",
    "SELECT id, HEX(title) FROM epn_workshop",
    "SELECT id, HEX(nom), HEX(prenom), HEX(email), HEX(mot_de_passe) FROM utilisateurs",
];

fn report(servers: &Servers) -> Tool {
    servers
        .tool("stats-report")
        .config("general.timezone = \"Europe/Paris\"\n")
        .args(["overview", "sessions", "logins", "services", "epn", "time", "runs"])
        .args([format!("--from={DAY}"), format!("--to={DAY}"), format!("--now={DAY}T20:00:00Z")])
        .env("COLUMNS", "100")
}

/// All formats; returns the page.
fn show(servers: &Servers, what: &str) -> String {
    let tool = report(servers);
    let shown = |arguments: &[&str]| {
        let run = tool.clone().args(arguments).run();
        assert_harmless(&run, &format!("{arguments:?} of {what}"));
        run.expect(0).stdout
    };
    for language in ["--lang=en", "--lang=fr"] {
        shown(&[language]);
    }
    let json = shown(&["--format=json"]);
    serde_json::from_str::<Value>(&json).unwrap_or_else(|error| panic!("{error} of {what}: {json}"));
    for line in shown(&["--format=prometheus"]).lines().filter(|line| !line.starts_with('#')) {
        // Labels are quoted, with every quote in them escaped; a number ends the line.
        let (head, number) = line.rsplit_once(' ').unwrap_or((line, ""));
        assert!(number.parse::<f64>().is_ok(), "{line:?} of {what}");
        let quotes = head.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert!(quotes % 2 == 0 && head.starts_with("sessionstat_"), "{line:?} of {what}");
    }
    let folder = tool.home().join("csv");
    tool.clone().arg("--format=csv").arg("--output").arg(&folder).run().expect(0);
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().path();
        assert_no_formula(&std::fs::read_to_string(&file).unwrap(), &format!("{} of {what}", file.display()));
    }
    let mail = shown(&["--mail=staff@example.org"]);
    let (head, _) = mail.split_once("\n\n").unwrap();
    assert!(!head.to_lowercase().contains("\nbcc:") && mail.is_ascii(), "{head} of {what}");
    shown(&["--anonymous"]);
    shown(&["--format=html"])
}

#[test]
fn what_any_column_holds_is_shown_as_text_and_left_as_it_is() {
    let harmless = Servers::start();
    fill(&harmless, ["one", "two", "three"]);
    let expected = structure(&show(&harmless, "harmless"));
    assert!(expected.len() > 200, "{expected:?}");
    let (rounds, rest) = STRINGS.as_chunks::<3>();
    assert!(rest.is_empty(), "give STRINGS as many that three divides them");
    for round in rounds {
        let (attack, names) = (round.map(|(attack, _)| attack).join("; "), round.map(|(_, name)| name));
        let attack = attack.as_str();
        let servers = Servers::start();
        fill(&servers, names);
        let before = servers.database.dump(&KEPT);
        let found = structure(&show(&servers, attack));
        let at = found.iter().zip(&expected).position(|(found, expected)| found != expected);
        let around = at.map(|at| (&found[at.saturating_sub(8)..found.len().min(at + 4)], &expected[at]));
        assert_eq!((around, found.len()), (None, expected.len()), "{attack}");
        // What it makes of such rows does not matter here; that it makes nothing else does.
        for (command, arguments) in [
            ("epn-ingest", &["--json"][..]),
            ("session-aggregate", &[]),
            ("stats-report", &["check", "--all"]),
        ] {
            let tool = servers.tool(command).args(arguments).arg(format!("--now={DAY}T20:00:00Z"));
            assert_harmless(&tool.run(), &format!("{command} with {attack}"));
        }
        for (row, name) in (1..).zip(names).filter(|(_, name)| !name.contains('\0')) {
            let erase = servers.tool("epn-ingest").args(["--dry-run", "--with-log"]);
            assert_harmless(&erase.arg(format!("--erase={name}{row}")).run(), attack);
        }
        assert_eq!(servers.database.dump(&KEPT), before, "{attack}");
        let still: String = ask(&mut servers.redis.connect(0), &["GET", "bystander"]);
        assert_eq!(still, "there");
    }
}
