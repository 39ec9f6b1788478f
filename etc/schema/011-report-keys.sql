-- Keys for what stats-report asks each time, so that it takes as long after years as on the first day.

-- The last snapshot of each server: one jump a server.
SET @has = (SELECT COUNT(*) FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name = 'users_log' AND index_name = 'last_of_server');
SET @change = IF(@has, 'DO 0', 'ALTER TABLE users_log ADD KEY last_of_server (server, seen_at)');
PREPARE change_table FROM @change;
EXECUTE change_table;

-- Whether there are heartbeats at all. Where there are some, the first is soon found by its time.
SET @has = (SELECT COUNT(*) FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name = 'moodle_session' AND index_name = 'beats');
SET @change = IF(@has, 'DO 0', 'ALTER TABLE moodle_session ADD KEY beats (heartbeats)');
PREPARE change_table FROM @change;
EXECUTE change_table;

-- The last slot at the limit. The tables of an ILIAS, whose session records are not numbered, stay as they are.
SET @ours = (SELECT COUNT(*) FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name = 'usr_session_stats_raw' AND column_name = 'seq');
SET @has = (SELECT COUNT(*) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = 'usr_session_stats' AND column_name = 'at_limit_until');
SET @change = IF(@has OR NOT @ours, 'DO 0',
  'ALTER TABLE usr_session_stats
     ADD COLUMN at_limit_until bigint AS (IF(max_sessions > 0 AND active_max >= max_sessions, slot_end, NULL))
       VIRTUAL INVISIBLE COMMENT ''its last second, if it was at the limit'',
     ADD KEY at_limit (at_limit_until)');
PREPARE change_table FROM @change;
EXECUTE change_table;

-- A table that is older than the triggers of 010-epn-history.sql, which fill this column: load that file again.
SET @has = (SELECT COUNT(*) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = 'epn_history_stale' AND column_name = 'since');
SET @change = IF(@has, 'DO 0',
  'ALTER TABLE epn_history_stale
     ADD COLUMN since datetime NULL COMMENT ''what ended before it is packed as it was; NULL: nothing need be''');
PREPARE change_table FROM @change;
EXECUTE change_table;
DEALLOCATE PREPARE change_table;

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (11, '011-report-keys.sql', UTC_TIMESTAMP());
