-- What epn-ingest remembers for itself. Only epn-ingest writes here. All times are UTC.

CREATE TABLE IF NOT EXISTS epn_presence (
  day_begins  datetime NOT NULL COMMENT 'midnight of the local day',
  user_id     bigint unsigned NOT NULL,
  computer_id bigint unsigned NOT NULL,
  minutes     varbinary(192) NOT NULL COMMENT 'a bit for each minute since day_begins, lowest bit first: seen',
  PRIMARY KEY (day_begins, user_id, computer_id)
) ENGINE=InnoDB COMMENT='Sightings outside workshops, by person, day and machine';

CREATE TABLE IF NOT EXISTS epn_use (
  booking_id   bigint unsigned NOT NULL,
  user_id      bigint unsigned NOT NULL,
  computer_id  bigint unsigned NOT NULL,
  first_seen   datetime NOT NULL,
  last_seen    datetime NOT NULL,
  booked_start datetime NULL COMMENT 'of a reservation, as it was booked; NULL: made by epn-ingest',
  booked_end   datetime NULL,
  settle_at    datetime NULL COMMENT 'when the end of a reservation becomes the real one; NULL: it is',
  PRIMARY KEY (booking_id),
  KEY person (user_id, first_seen),
  KEY settling (settle_at)
) ENGINE=InnoDB COMMENT='The bookings that epn-ingest made or confirmed, and the sightings they are made of';

CREATE TABLE IF NOT EXISTS epn_workshop_seen (
  workshop_id bigint unsigned NOT NULL,
  user_id     bigint unsigned NOT NULL,
  seen_at     datetime NOT NULL COMMENT 'the sighting on which epn-ingest acted',
  PRIMARY KEY (workshop_id, user_id)
) ENGINE=InnoDB COMMENT='The attendance on which epn-ingest has acted: it acts once';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (3, '003-epn-ingest.sql', UTC_TIMESTAMP());
