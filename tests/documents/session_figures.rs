//! The table in session-aggregate(8) that sets ILIAS's figures beside the true ones is what the command writes.

use crate::{
    page::Page,
    support::{Database, MariaDb, Tool},
};

/// A slot that nothing else touches.
const SLOT: i64 = 1_773_136_800;
const APART: i64 = 86_400;

/// The rows of the table: how many sessions, from when until when, in seconds of the slot.
const ROWS: [(u32, i64, i64); 8] = [
    (100, -1_000, 450),
    (100, 450, 5_000),
    (1, 899, 5_000),
    (9, 0, 40),
    (7, -500, -1),
    (7, -500, -1),
    (7, -500, 0),
    (7, 0, 5_000),
];

/// Figure, what ILIAS writes, and what is true, of each row of the table.
fn told(page: &Page) -> Vec<(String, f64, f64)> {
    let part = page.part(&["EXACT AND ILIAS", "EXACT ET ILIAS"]);
    let rows = part.into_iter().skip_while(|line| *line != ".EX").skip(2);
    rows.take_while(|line| *line != ".EE")
        .map(|line| {
            let mut words = line.split_whitespace().rev();
            let mut number = || words.next().unwrap().parse().unwrap();
            let (exact, ilias) = (number(), number());
            (words.next().unwrap().to_owned(), ilias, exact)
        })
        .collect()
}

/// The figure of a slot as `--compat` writes it.
fn written(database: &Database, compat: &str, slot: i64, figure: &str) -> f64 {
    let (from, to) = (slot.to_string(), (slot + 900).to_string());
    let rebuild = Tool::new("session-aggregate").url(database).args(["rebuild", "--compat", compat]);
    rebuild.args(["--from", &from, "--to", &to, "--now", &to]).run().silent();
    let sql = format!("SELECT {figure} FROM usr_session_stats WHERE slot_begin = {slot}");
    database.value(&sql).parse().unwrap()
}

#[test]
fn the_figures_beside_those_of_ilias_are_the_ones_that_are_written() {
    let database = MariaDb::shared().database();
    Tool::new("session-aggregate").url(&database).arg("--init-db").run().silent();
    let slots = || (0..).map(|row| SLOT + APART * row).zip(ROWS);
    for (slot, (count, start, end)) in slots() {
        for number in 0..count {
            database.run(&format!(
                "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
                 VALUES ('{slot}-{number}', 3, {}, {}, 1, 7)",
                slot + start,
                slot + end
            ));
        }
    }
    for page in Page::every().iter().filter(|page| page.about == "session-aggregate") {
        let told = told(page);
        assert_eq!(told.len(), ROWS.len(), "{}", page.path);
        for ((slot, row), (figure, ilias, exact)) in slots().zip(told) {
            let found = ["ilias", "exact"].map(|compat| written(&database, compat, slot, &figure));
            assert_eq!(found, [ilias, exact], "{}: {row:?}, {figure}", page.path);
        }
    }
}
