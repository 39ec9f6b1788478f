//! A public space with all that a report has to tell apart, in a database of its own.

use crate::support::{Database, MariaDb, Tool};

/// Tuesday evening, half an hour after the last snapshot.
pub const NOW: &str = "2026-03-10T20:00:00+01:00";

/// That Tuesday, in UTC: 2026-03-09 23:00 to 2026-03-10 23:00.
pub const DAY: [&str; 2] = ["--from=2026-03-10", "--to=2026-03-10"];

const CONTENT: &str = r"
SET time_zone = '+00:00';
INSERT INTO epn_room (id, name) VALUES (1, 'Espace libre'), (2, 'Studio'), (3, 'Réserve');
INSERT INTO epn_computer (id, netbios_name, room_id) VALUES
  (1, 'POSTE-01', 1), (2, 'POSTE-02', 1), (3, 'STUDIO-1', 2), (4, 'PORTABLE', NULL);
INSERT INTO epn_user (id, login, is_staff, credit_minutes, workshop_credits) VALUES
  (1, 'amina', 0, 60, NULL), (2, 'bruno', 0, -1025, NULL), (3, 'chloé', 0, 0, -1),
  (4, 'equipe', 1, NULL, NULL), (5, 'twin', 0, NULL, NULL), (6, 'TWIN', 0, NULL, NULL);

INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, verified) VALUES
  -- half an hour of it lies in the day
  (1, 1, '2026-03-09 22:30', '2026-03-09 23:30', 'used', 0),
  (1, 2, '2026-03-10 09:00', '2026-03-10 10:15', 'used', 1),
  (2, 1, '2026-03-10 10:00', '2026-03-10 10:20', 'used', 0),
  -- one hour of it lies in the day
  (3, 3, '2026-03-10 22:00', '2026-03-11 00:30', 'used', 0),
  (4, 2, '2026-03-10 14:00', '2026-03-10 14:45', 'used', 0),
  -- a machine and a person that were removed
  (99, 77, '2026-03-10 15:00', '2026-03-10 15:06', 'used', 1),
  -- none of these is a use of the day
  (2, 3, '2026-03-10 12:00', '2026-03-10 13:00', 'cancelled', 0),
  (2, 3, '2026-03-10 13:00', '2026-03-10 14:00', 'booked', 0),
  (1, 1, '2026-03-09 22:00', '2026-03-09 23:00', 'used', 0),
  (1, 1, '2026-03-10 23:00', '2026-03-10 23:30', 'used', 0);

INSERT INTO epn_workshop (id, title, starts_at, ends_at, capacity, status) VALUES
  (1, 'Premiers pas', '2026-03-10 09:00', '2026-03-10 11:00', 2, 'open'),
  (2, 'Photo 写真\u202e', '2026-03-10 22:30', '2026-03-11 00:30', NULL, 'closed'),
  (3, 'Annulé', '2026-03-10 13:00', '2026-03-10 14:00', 5, 'cancelled'),
  (4, 'La veille', '2026-03-09 21:00', '2026-03-09 23:00', 5, 'closed');
INSERT INTO epn_attendance (workshop_id, user_id, status) VALUES
  (1, 1, 'present'), (1, 2, 'present'), (1, 3, 'registered'), (1, 5, 'waiting'), (1, 6, 'cancelled'),
  (3, 1, 'registered'), (4, 1, 'present');

INSERT INTO users_temp (seen_at, server, login, machine, ip) VALUES
  ('2026-03-10 18:20', 'serveur1', 'zoé', 'POSTE-01', NULL),
  ('2026-03-10 18:25', 'serveur1', 'zoé', 'POSTE-01', NULL),
  ('2026-03-10 18:25', 'serveur2', 'amina', 'POSTE-99', '10.0.0.99'),
  ('2026-03-10 18:25', 'serveur2', 'bad\x1b[31m\nlogin', '', '10.0.0.66'),
  ('2026-03-10 18:25', 'serveur1', 'Twin', 'poste-01', NULL),
  ('2025-12-24 10:00', 'serveur1', 'vieux', 'POSTE-02', NULL),
  -- these match: the first waits for epn-ingest, the second for nothing
  ('2026-03-10 18:30', 'serveur1', 'EPN\\Amina', 'poste-01$', NULL),
  ('2026-03-10 18:30', 'serveur1', 'equipe', 'ACCUEIL', NULL),
  -- from a clock that is ahead
  ('2026-03-10 19:30', 'serveur1', 'zoé', 'POSTE-01', NULL);
INSERT INTO users_log (seen_at, server, login, machine, ip, ingested_at) VALUES
  ('2026-03-10 18:50', 'serveur2', 'amina', 'POSTE-01', NULL, '2026-03-10 19:00'),
  ('2026-03-01 10:00', 'serveur3', 'amina', 'POSTE-01', NULL, '2026-03-01 10:10'),
  ('2025-11-01 10:00', 'serveur-parti', 'amina', 'POSTE-01', NULL, '2025-11-01 10:10');
";

/// A database with the tables and nothing in them.
#[track_caller]
pub fn empty() -> Database {
    let database = MariaDb::shared().database();
    report(&database).arg("--init-db").run().silent();
    database
}

/// A database with the space.
#[track_caller]
pub fn filled() -> Database {
    let database = empty();
    // The characters that a string of SQL cannot write down.
    database.run(&CONTENT.replace(r"\x1b", "\u{1b}").replace(r"\u202e", "\u{202e}"));
    database
}

/// stats-report in Paris on the evening of [`NOW`]; nobody waits for Redis.
pub fn report(database: &Database) -> Tool {
    report_at(database, NOW)
}

/// The same at another moment.
pub fn report_at(database: &Database, now: &str) -> Tool {
    Tool::new("stats-report")
        .url(database)
        .env("SESSIONSTAT_REDIS_URL", "redis+unix:///nowhere/redis.sock")
        .env("LC_ALL", "C.UTF-8")
        .config("general.timezone = \"Europe/Paris\"\nmysql.retry_for = \"10s\"\n")
        .arg("--now")
        .arg(now)
}

/// The version that the server tells, as reports tell it.
pub fn mysql_version(database: &Database) -> String {
    database.value("SELECT VERSION()")
}

/// The version of the tables.
pub fn schema_version(database: &Database) -> String {
    database.value("SELECT MAX(version) FROM sessionstat_schema")
}
