//! The tables: numbered files of `etc/schema/`, compiled in, applied in order, each once.
//!
//! Every statement may be run again: a migration that was cut half way is simply repeated.

use std::path::Path;

use ::mysql::{Conn, prelude::Queryable};

use super::{Link, Server, lease::Lease};
use crate::{
    failure::{Failure, Result, Status},
    lock::LockFile,
};

/// One step of the schema.
struct Migration {
    version: u32,
    file: &'static str,
    sql: &'static str,
}

/// All steps, in order. A file that was released is never changed; a change is a new file.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, file: "001-samba.sql", sql: include_str!("../../etc/schema/001-samba.sql") },
    Migration { version: 2, file: "002-epn.sql", sql: include_str!("../../etc/schema/002-epn.sql") },
    Migration {
        version: 3,
        file: "003-epn-ingest.sql",
        sql: include_str!("../../etc/schema/003-epn-ingest.sql"),
    },
    Migration { version: 4, file: "004-web.sql", sql: include_str!("../../etc/schema/004-web.sql") },
    Migration {
        version: 5,
        file: "005-sessions.sql",
        sql: include_str!("../../etc/schema/005-sessions.sql"),
    },
    Migration { version: 6, file: "006-moodle.sql", sql: include_str!("../../etc/schema/006-moodle.sql") },
    Migration { version: 7, file: "007-logins.sql", sql: include_str!("../../etc/schema/007-logins.sql") },
    Migration { version: 8, file: "008-runs.sql", sql: include_str!("../../etc/schema/008-runs.sql") },
    Migration {
        version: 9,
        file: "009-epn-people.sql",
        sql: include_str!("../../etc/schema/009-epn-people.sql"),
    },
    Migration {
        version: 10,
        file: "010-epn-history.sql",
        sql: include_str!("../../etc/schema/010-epn-history.sql"),
    },
    Migration {
        version: 11,
        file: "011-report-keys.sql",
        sql: include_str!("../../etc/schema/011-report-keys.sql"),
    },
];

/// MySQL's error number for a table that is not there.
const NO_SUCH_TABLE: u16 = 1146;

/// The name of the job, for its lock and lease.
const JOB: &str = "schema";

/// The tables that the migrations themselves need.
const GROUND: &str = include_str!("../../etc/schema/000-versions.sql");

