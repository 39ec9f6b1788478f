//! `overview`: the key figures of all sections, the last snapshots, and the servers.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ::mysql::{Conn, prelude::Queryable};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::{epn::Epn, sessions::Sessions, slots::after, uses::Hours};
use crate::{
    config::Redis,
    failure::Result,
    mysql::{rows, schema},
    ratelimit::statistics::Statistics,
    redis::Conversation,
    report::{
        sheet::{Block, Cell, Column, Sheet, Table},
        texts,
    },
};

/// How many rows wait.
pub const WAITING: &str = "SELECT COUNT(*) FROM users_temp";
/// Jumps from server to server in the key (server, seen_at, ...).
const LAST_IN_QUEUE: &str = "SELECT server, MAX(seen_at) FROM users_temp GROUP BY server";
/// Likewise in the key (server, seen_at): the year that is kept is not read. A server that was silent for longer than a
/// month while others were not is a server of the past.
const LAST_IN_LOG: &str = "SELECT server, last FROM \
    (SELECT server, MAX(seen_at) AS last FROM users_log GROUP BY server) AS servers \
    WHERE last >= (SELECT MAX(seen_at) FROM users_log) - INTERVAL 31 DAY";
const VERSION: &str = "SELECT VERSION()";

/// For the version of Redis, however patient the configuration is.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The section.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// Hours of use.
    pub hours: Hours,
    /// Uses of machines.
    pub uses: u64,
    /// Different people who used a machine.
    pub distinct_users: u64,
    /// Uses that staff have not verified.
    pub unverified_bookings: u64,
    /// Workshops that were not cancelled.
    pub workshops: u64,
    /// People present in them, once for each workshop.
    pub presences: u64,
    /// People with a balance below zero, now.
    pub overdrawn_users: u64,
    /// Sessions that began; none: session-aggregate has not counted any yet.
    pub sessions_opened: Option<i64>,
    /// Last second of what it has counted.
    pub last_aggregation: Option<DateTime<Utc>>,
    /// Allowed logins; none: Redis is away.
    pub logins: Option<u64>,
    /// Allowed calls of services; none: Redis is away.
    pub service_calls: Option<u64>,
    /// Rows of users_temp, now.
    pub waiting_rows: u64,
    /// Those of them that match nothing.
    pub unmatched_rows: u64,
    /// The last snapshot of each Samba server.
    pub snapshots: Vec<LastSnapshot>,
    /// The servers behind the figures.
    pub servers: Servers,
}

/// The last snapshot of a Samba server.
#[derive(Debug, Serialize)]
pub struct LastSnapshot {
    /// Its name.
    pub server: String,
    /// When it last saw somebody connected.
    pub last_seen: DateTime<Utc>,
}

/// The servers behind the figures.
#[derive(Debug, Serialize)]
pub struct Servers {
    /// The database.
    pub mysql: MysqlServer,
    /// The counters.
    pub redis: RedisServer,
}

/// The database.
#[derive(Debug, Serialize)]
pub struct MysqlServer {
    /// Its version.
    pub version: String,
    /// That of the tables.
    pub schema_version: u32,
}

/// The counters.
#[derive(Clone, Debug, Serialize)]
pub struct RedisServer {
    /// Its version; none: it is away.
    pub version: Option<String>,
    /// Why it is away, or cannot be read.
    pub note: Option<String>,
}

impl RedisServer {
    /// Asks the server for its version. That it is away spoils no report.
    pub fn ask(settings: &Redis) -> Self {
        let deadline = Instant::now() + settings.timeout.min(LONGEST_WAIT);
        match Conversation::open(settings, deadline).and_then(|mut server| server.version(deadline)) {
            Ok(version) => Self { version: Some(version), note: None },
            Err(trouble) => Self { version: None, note: Some(trouble.message) },
        }
    }
}

