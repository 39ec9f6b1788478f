//! The session records of a site, as a test reads them.

use crate::{site::Site, visitor::Visitor};

/// A session record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `session_id`
    pub id: String,
    /// `type`
    pub kind: u64,
    /// `start_time`
    pub start: u64,
    /// `end_time`
    pub end: Option<u64>,
    /// `end_context`
    pub context: Option<u64>,
    /// `user_id`
    pub user: u64,
}

/// All session records, in the order in which they were written.
#[track_caller]
pub fn records(site: &Site) -> Vec<Record> {
    let sql = "SELECT session_id, type, start_time, end_time, end_context, user_id FROM usr_session_stats_raw ORDER BY seq";
    let rows = site.database.query(sql).into_iter();
    let record = |row: Vec<Option<String>>| {
        let number = |column: usize| row[column].as_ref().map(|text| text.parse().unwrap());
        Record {
            id: row[0].clone().unwrap(),
            kind: number(1).unwrap(),
            start: number(2).unwrap(),
            end: number(3),
            context: number(4),
            user: number(5).unwrap(),
        }
    };
    rows.map(record).collect()
}

/// The sessions that live, and until when.
#[track_caller]
pub fn live(site: &Site) -> Vec<(String, u64)> {
    let rows =
        site.database.query("SELECT session_id, expires FROM session_expiry ORDER BY expires").into_iter();
    rows.map(|mut row| (row.remove(0).unwrap(), row.remove(0).unwrap().parse().unwrap())).collect()
}

/// The id of a visitor's session in its record.
#[track_caller]
pub fn id(site: &Site, visitor: &Visitor) -> String {
    site.database.value(&format!("SELECT SHA2('{}', 256)", visitor.session()))
}
