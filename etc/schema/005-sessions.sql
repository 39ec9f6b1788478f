-- Session records and their statistics. Names and columns of the three usr_session_* tables are ILIAS's; times are
-- seconds since 1970. Where the database is an ILIAS's, its tables stay as they are.

-- ILIAS 10 has no usr_session_log: none is made beside session records that are not ours.
SET @usr_session_log = IF(
  EXISTS (SELECT * FROM information_schema.tables
          WHERE table_schema = DATABASE() AND table_name = 'usr_session_stats_raw'),
  'DO 0',
  'CREATE TABLE IF NOT EXISTS usr_session_log (
     tstamp  bigint NOT NULL,
     maxval  int NOT NULL COMMENT ''most sessions from then on; 0: no limit'',
     user_id bigint NOT NULL COMMENT ''who set it'',
     PRIMARY KEY (tstamp, maxval, user_id)
   ) ENGINE=InnoDB COMMENT=''The limit of sessions and its changes''');
PREPARE usr_session_log FROM @usr_session_log;
EXECUTE usr_session_log;
DEALLOCATE PREPARE usr_session_log;

CREATE TABLE IF NOT EXISTS usr_session_stats (
  slot_begin        bigint NOT NULL,
  slot_end          bigint NOT NULL COMMENT 'last second of the slot',
  active_min        int NULL,
  active_max        int NULL,
  active_avg        decimal(12,4) NULL,
  active_end        int NULL COMMENT 'sessions in the last second',
  opened            int NULL,
  closed_manual     int NULL,
  closed_expire     int NULL,
  closed_idle       int NULL,
  closed_idle_first int NULL,
  closed_limit      int NULL,
  closed_login      int NULL,
  max_sessions      int NULL COMMENT 'the limit; 0: none',
  closed_misc       int NULL DEFAULT 0,
  PRIMARY KEY (slot_begin),
  KEY i1_idx (slot_end)
) ENGINE=InnoDB COMMENT='Statistics of sessions in slots of 15 minutes';

-- An id that is used again is another session: ILIAS's key, the id alone, would have it erase the first.
CREATE TABLE IF NOT EXISTS usr_session_stats_raw (
  session_id  varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  type        smallint NOT NULL COMMENT '3: user, 4: anonymous; others do not count',
  start_time  bigint NOT NULL,
  end_time    bigint NULL COMMENT 'first second after it; NULL: open',
  end_context smallint NULL COMMENT 'why it ended: 1 user, 2 expire, 3 first, 4 idle, 5 limit, 6 login, others: misc',
  user_id     bigint NOT NULL,
  seq         bigint unsigned NOT NULL AUTO_INCREMENT INVISIBLE COMMENT 'order of arrival: finds late rows',
  PRIMARY KEY (seq),
  UNIQUE KEY session (session_id, start_time),
  KEY begins (start_time, end_time, type, end_context),
  KEY ends (end_time, start_time, type, end_context)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='Session records';

-- What session-aggregate remembers for itself.

CREATE TABLE IF NOT EXISTS session_progress (
  job           tinyint unsigned NOT NULL COMMENT 'always 1: there is one row',
  right_until   bigint NULL COMMENT 'slots that end until then hold what was known at the last run',
  complete_from bigint NULL COMMENT 'before it, session records have been deleted',
  seen_seq      bigint unsigned NULL COMMENT 'session records until here have been read',
  tail          varchar(64) NULL COMMENT 'digest of the last records read: one that arrives among them is noticed',
  limits        varchar(64) NULL COMMENT 'digest of the limits read',
  verified_on   date NULL COMMENT 'the day (UTC) on which all that can be was computed anew',
  from_oldest   boolean NOT NULL DEFAULT 0 COMMENT 'the statistics begin with the oldest record, not where ILIAS began',
  PRIMARY KEY (job)
) ENGINE=InnoDB COMMENT='How far session-aggregate is';

CREATE TABLE IF NOT EXISTS session_open (
  seq        bigint unsigned NOT NULL,
  start_time bigint NOT NULL,
  PRIMARY KEY (seq)
) ENGINE=InnoDB COMMENT='The session records that were open when they were last read';

CREATE TABLE IF NOT EXISTS session_at_limit (
  begins_at  bigint NOT NULL,
  ends_at    bigint NOT NULL COMMENT 'first second after it',
  slot_begin bigint NOT NULL COMMENT 'the slot in which all of it lies',
  PRIMARY KEY (begins_at),
  KEY slot (slot_begin)
) ENGINE=InnoDB COMMENT='When as many sessions were active as the limit allows, or more';

CREATE TABLE IF NOT EXISTS session_expiry (
  session_id varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  expires    bigint NOT NULL COMMENT 'the session ends then, unless its user does something',
  PRIMARY KEY (session_id),
  KEY expires (expires)
) ENGINE=InnoDB COMMENT='Live sessions of the web front end';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (5, '005-sessions.sql', UTC_TIMESTAMP());
