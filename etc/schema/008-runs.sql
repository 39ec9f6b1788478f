-- How the commands ran. Each run that reached the database leaves its traces in one row when it ends.

CREATE TABLE IF NOT EXISTS sessionstat_run (
  command      varchar(64) NOT NULL,
  host         varchar(255) NOT NULL COMMENT 'where it ran; of samba-snapshot: the name of the Samba server',
  started_at   datetime NOT NULL COMMENT 'UTC, begin of the last run',
  duration_ms  int unsigned NOT NULL,
  status       tinyint unsigned NOT NULL COMMENT 'its exit status',
  succeeded_at datetime NULL COMMENT 'UTC, begin of the last run with status 0; NULL: there was none',
  runs         bigint unsigned NOT NULL COMMENT 'all so far',
  failures     bigint unsigned NOT NULL COMMENT 'those with another status than 0',
  counts       varchar(1000) NOT NULL COMMENT 'what the last run did, as JSON',
  PRIMARY KEY (command, host)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='The last run of each command on each host';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (8, '008-runs.sql', UTC_TIMESTAMP());
