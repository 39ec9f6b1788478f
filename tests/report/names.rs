//! Names that are an attack, an accident or only long, in every place that holds one, in every format.

use mail_parser::MessageParser;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::{
    csv,
    fixture::{self, DAY, YEAR},
    html, prometheus, runs,
    site::Site,
    support::Tool,
};

/// Columns of text, and how many characters they take.
const COLUMNS: [(&str, &str, usize); 15] = [
    ("epn_room", "name", 191),
    ("epn_computer", "netbios_name", 64),
    ("epn_user", "login", 191),
    ("epn_user", "last_name", 191),
    ("epn_user", "first_name", 191),
    ("epn_user", "town", 80),
    ("epn_workshop", "title", 191),
    ("users_temp", "login", 191),
    ("users_temp", "machine", 64),
    ("users_temp", "server", 64),
    ("users_log", "server", 64),
    ("utilisateurs", "email", 191),
    ("utilisateurs", "nom", 100),
    ("sessionstat_run", "command", 64),
    ("sessionstat_run", "host", 255),
];

/// Markup out of whatever it stands in.
const MARKUP: &str =
    "</title></style></svg>--><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;<b>";

fn hostile() -> [String; 8] {
    [
        MARKUP.to_owned(),
        "'\"`\\ %s {x} $(id) ';--".to_owned(),
        "a\0b\u{1b}]0;x\u{7}\u{9b}31m\u{7f}\r\nBcc: all@example.org\r\n\r\n--".to_owned(),
        "\u{202e}gpj.\u{2066}\u{200f}\u{2028}\u{feff}exe".to_owned(),
        "=HYPERLINK(\"http://x\",\"y\")".to_owned(),
        "\t\r\n@SUM(1);+2\t-3".to_owned(),
        "田中é".repeat(60),
        "w".repeat(255),
    ]
}

/// The year in which everything is called `name`.
fn year_of(name: &str) -> Site {
    let site = fixture::year();
    runs::fill(&site.database);
    let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    for (table, column, length) in COLUMNS {
        // What tells the rows apart stands at the end of all but the longest names.
        site.database.run(&format!(
            "SET @row = 0; UPDATE {table} SET {column} = \
             CONCAT(LEFT(CONVERT(0x{hex} USING utf8mb4), {length} - 4), @row := @row + 1)"
        ));
    }
    let one_line: String = name.chars().filter(|character| !"\0\r\n".contains(*character)).take(30).collect();
    site.log_in("2025-12-30T17:00:00Z", &[&one_line]);
    site.call("2025-12-30T17:05:00Z", one_line.trim(), &["1", &one_line]);
    site
}

/// What a terminal, or whoever reads, would obey.
fn is_obeyed(character: char) -> bool {
    let is_bidi =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (character.is_control() && character != '\n') || is_bidi || matches!(character, '\u{2028}' | '\u{2029}')
}

#[track_caller]
fn shown(tool: &Tool, arguments: &[&str]) -> String {
    let run = tool.clone().args(arguments).run().expect(0);
    assert_eq!(run.stderr, "");
    let found = run.stdout.chars().find(|character| is_obeyed(*character));
    assert!(found.is_none(), "{found:?} in {arguments:?}: {}", run.stdout);
    run.stdout
}

#[test]
fn no_name_is_anything_but_text() {
    for name in hostile() {
        let site = year_of(&name);
        let sections = ["overview", "sessions", "logins", "services", "epn", "time", "runs"];
        let tool = fixture::report(&site).env("COLUMNS", "80").args(YEAR).args(sections);

        for language in ["en", "fr"] {
            let table = shown(&tool, &["--lang", language]);
            let wide = table.lines().find(|line| line.width() > 80);
            assert!(wide.is_none(), "{wide:?} of {name:?}");
        }

        let json: Value = serde_json::from_str(&shown(&tool, &["--format=json"])).unwrap();
        let room = json["epn"]["hours_by_room"][0]["room"].as_str().unwrap();
        let begin: String = name.chars().take(180).collect();
        assert!(room.starts_with(&begin), "{room:?} of {name:?}");

        let page = html::parsed(&shown(&tool, &["--format=html"]));
        assert!(html::all(&page, "script, img, b, [onerror]").is_empty(), "{name:?}");
        assert_eq!(html::all(&page, "style").len(), 1);

        prometheus::metrics(&shown(&tool, &["--format=prometheus"]));

        let folder = tool.home().join("csv");
        tool.clone().arg("--format=csv").arg("--output").arg(&folder).run().silent();
        for (file, rows) in csv::files(&folder) {
            for cell in rows.iter().flatten() {
                let begin = cell.trim_start_matches(['\t', '\r', '\n']).chars().next();
                let is_number = cell.parse::<f64>().is_ok();
                assert!(
                    is_number || !begin.is_some_and(|first| "=+-@".contains(first)),
                    "{cell:?} in {file}"
                );
                assert!(!cell.contains(['\0', '\u{1b}', '\u{202e}']), "{cell:?} in {file}");
            }
        }

        // Its pictures take their time: few of them.
        let tool = fixture::report(&site).args(DAY).args(["overview", "logins", "epn", "runs"]);
        let mail = shown(&tool, &["--mail"]);
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 78), "{name:?}");
        let (head, _) = mail.split_once("\n\n").unwrap();
        assert!(!head.contains("Bcc"), "{head}");
        let mail = MessageParser::default().parse(&mail).unwrap();
        let page = html::parsed(&mail.body_html(0).unwrap());
        assert!(html::all(&page, "script, b, [onerror], img[src=x]").is_empty(), "{name:?}");
    }
}
