//! What was measured day by day: told by week, and judged.

use std::collections::BTreeMap;

use crate::meter::Cost;

/// How much more a row may cost at the end than it did at the beginning.
const TOLERANCE: f64 = 1.2;
/// Memory of a process that says nothing: pages of libraries that were shared or not.
const SOME_KIB: u64 = 2_048;

/// What is on the disk and in memory at the end of a day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stock {
    /// The files of the database, and what of them is indexes and data of rows.
    pub database_bytes: u64,
    pub redis_bytes: u64,
}

/// The days of a replay.
pub struct Ledger {
    pub title: String,
    /// Days until everything that is kept for some days is full, and costs as much as it ever will.
    pub settling: usize,
    pub days: Vec<BTreeMap<&'static str, Cost>>,
    pub stock: Vec<Stock>,
    /// Rows read of each table, by day.
    pub tables: Vec<BTreeMap<String, u64>>,
}

impl Ledger {
    pub fn new(title: String, settling: usize) -> Self {
        Self { title, settling, days: Vec::new(), stock: Vec::new(), tables: Vec::new() }
    }

    /// Adds a run of a command to the last day.
    pub fn add(&mut self, command: &'static str, cost: Cost) {
        if let Some(day) = self.days.last_mut() {
            *day.entry(command).or_default() += cost;
        }
    }

    /// The table of all weeks.
    pub fn print(&self) {
        println!("\n{}", self.title);
        println!(
            "{:>5}  {:<17} {:>6} {:>9} {:>12} {:>10} {:>10} {:>10} {:>9}",
            "days", "command", "runs", "rows", "statements", "reads", "ms CPU of 1,000 rows", "", "MiB"
        );
        println!(
            "{:>5}  {:<17} {:>6} {:>9} {:>12} {:>10} {:>10} {:>10} {:>9}",
            "", "", "", "", "a row", "a row", "command", "server", "at most"
        );
        for (number, week) in self.days.chunks(7).enumerate() {
            let days = format!("{}-{}", number * 7 + 1, number * 7 + week.len());
            for (command, cost) in sum(week) {
                let of_1000 = |seconds: f64| seconds * 1e6 / cost.rows.max(1) as f64;
                println!(
                    "{days:>5}  {command:<17} {:>6} {:>9} {:>12.3} {:>10.2} {:>10.2} {:>10.2} {:>9.1}",
                    cost.runs,
                    cost.rows,
                    cost.statements_a_row(),
                    cost.reads_a_row(),
                    of_1000(cost.own),
                    of_1000(cost.server),
                    cost.peak_kib as f64 / 1024.0,
                );
            }
            let stock = self.stock[number * 7 + week.len() - 1];
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            println!(
                "{days:>5}  at the end: {:.0} MiB of MariaDB's files, {:.1} MiB of Redis",
                mib(stock.database_bytes),
                mib(stock.redis_bytes)
            );
        }
    }

    /// What costs more at the end than it did once everything had settled; one line each.
    pub fn growth(&self) -> Vec<String> {
        let Some((early, late)) = self.windows() else {
            return vec![format!("{}: too few days to compare", self.title)];
        };
        let (before, after) = (sum(&self.days[early.clone()]), sum(&self.days[late.clone()]));
        let mut growth = Vec::new();
        for (command, after) in &after {
            let Some(before) = before.get(command) else { continue };
            let figures = [
                ("rows read a row", before.reads_a_row(), after.reads_a_row()),
                ("statements a row", before.statements_a_row(), after.statements_a_row()),
            ];
            for (what, before, after) in figures {
                // A hundredth of a row more is none.
                if after > before * TOLERANCE + 0.01 {
                    growth.push(format!(
                        "{}: {what} of {command} grew from {before:.2} (days {}-{}) to {after:.2} (days {}-{}), \
                         more than {TOLERANCE} times{}",
                        self.title,
                        early.start + 1,
                        early.end,
                        late.start + 1,
                        late.end,
                        self.suspects(&early, &late)
                    ));
                }
            }
            if after.peak_kib as f64 > before.peak_kib as f64 * TOLERANCE + SOME_KIB as f64 {
                growth.push(format!(
                    "{}: the memory of {command} grew from {} to {} KiB, more than {TOLERANCE} times",
                    self.title, before.peak_kib, after.peak_kib
                ));
            }
        }
        growth
    }

    /// How much more each row cost at the end, by command: rows read, statements.
    pub fn ratios(&self) -> Vec<(&'static str, f64, f64)> {
        let Some((early, late)) = self.windows() else { return Vec::new() };
        let (before, after) = (sum(&self.days[early]), sum(&self.days[late]));
        let ratio = |before: f64, after: f64| if before > 0.0 { after / before } else { 1.0 };
        let of = |(command, after): (&'static str, Cost)| {
            let before = before.get(command)?;
            let reads = ratio(before.reads_a_row(), after.reads_a_row());
            Some((command, reads, ratio(before.statements_a_row(), after.statements_a_row())))
        };
        after.into_iter().filter_map(of).collect()
    }

    /// The days after the settling and the last days, as many of both: a week if there is room.
    fn windows(&self) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        let rest = self.days.len().checked_sub(self.settling)?;
        let length = (rest / 2).min(7);
        (length > 0)
            .then(|| (self.settling..self.settling + length, self.days.len() - length..self.days.len()))
    }

    /// The tables of which most more is read at the end.
    fn suspects(&self, early: &std::ops::Range<usize>, late: &std::ops::Range<usize>) -> String {
        let sum = |days: &[BTreeMap<String, u64>]| {
            let mut sums: BTreeMap<String, u64> = BTreeMap::new();
            for (table, reads) in days.iter().flatten() {
                *sums.entry(table.clone()).or_default() += reads;
            }
            sums
        };
        let (Some(before), Some(after)) = (self.tables.get(early.clone()), self.tables.get(late.clone()))
        else {
            return String::new();
        };
        let before = sum(before);
        let mut more: Vec<(u64, String)> = sum(after)
            .into_iter()
            .map(|(table, reads)| {
                let before = before.get(&table).copied().unwrap_or(0);
                (reads.saturating_sub(before), format!("{table} {before} to {reads}"))
            })
            .collect();
        more.sort_unstable_by(|a, b| b.cmp(a));
        let named: Vec<String> = more.into_iter().take(3).map(|(_, text)| text).collect();
        format!("; rows read by table: {}", named.join(", "))
    }
}

fn sum(days: &[BTreeMap<&'static str, Cost>]) -> BTreeMap<&'static str, Cost> {
    let mut sums: BTreeMap<&'static str, Cost> = BTreeMap::new();
    for (command, cost) in days.iter().flatten() {
        *sums.entry(command).or_default() += *cost;
    }
    sums
}
