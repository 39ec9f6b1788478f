-- One database account for each command and for the web site, with only what it needs. MariaDB 10.5 or later, MySQL 8.
--
-- 1. Make the database and its tables first (a right on a table that is missing is refused). As root on the database
--    server, where root needs no password on the socket (Debian):
--      mariadb -e 'CREATE DATABASE sessionstat CHARACTER SET utf8mb4'
--      SESSIONSTAT_MYSQL_URL='mysql://root@localhost/sessionstat?socket=/run/mysqld/mysqld.sock' epn-ingest --init-db
--    or, without the command: cat etc/schema/*.sql | mariadb sessionstat
-- 2. Load this file: mariadb < etc/grants.sql
--    Another database: sed 's/ON sessionstat\./ON other_name./' etc/grants.sql | mariadb
--    An account that connects from another host:
--      sed "s/'samba_snapshot'@'localhost'/'samba_snapshot'@'192.0.2.7'/" etc/grants.sql | mariadb
--    Connections over the network are not encrypted: let them pass through a trusted network or a tunnel only.
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
-- It puts rows into the queue. It reads nothing: whoever breaks into a Samba server learns nothing of the others.
GRANT INSERT ON sessionstat.users_temp TO 'samba_snapshot'@'localhost';

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

-- stats-report ------------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'stats_report'@'localhost' ACCOUNT LOCK;

-- It reads only.
GRANT SELECT ON sessionstat.sessionstat_schema TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.users_temp TO 'stats_report'@'localhost';
-- When each server was last heard of, not who was connected.
GRANT SELECT (server, seen_at) ON sessionstat.users_log TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_room TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_computer TO 'stats_report'@'localhost';
GRANT SELECT (id, login, is_staff, credit_minutes, workshop_credits)
  ON sessionstat.epn_user TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_workshop TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_attendance TO 'stats_report'@'localhost';
GRANT SELECT ON sessionstat.epn_booking TO 'stats_report'@'localhost';
-- Whose e-mail belongs to a number in the counters of logins. It sees neither names nor passwords.
GRANT SELECT (id, email) ON sessionstat.utilisateurs TO 'stats_report'@'localhost';

-- the web front end -------------------------------------------------------------------------------------------------

CREATE USER IF NOT EXISTS 'sessionstat_web'@'localhost' ACCOUNT LOCK;

-- It finds users, adds them, and gives a user's password a stronger hash. It deletes nobody.
GRANT SELECT (id, nom, prenom, email, mot_de_passe), INSERT (nom, prenom, email, mot_de_passe), UPDATE (mot_de_passe)
  ON sessionstat.utilisateurs TO 'sessionstat_web'@'localhost';
