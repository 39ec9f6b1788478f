-- One database account for each command and for the web site, with only what it needs. MariaDB 10.5 or later, MySQL 8.
--
-- 1. Make the database and its tables first (a right on a table that is missing is refused). As root on the database
--    server, where root needs no password on the socket (Debian):
--      mariadb -e 'CREATE DATABASE sessionstat CHARACTER SET utf8mb4'
--      SESSIONSTAT_MYSQL_URL='mysql://root@localhost/sessionstat?socket=/run/mysqld/mysqld.sock' epn-ingest --init-db
--    or, without the command: cat etc/schema/*.sql | mariadb sessionstat
--    The account that makes the tables also makes triggers, which need it for as long as there are bookings: take one
--    that stays, such as root.
-- 2. Load this file: mariadb < etc/grants.sql
--    Another database: sed 's/ON sessionstat\./ON other_name./' etc/grants.sql | mariadb
--    An account that connects from another host:
--      sed "s/'samba_snapshot'@'localhost'/'samba_snapshot'@'192.0.2.7'/" etc/grants.sql | mariadb
--    Over the network, connections are encrypted where [mysql] tls = true. What the server must offer for that, and the
--    account refuse to do without:
--      ALTER USER 'samba_snapshot'@'192.0.2.7' REQUIRE SSL;
-- 3. The accounts are locked until they have a password each:
--      ALTER USER 'samba_snapshot'@'localhost' IDENTIFIED BY '...' ACCOUNT UNLOCK;
--    It belongs into a file that only the command's user can read, named by [mysql] password_file; the account's name
--    belongs into [mysql] url. A command that runs as a system user of its own needs no password if its account has
--    the name of that user (MariaDB: IDENTIFIED VIA unix_socket, MySQL: IDENTIFIED WITH auth_socket).
--    Where the server refuses accounts without a password (error 1819), make them before step 2 with
--      CREATE USER 'samba_snapshot'@'localhost' IDENTIFIED BY '...';
--
-- The file may be loaded again after an update; accounts that exist keep their passwords. No account may create or
-- change tables: after an update that brings new tables, repeat step 1 (--init-db) and load this file again.

-- samba-snapshot ----------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'samba_snapshot'@'localhost' ACCOUNT LOCK;

-- Whether the tables are there, and of which version.
GRANT SELECT ON sessionstat.sessionstat_schema TO 'samba_snapshot'@'localhost';
-- It puts rows into the queue. It cannot read them: whoever breaks into a Samba server learns nothing of the others.
GRANT INSERT ON sessionstat.users_temp TO 'samba_snapshot'@'localhost';
-- At its end it notes how it ran. (MariaDB asks for the right to read what is changed in a row that may be there
-- already.) Without these rights it runs all the same, with a warning.
GRANT SELECT, INSERT, UPDATE ON sessionstat.sessionstat_run TO 'samba_snapshot'@'localhost';

-- epn-ingest --------------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'epn_ingest'@'localhost' ACCOUNT LOCK;

GRANT SELECT ON sessionstat.sessionstat_schema TO 'epn_ingest'@'localhost';
-- Its lease: one row, which it takes, makes last and gives back.
GRANT SELECT, INSERT, UPDATE (holder, host, lock_file, expires_at)
  ON sessionstat.sessionstat_lease TO 'epn_ingest'@'localhost';

-- It takes rows out of the queue ...
GRANT SELECT, DELETE ON sessionstat.users_temp TO 'epn_ingest'@'localhost';
-- ... into the connection record, from which it deletes what is too old. It cannot read who was connected, nor change it.
GRANT SELECT (seen_at), INSERT, DELETE ON sessionstat.users_log TO 'epn_ingest'@'localhost';

-- The space, as staff keep it. It does not see what people are called.
GRANT SELECT ON sessionstat.epn_computer TO 'epn_ingest'@'localhost';
GRANT SELECT ON sessionstat.epn_workshop TO 'epn_ingest'@'localhost';
GRANT SELECT ON sessionstat.epn_workshop_computer TO 'epn_ingest'@'localhost';
GRANT SELECT ON sessionstat.epn_closed_day TO 'epn_ingest'@'localhost';
-- Balances are the only thing about people that it changes.
GRANT SELECT (id, login, is_staff, credit_minutes, workshop_credits), UPDATE (credit_minutes, workshop_credits)
  ON sessionstat.epn_user TO 'epn_ingest'@'localhost';
-- Each change of a balance is written down for good: no account of a command can change or delete it.
GRANT INSERT ON sessionstat.epn_credit_ledger TO 'epn_ingest'@'localhost';

-- It puts people on attendance lists and makes them present; it takes nobody off.
GRANT SELECT, INSERT, UPDATE ON sessionstat.epn_attendance TO 'epn_ingest'@'localhost';
-- It makes uses, gives them other times, and deletes those of its own that it merges. It cannot verify them. (MariaDB
-- asks for the right to change each column that an INSERT ... ON DUPLICATE KEY UPDATE names; only the times and the
-- status are ever changed.)
GRANT SELECT, INSERT, UPDATE (id, computer_id, user_id, starts_at, ends_at, status), DELETE
  ON sessionstat.epn_booking TO 'epn_ingest'@'localhost';

-- What it remembers for itself.
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.epn_presence TO 'epn_ingest'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.epn_use TO 'epn_ingest'@'localhost';
GRANT SELECT, INSERT ON sessionstat.epn_workshop_seen TO 'epn_ingest'@'localhost';
-- The uses of a year, packed for reports, and of whom they are not up to date.
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.epn_history TO 'epn_ingest'@'localhost';
GRANT SELECT, INSERT, DELETE ON sessionstat.epn_history_stale TO 'epn_ingest'@'localhost';
-- How it ran, as above.
GRANT SELECT, INSERT, UPDATE ON sessionstat.sessionstat_run TO 'epn_ingest'@'localhost';

-- session-aggregate -------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'session_aggregate'@'localhost' ACCOUNT LOCK;

GRANT SELECT ON sessionstat.sessionstat_schema TO 'session_aggregate'@'localhost';
-- Its lease, as above.
GRANT SELECT, INSERT, UPDATE (holder, host, lock_file, expires_at)
  ON sessionstat.sessionstat_lease TO 'session_aggregate'@'localhost';

-- It records that sessions begin and end, counts them, and deletes what is old. (As above, MariaDB asks for the right to
-- change each column of a record that may be there already; only ends are changed, and in an ILIAS's table ids.)
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.usr_session_stats_raw TO 'session_aggregate'@'localhost';
-- The statistics: it writes slots again, and takes those away that overlap others.
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.usr_session_stats TO 'session_aggregate'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.session_at_limit TO 'session_aggregate'@'localhost';
-- Limits are added, and stay.
GRANT SELECT, INSERT ON sessionstat.usr_session_log TO 'session_aggregate'@'localhost';

-- Which sessions live: it takes those away that have expired.
GRANT SELECT, DELETE ON sessionstat.session_expiry TO 'session_aggregate'@'localhost';
-- Uses of machines: of whom, and when, but not where.
GRANT SELECT (id, user_id, starts_at, ends_at, status) ON sessionstat.epn_booking TO 'session_aggregate'@'localhost';
GRANT SELECT (booking_id, last_seen, settle_at) ON sessionstat.epn_use TO 'session_aggregate'@'localhost';
-- The log of sites without a Moodle: who did what kind of thing in which course, and when, but not from which address.
GRANT SELECT (id, userid, courseid, component, action, target, timecreated, origin, realuserid)
  ON sessionstat.event_log TO 'session_aggregate'@'localhost';
-- Time online, made of it. A row that comes late makes sessions of its user be deleted and written again.
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.moodle_session TO 'session_aggregate'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.moodle_session_course TO 'session_aggregate'@'localhost';

-- What it remembers for itself.
GRANT SELECT, INSERT, UPDATE ON sessionstat.session_progress TO 'session_aggregate'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.session_open TO 'session_aggregate'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.moodle_progress TO 'session_aggregate'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.moodle_user TO 'session_aggregate'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.moodle_later TO 'session_aggregate'@'localhost';
-- How it ran, as above.
GRANT SELECT, INSERT, UPDATE ON sessionstat.sessionstat_run TO 'session_aggregate'@'localhost';

-- In the database of an ILIAS it also has to see which sessions live. The table is ILIAS's, and stays as it is. Without
-- this right, live sessions would pass for old ones:
--   GRANT SELECT (session_id, expires) ON sessionstat.usr_session TO 'session_aggregate'@'localhost';
-- An ILIAS 10 has no usr_session_log: leave its line out (sed '/usr_session_log/d').

-- Of a Moodle, it has to read the log; moodle is the database, mdl_ the prefix. On another server, make the account there
-- first, for the host from which session-aggregate comes ([moodle] url, password_file). It needs nothing else there:
--   GRANT SELECT (id, userid, courseid, component, action, target, timecreated, origin, realuserid)
--     ON moodle.mdl_logstore_standard_log TO 'session_aggregate'@'localhost';

-- stats-report ------------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'stats_report'@'localhost' ACCOUNT LOCK;

-- It reads only, apart from a note that it ran. Without the right to that, it says nothing of it and goes on.
GRANT SELECT ON sessionstat.sessionstat_schema TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.users_temp TO 'stats_report'@'localhost';
-- When each server was last heard of, not who was connected.
GRANT SELECT (server, seen_at) ON sessionstat.users_log TO 'stats_report'@'localhost';
-- On which days nobody has to miss a snapshot.
GRANT SELECT (day, room_id) ON sessionstat.epn_closed_day TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_room TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_computer TO 'stats_report'@'localhost';
-- Of people their logins and balances, and what yearly figures are told by; not what they are called.
GRANT SELECT (id, login, is_staff, credit_minutes, workshop_credits, birth_year, sex, town)
  ON sessionstat.epn_user TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_workshop TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_attendance TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_booking TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_history TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_history_stale TO 'stats_report'@'localhost';
-- How many sessions there were at which time, not whose.
GRANT SELECT ON sessionstat.usr_session_stats TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.session_at_limit TO 'stats_report'@'localhost';
-- How long users of a Moodle were online and in which courses, and which settings made that; not what they did.
GRANT SELECT (user_id, session_start, elapsed, heartbeats, end_reason)
  ON sessionstat.moodle_session TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.moodle_session_course TO 'stats_report'@'localhost';
GRANT SELECT (job, parameters) ON sessionstat.moodle_progress TO 'stats_report'@'localhost';
-- How the commands ran, and itself.
GRANT SELECT, INSERT, UPDATE ON sessionstat.sessionstat_run TO 'stats_report'@'localhost';
-- Whose e-mail belongs to a number in the counters of logins. It sees neither names nor passwords.
GRANT SELECT (id, email) ON sessionstat.utilisateurs TO 'stats_report'@'localhost';

-- the web front end -------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'sessionstat_web'@'localhost' ACCOUNT LOCK;

-- It finds users, adds them, and gives a user's password a stronger hash. It deletes nobody.
GRANT SELECT (id, nom, prenom, email, mot_de_passe), INSERT (nom, prenom, email, mot_de_passe), UPDATE (mot_de_passe)
  ON sessionstat.utilisateurs TO 'sessionstat_web'@'localhost';
-- It writes down who logs in when, and when and why that ends. It cannot read who did, nor delete a record.
GRANT SELECT (session_id, start_time, end_time), INSERT (session_id, type, start_time, user_id),
    UPDATE (end_time, end_context)
  ON sessionstat.usr_session_stats_raw TO 'sessionstat_web'@'localhost';
-- It says which sessions live, and until when.
GRANT SELECT (session_id), INSERT (session_id, expires), UPDATE (expires), DELETE
  ON sessionstat.session_expiry TO 'sessionstat_web'@'localhost';
-- It notes when each user logged in, and reads that, for the home page.
GRANT SELECT (user_id, last_at, previous_at), INSERT (user_id, last_at), UPDATE (last_at, previous_at)
  ON sessionstat.user_login TO 'sessionstat_web'@'localhost';
-- It leaves traces of users, without their addresses. It cannot read them, nor change or delete any.
GRANT INSERT (eventname, component, action, target, contextlevel, contextinstanceid, userid, courseid, timecreated, origin)
  ON sessionstat.event_log TO 'sessionstat_web'@'localhost';

-- With 'epn_account' in its configuration, the home page shows users their balances in the public space, and how long
-- they used machines this week, but not which ones. Then it also needs:
--   GRANT SELECT (id, login, credit_minutes, workshop_credits)
--     ON sessionstat.epn_user TO 'sessionstat_web'@'localhost';
--   GRANT SELECT (user_id, starts_at, ends_at, status)
--     ON sessionstat.epn_booking TO 'sessionstat_web'@'localhost';
