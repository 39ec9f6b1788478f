-- What public spaces tell of their people once a year: age, sex and town. All of it may stay empty.

-- MySQL knows no ADD COLUMN IF NOT EXISTS; and software for public spaces may have such columns already.
SET @has = (SELECT COUNT(*) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = 'epn_user' AND column_name = 'birth_year');
SET @change = IF(@has, 'DO 0',
  'ALTER TABLE epn_user ADD COLUMN birth_year smallint NULL COMMENT ''NULL: unknown''');
PREPARE change_table FROM @change;
EXECUTE change_table;

SET @has = (SELECT COUNT(*) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = 'epn_user' AND column_name = 'sex');
SET @change = IF(@has, 'DO 0',
  'ALTER TABLE epn_user ADD COLUMN sex enum(''f'',''m'',''x'') NULL COMMENT ''x: neither; NULL: unknown''');
PREPARE change_table FROM @change;
EXECUTE change_table;

SET @has = (SELECT COUNT(*) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = 'epn_user' AND column_name = 'town');
SET @change = IF(@has, 'DO 0',
  'ALTER TABLE epn_user ADD COLUMN town varchar(80) NULL COMMENT ''where they live; NULL: unknown''');
PREPARE change_table FROM @change;
EXECUTE change_table;

-- The uses of a period, out of the key alone: it takes the place of the key that had their ends only.
SET @has = (SELECT COUNT(*) FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name = 'epn_booking' AND index_name = 'uses');
SET @change = IF(@has, 'DO 0',
  'ALTER TABLE epn_booking ADD KEY uses (ends_at, starts_at, status, user_id, computer_id, verified)');
PREPARE change_table FROM @change;
EXECUTE change_table;

SET @has = (SELECT COUNT(*) FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name = 'epn_booking' AND index_name = 'ending');
SET @change = IF(@has, 'ALTER TABLE epn_booking DROP KEY ending', 'DO 0');
PREPARE change_table FROM @change;
EXECUTE change_table;

-- Nearly all uses end on their day. The others have a key of their own, so that a report of a period need not look at
-- all uses after it for one that began before its end.
SET @has = (SELECT COUNT(*) FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name = 'epn_booking' AND index_name = 'long_uses');
SET @change = IF(@has, 'DO 0',
  'ALTER TABLE epn_booking
     ADD COLUMN long_until datetime AS (IF(ends_at > starts_at + INTERVAL 2 DAY, ends_at, NULL)) VIRTUAL INVISIBLE
       COMMENT ''the end of what lasts longer than two days'',
     ADD KEY long_uses (long_until, starts_at)');
PREPARE change_table FROM @change;
EXECUTE change_table;
DEALLOCATE PREPARE change_table;

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (9, '009-epn-people.sql', UTC_TIMESTAMP());
