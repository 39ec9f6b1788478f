//! A small public space: three opening days of twelve machines, with bookings, workshops and strangers.

use mysql::prelude::Queryable;

use crate::support::Database;

/// The evening of the last day.
pub const EVENING: &str = "2026-03-12T20:00:00Z";

const SPACE: [&str; 8] = [
    "INSERT INTO epn_room (id, name) SELECT seq, CONCAT('salle ', seq) FROM seq_1_to_3",
    "INSERT INTO epn_computer (id, netbios_name, room_id) SELECT seq, CONCAT('POSTE-', seq), 1 + seq % 3 FROM seq_1_to_12",
    "INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) \
     SELECT seq, CONCAT('usager', seq), IF(seq % 7, 600, NULL), IF(seq % 5, 10, NULL) FROM seq_1_to_18",
    "INSERT INTO epn_workshop (room_id, starts_at, ends_at, capacity) \
     SELECT 1 + seq % 2, '2026-03-10 13:00:00' + INTERVAL seq DAY, '2026-03-10 15:00:00' + INTERVAL seq DAY, 5 \
     FROM seq_0_to_2",
    "INSERT INTO epn_attendance (workshop_id, user_id) SELECT w.seq, u.seq FROM seq_1_to_3 w, seq_1_to_18 u \
     WHERE (w.seq + u.seq) % 5 = 0",
    "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at) \
     SELECT 1 + seq % 12, 1 + seq * 7 % 18, '2026-03-10 09:00:00' + INTERVAL seq % 3 DAY + INTERVAL seq % 8 HOUR, \
     '2026-03-10 10:00:00' + INTERVAL seq % 3 DAY + INTERVAL seq % 8 HOUR FROM seq_1_to_20",
    "INSERT INTO users_temp (seen_at, server, login, machine) SELECT \
     '2026-03-10 08:00:00' + INTERVAL seq DIV 12 DIV 20 DAY + INTERVAL seq DIV 12 % 20 * 10 MINUTE, 'nas', \
     CONCAT('usager', 1 + (seq % 12 * 3 + seq DIV 60 * 7) % 18), CONCAT('POSTE-', 1 + seq % 12) FROM seq_0_to_719",
    "INSERT INTO users_temp (seen_at, server, login, machine) SELECT '2026-03-11 10:00:00' + INTERVAL seq MINUTE, 'nas', \
     CONCAT('inconnu', seq), 'POSTE-1' FROM seq_1_to_8",
];

/// Fills empty tables.
pub fn fill(database: &Database) {
    let mut conn = database.conn();
    SPACE.iter().for_each(|step| conn.query_drop(step).unwrap());
}

/// What epn-ingest leaves: without the ids that a rolled-back transaction uses up, and the moments of runs.
pub const LEFT: [&str; 10] = [
    "SELECT login, credit_minutes, workshop_credits FROM epn_user",
    "SELECT user_id, computer_id, starts_at, ends_at, status, source, verified FROM epn_booking",
    "SELECT u.user_id, u.computer_id, u.first_seen, u.last_seen, b.starts_at, b.ends_at \
     FROM epn_use u JOIN epn_booking b ON b.id = u.booking_id",
    "SELECT user_id, day_begins, computer_id, HEX(minutes) FROM epn_presence",
    "SELECT l.user_id, l.kind, SUM(l.delta), b.computer_id, b.starts_at, l.workshop_id FROM epn_credit_ledger l \
     LEFT JOIN epn_booking b ON b.id = l.booking_id GROUP BY 1, 2, 4, 5, 6",
    "SELECT seen_at, server, login, machine, ip FROM users_log",
    "SELECT seen_at, server, login, machine, ip FROM users_temp",
    "SELECT a.workshop_id, a.user_id, a.status, a.source, s.seen_at FROM epn_attendance a \
     LEFT JOIN epn_workshop_seen s USING (workshop_id, user_id)",
    "SELECT year, user_id, HEX(uses), runs_until FROM epn_history",
    "SELECT 'stale', COUNT(*) FROM epn_history_stale",
];