/// The version that this program works with.
pub fn current() -> u32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The version of the database: 0 if nothing is installed.
///
/// # Errors
/// The server's, except for a table that is missing.
pub fn version(conn: &mut Conn) -> Result<u32> {
    const FORBIDDEN: u16 = 1142;
    match conn.query_first::<Option<u32>, _>("SELECT MAX(version) FROM sessionstat_schema") {
        Ok(version) => Ok(version.flatten().unwrap_or(0)),
        Err(::mysql::Error::MySqlError(error)) if error.code == FORBIDDEN => Err(Failure::new(
            Status::Config,
            format!(
                "this account may not read the version of the tables ({}): load etc/schema/*.sql, then etc/grants.sql, with one that may",
                error.message
            ),
        )),
        Err(::mysql::Error::MySqlError(error)) if error.code == NO_SUCH_TABLE => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that the tables are those of [`current`]: creates or migrates them if they are missing or old.
///
/// # Errors
/// [`Status::Config`] if the account may not create tables that are missing (the message says which files to load), or if
/// the database is newer than this program; [`Status::Busy`] if another run is at it for longer than `[mysql] retry_for`.
pub fn ensure(server: &Server, lock_dir: &Path) -> Result<()> {
    if is_current(server)? { Ok(()) } else { install(server, lock_dir) }
}

/// Fails if the tables are not those of [`current`]. For runs that must change nothing.
///
/// # Errors
/// [`Status::Config`] with what to do.
pub fn require(server: &Server) -> Result<()> {
    if is_current(server)? {
        return Ok(());
    }
    Err(Failure::new(
        Status::Config,
        format!(
            "the tables of {} are missing or older than version {}; run this command with --init-db first",
            server.label(),
            current()
        ),
    ))
}

/// Whether the tables are those of [`current`]; else they are missing or older.
fn is_current(server: &Server) -> Result<bool> {
    let version = Link::new(server).run(version)?;
    if version > current() {
        return Err(Failure::new(
            Status::Config,
            format!(
                "the tables of {} have version {version}, this program knows {}; install the newer sessionstat on this host, too",
                server.label(),
                current()
            ),
        ));
    }
    Ok(version == current())
}

/// Creates or migrates the tables, under a lock of this host in `lock_dir` and a lease among all hosts.
///
/// # Errors
/// Those of [`ensure`].
fn install(server: &Server, lock_dir: &Path) -> Result<()> {
    let mut link = Link::new(server);
    link.run(|conn| {
        let lock = LockFile::take(lock_dir, JOB).map_err(Failure::that_passes)?;
        apply(conn, GROUND)?;
        let lease = Lease::of_job(JOB, &lock)?;
        lease.take(conn).map_err(Failure::that_passes)?;
        let migrated = migrate(conn, server);
        let released = lease.release(conn);
        migrated.and(released)
    })
}

fn migrate(conn: &mut Conn, server: &Server) -> Result<()> {
    let from = version(conn)?;
    refuse_foreign(conn, server)?;
    for migration in MIGRATIONS.iter().filter(|step| step.version > from) {
        log::info!("applying {} to {}", migration.file, server.label());
        apply(conn, migration.sql)?;
    }
    Ok(())
}

/// EPNadmin's script made a table of the same name: it must not pass for ours.
fn refuse_foreign(conn: &mut Conn, server: &Server) -> Result<()> {
    const UNKNOWN_COLUMN: u16 = 1054;
    match conn.query_drop("SELECT id, seen_at, server, login, machine, ip FROM users_temp LIMIT 0") {
        Err(::mysql::Error::MySqlError(error)) if error.code == UNKNOWN_COLUMN => Err(Failure::new(
            Status::Config,
            format!(
                "the table users_temp of {} is not sessionstat's: rename it (RENAME TABLE users_temp TO users_temp_old), then run this again",
                server.label()
            ),
        )),
        Err(::mysql::Error::MySqlError(error)) if error.code == NO_SUCH_TABLE => Ok(()),
        other => Ok(other?),
    }
}

/// Runs the statements of a file: each ends with a semicolon at the end of a line.
fn apply(conn: &mut Conn, file: &str) -> Result<()> {
    /// The account may not use the database, not run this statement on a table, or not at all; or it may not make
    /// triggers on a server with a binary log.
    const FORBIDDEN: [u16; 4] = [1044, 1142, 1227, 1419];
    for statement in statements(file) {
        match conn.query_drop(statement) {
            Err(::mysql::Error::MySqlError(error)) if FORBIDDEN.contains(&error.code) => {
                return Err(Failure::new(
                    Status::Config,
                    format!(
                        "this account may not create the tables ({}): load etc/schema/*.sql, 000-versions.sql to {}, with one that may",
                        error.message,
                        MIGRATIONS.last().map_or("", |migration| migration.file)
                    ),
                ));
            }
            other => other?,
        }
    }
    Ok(())
}

fn statements(file: &str) -> impl Iterator<Item = &str> {
    file.split(";\n").map(str::trim).filter(|statement| {
        statement.lines().any(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_numbered_without_a_hole_and_record_their_version() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version as usize, index + 1);
            assert!(migration.file.starts_with(&format!("{:03}-", migration.version)));
            let last = statements(migration.sql).last().unwrap();
            assert!(
                last.contains(&format!("VALUES ({}, ", migration.version)),
                "{} must end by recording its version",
                migration.file
            );
        }
    }

    #[test]
    fn statements_end_with_a_semicolon_at_the_end_of_a_line() {
        let found: Vec<_> = statements("-- only a comment;\n\nSELECT ';';\n-- why\nSELECT 2;\n").collect();
        assert_eq!(found, ["SELECT ';'", "-- why\nSELECT 2"]);
    }
}
