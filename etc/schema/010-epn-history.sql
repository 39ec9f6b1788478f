-- The uses of a year, packed, so that stats-report need not look at each of them. Only epn-ingest writes here. All times
-- are UTC.

CREATE TABLE IF NOT EXISTS epn_history (
  year       smallint unsigned NOT NULL COMMENT 'in which the uses begin',
  user_id    bigint unsigned NOT NULL,
  uses       mediumblob NOT NULL COMMENT 'begin, length, machine and verified of each, as numbers of variable length',
  runs_until datetime NULL COMMENT 'the last end, if it lies in a later year',
  PRIMARY KEY (year, user_id),
  KEY later (runs_until)
) ENGINE=InnoDB COMMENT='Uses of machines by year and person: what epn_booking has, as long as epn_history_stale does not name it';

CREATE TABLE IF NOT EXISTS epn_history_stale (
  year    smallint unsigned NOT NULL,
  user_id bigint unsigned NOT NULL,
  changes int unsigned NOT NULL DEFAULT 1 COMMENT 'how many: nodes of a cluster tell each other of each',
  since   datetime NULL COMMENT 'what ended before it is packed as it was; NULL: nothing need be',
  PRIMARY KEY (year, user_id)
) ENGINE=InnoDB COMMENT='Of whom bookings that begin in this year were changed, by whatever software';

-- Staff change bookings, too. The triggers run with the rights of the account that creates them: it has to stay.
DROP TRIGGER IF EXISTS epn_booking_added;
CREATE TRIGGER epn_booking_added AFTER INSERT ON epn_booking FOR EACH ROW
  INSERT INTO epn_history_stale (year, user_id, since) VALUES (YEAR(NEW.starts_at), NEW.user_id, NEW.ends_at)
  ON DUPLICATE KEY UPDATE changes = changes + 1, since = LEAST(since, VALUES(since));
DROP TRIGGER IF EXISTS epn_booking_changed;
CREATE TRIGGER epn_booking_changed AFTER UPDATE ON epn_booking FOR EACH ROW
  INSERT INTO epn_history_stale (year, user_id, since)
  VALUES (YEAR(OLD.starts_at), OLD.user_id, OLD.ends_at), (YEAR(NEW.starts_at), NEW.user_id, NEW.ends_at)
  ON DUPLICATE KEY UPDATE changes = changes + 1, since = LEAST(since, VALUES(since));
DROP TRIGGER IF EXISTS epn_booking_deleted;
CREATE TRIGGER epn_booking_deleted AFTER DELETE ON epn_booking FOR EACH ROW
  INSERT INTO epn_history_stale (year, user_id, since) VALUES (YEAR(OLD.starts_at), OLD.user_id, OLD.ends_at)
  ON DUPLICATE KEY UPDATE changes = changes + 1, since = LEAST(since, VALUES(since));

-- All that is there already.
INSERT IGNORE INTO epn_history_stale (year, user_id) SELECT YEAR(starts_at), user_id FROM epn_booking;

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (10, '010-epn-history.sql', UTC_TIMESTAMP());
