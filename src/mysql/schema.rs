//! The tables: numbered files of `etc/schema/`, compiled in, applied in order, each once.
//!
//! Every statement may be run again: a migration that was cut half way is simply repeated.

use ::mysql::{Conn, prelude::Queryable};

use super::{Link, Server, lease::Lease};
use crate::failure::{Failure, Result, Status};

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
];

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
    const NO_SUCH_TABLE: u16 = 1146;
    match conn.query_first::<Option<u32>, _>("SELECT MAX(version) FROM sessionstat_schema") {
        Ok(version) => Ok(version.flatten().unwrap_or(0)),
        Err(::mysql::Error::MySqlError(error)) if error.code == NO_SUCH_TABLE => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that the tables are those of [`current`]: creates or migrates them if they are missing or old.
///
/// # Errors
/// [`Status::Config`] if the account may not create tables (the message says which files to load), or if the
/// database is newer than this program.
pub fn ensure(server: &Server) -> Result<()> {
    if is_current(server)? { Ok(()) } else { install(server) }
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

/// Creates or migrates the tables.
///
/// # Errors
/// Those of [`ensure`]; [`Status::Busy`] if another host is at it.
pub fn install(server: &Server) -> Result<()> {
    let mut link = Link::new(server);
    let installed = link.run(|conn| {
        apply(conn, GROUND)?;
        let lease = Lease::of_migration();
        lease.take(conn).map_err(Failure::that_passes)?;
        let from = version(conn)?;
        for migration in MIGRATIONS.iter().filter(|step| step.version > from) {
            log::info!("applying {} to {}", migration.file, server.label());
            apply(conn, migration.sql)?;
        }
        lease.release(conn)
    });
    installed.map_err(|failure| {
        if failure.status() != Status::Config {
            return failure.context("creating the tables");
        }
        failure.context(format!(
            "this account cannot create the tables: load etc/schema/*.sql (000-versions.sql to {}) into {} with an account that may",
            MIGRATIONS.last().map_or("", |migration| migration.file),
            server.label()
        ))
    })
}

/// Runs the statements of a file: each ends with a semicolon at the end of a line.
fn apply(conn: &mut Conn, file: &str) -> Result<()> {
    for statement in statements(file) {
        conn.query_drop(statement)?;
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