impl Overview {
    /// Reads the section; the sums are those of `epn`, of `sessions` and, if they could be read, of `statistics`.
    ///
    /// # Errors
    /// The server's.
    pub fn collect(
        conn: &mut Conn,
        epn: &Epn,
        sessions: Option<&Sessions>,
        statistics: Option<&Statistics>,
        redis: RedisServer,
    ) -> Result<Self> {
        let version: Option<String> = conn.query_first(VERSION)?;
        let counted = sessions.filter(|sessions| sessions.last_aggregation.is_some());
        Ok(Self {
            hours: epn.hours,
            uses: epn.uses,
            distinct_users: epn.distinct_users,
            unverified_bookings: epn.unverified_bookings,
            workshops: epn.workshops.len() as u64,
            presences: epn.workshops.iter().map(|workshop| workshop.present).sum(),
            overdrawn_users: epn.overdrawn.len() as u64,
            sessions_opened: counted.map(|sessions| sessions.opened),
            last_aggregation: counted.and_then(|sessions| sessions.last_aggregation),
            logins: statistics.map(|statistics| statistics.logins.total()),
            service_calls: statistics.map(|statistics| statistics.calls.total()),
            waiting_rows: conn.query_first(WAITING)?.unwrap_or(0),
            unmatched_rows: epn.unmatched.iter().map(|rows| rows.count).sum(),
            snapshots: snapshots(conn)?,
            servers: Servers {
                mysql: MysqlServer {
                    version: version.unwrap_or_default(),
                    schema_version: schema::version(conn)?,
                },
                redis,
            },
        })
    }

    /// What people see of it; snapshots are as old as they are `now`.
    pub fn sheet(&self, now: DateTime<Utc>) -> Sheet {
        let mut figures = vec![
            (texts::HOURS_OF_USE, Cell::Hours(self.hours)),
            (texts::USES, Cell::count(self.uses)),
            (texts::UNVERIFIED, Cell::count(self.unverified_bookings)),
            (texts::PEOPLE, Cell::count(self.distinct_users)),
            (texts::WORKSHOPS, Cell::count(self.workshops)),
            (texts::PRESENCES, Cell::count(self.presences)),
            (texts::PEOPLE_OVERDRAWN, Cell::count(self.overdrawn_users)),
            (texts::ROWS_WAITING, Cell::count(self.waiting_rows)),
            (texts::ROWS_UNMATCHED, Cell::count(self.unmatched_rows)),
        ];
        if let (Some(opened), Some(last)) = (self.sessions_opened, self.last_aggregation) {
            figures.push((texts::SESSIONS_OPENED, Cell::Number(opened)));
            figures.push((texts::COUNTED_UNTIL, Cell::Time(after(last))));
        }
        let counted = [(texts::LOGINS, self.logins), (texts::CALLS_OF_SERVICES, self.service_calls)];
        figures.extend(counted.into_iter().filter_map(|(label, count)| Some((label, Cell::count(count?)))));
        let snapshot = |snapshot: &LastSnapshot| {
            vec![
                Cell::Name(snapshot.server.clone()),
                Cell::Time(snapshot.last_seen),
                Cell::Number((now - snapshot.last_seen).num_minutes()),
            ]
        };
        let snapshots = Table {
            title: texts::SNAPSHOTS,
            columns: vec![
                Column::words(texts::SERVER),
                Column::numbers(texts::SEEN_AT),
                Column::numbers(texts::MINUTES_AGO),
            ],
            rows: self.snapshots.iter().map(snapshot).collect(),
            empty: texts::NO_SNAPSHOT,
        };
        let Servers { mysql, redis } = &self.servers;
        let servers = vec![
            (texts::MYSQL, Cell::Name(mysql.version.clone())),
            (texts::TABLES, Cell::Name(mysql.schema_version.to_string())),
            (texts::REDIS, Cell::name_or(redis.version.as_deref(), texts::OUT_OF_REACH)),
        ];
        let note = redis.note.clone().map(Block::Message);
        let blocks = [Block::Figures(figures), Block::Table(snapshots), Block::Figures(servers)];
        Sheet { title: texts::OVERVIEW, blocks: blocks.into_iter().chain(note).collect() }
    }
}

/// The last snapshot of each server, by its name. A row is in the queue or already in the connection record.
///
/// # Errors
/// The server's.
pub fn snapshots(conn: &mut Conn) -> Result<Vec<LastSnapshot>> {
    let mut last: BTreeMap<String, NaiveDateTime> = BTreeMap::new();
    for (table, sql) in [("users_temp", LAST_IN_QUEUE), ("users_log", LAST_IN_LOG)] {
        let found: Vec<(String, NaiveDateTime)> = rows(conn, table, sql, ())?;
        for (server, seen_at) in found {
            last.entry(server).and_modify(|known| *known = seen_at.max(*known)).or_insert(seen_at);
        }
    }
    let snapshot =
        |(server, seen_at): (String, NaiveDateTime)| LastSnapshot { server, last_seen: seen_at.and_utc() };
    Ok(last.into_iter().map(snapshot).collect())
}
