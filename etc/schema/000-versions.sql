-- What the migrations themselves need.

CREATE TABLE IF NOT EXISTS sessionstat_schema (
  version    int unsigned NOT NULL,
  file       varchar(64) NOT NULL,
  applied_at datetime NOT NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The files of etc/schema that were applied';

CREATE TABLE IF NOT EXISTS sessionstat_lease (
  job        varchar(64) NOT NULL,
  holder     varchar(255) NOT NULL COMMENT 'one run: host/pid/start',
  host       varchar(255) NOT NULL,
  lock_file  varchar(255) NOT NULL COMMENT 'who holds this lock file may take the lease over',
  expires_at datetime(6) NOT NULL COMMENT 'UTC, by the clock of the server',
  PRIMARY KEY (job)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Who does which job now';
