-- The snapshots of connected users, and the connection record.

CREATE TABLE IF NOT EXISTS users_temp (
  id      bigint unsigned NOT NULL AUTO_INCREMENT,
  seen_at datetime NOT NULL COMMENT 'UTC, time of the run',
  server  varchar(64) NOT NULL COMMENT 'Samba server',
  login   varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  machine varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'NetBIOS name; empty where only the address is known',
  ip      varchar(45) NULL,
  -- NULL is never equal to NULL: the key needs the address as a plain text. It belongs to the key because a person
  -- may be connected from two workstations of which only the addresses are known.
  address varchar(45) AS (IFNULL(ip, '')) VIRTUAL,
  PRIMARY KEY (id),
  UNIQUE KEY sighting (server, seen_at, login, machine, address)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Queue: connected users, from samba-snapshot to epn-ingest';

CREATE TABLE IF NOT EXISTS users_log (
  id          bigint unsigned NOT NULL AUTO_INCREMENT,
  seen_at     datetime NOT NULL COMMENT 'UTC',
  server      varchar(64) NOT NULL,
  login       varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  machine     varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  ip          varchar(45) NULL,
  ingested_at datetime NOT NULL COMMENT 'UTC, time of the run of epn-ingest',
  address     varchar(45) AS (IFNULL(ip, '')) VIRTUAL,
  PRIMARY KEY (id),
  UNIQUE KEY sighting (seen_at, server, login, machine, address)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Connection record, kept for [epn] keep_log';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (1, '001-samba.sql', UTC_TIMESTAMP());
