-- The public space: rooms, computers, people, workshops, bookings, balances. Management software writes here, too:
-- no foreign keys, because staff delete people and attendance freely. All times are UTC.

CREATE TABLE IF NOT EXISTS epn_room (
  id   bigint unsigned NOT NULL AUTO_INCREMENT,
  name varchar(191) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS epn_computer (
  id           bigint unsigned NOT NULL AUTO_INCREMENT,
  netbios_name varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  room_id      bigint unsigned NULL,
  ip           varchar(45) NULL COMMENT 'finds the computer where a snapshot knows only the address',
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS epn_user (
  id               bigint unsigned NOT NULL AUTO_INCREMENT,
  login            varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  last_name        varchar(191) NOT NULL DEFAULT '',
  first_name       varchar(191) NOT NULL DEFAULT '',
  is_staff         boolean NOT NULL DEFAULT 0,
  credit_minutes   int NULL COMMENT 'balance now; NULL: no account',
  workshop_credits int NULL COMMENT 'balance now; NULL: no account',
  PRIMARY KEY (id),
  UNIQUE KEY login (login)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS epn_workshop (
  id        bigint unsigned NOT NULL AUTO_INCREMENT,
  title     varchar(191) NOT NULL DEFAULT '',
  room_id   bigint unsigned NULL,
  starts_at datetime NOT NULL,
  ends_at   datetime NOT NULL,
  capacity  int NULL,
  status    enum('open','closed','cancelled') NOT NULL DEFAULT 'open',
  PRIMARY KEY (id),
  KEY ending (ends_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS epn_workshop_computer (
  workshop_id bigint unsigned NOT NULL,
  computer_id bigint unsigned NOT NULL,
  PRIMARY KEY (workshop_id, computer_id)
) ENGINE=InnoDB COMMENT='The machines of a workshop that names its machines';

CREATE TABLE IF NOT EXISTS epn_attendance (
  workshop_id bigint unsigned NOT NULL,
  user_id     bigint unsigned NOT NULL,
  status      enum('registered','waiting','present','cancelled') NOT NULL DEFAULT 'registered',
  source      enum('staff','ingest') NOT NULL DEFAULT 'staff',
  PRIMARY KEY (workshop_id, user_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS epn_booking (
  id          bigint unsigned NOT NULL AUTO_INCREMENT,
  computer_id bigint unsigned NOT NULL,
  user_id     bigint unsigned NOT NULL,
  starts_at   datetime NOT NULL,
  ends_at     datetime NOT NULL,
  status      enum('booked','used','cancelled') NOT NULL DEFAULT 'booked',
  source      enum('staff','ingest') NOT NULL DEFAULT 'staff',
  verified    boolean NOT NULL DEFAULT 0,
  changed_at  datetime NULL COMMENT 'when staff cancelled or verified it',
  PRIMARY KEY (id),
  KEY person (user_id, ends_at),
  KEY planning (computer_id, starts_at),
  KEY ending (ends_at)
) ENGINE=InnoDB COMMENT='Bookings and uses of machines';

CREATE TABLE IF NOT EXISTS epn_credit_ledger (
  id          bigint unsigned NOT NULL AUTO_INCREMENT,
  user_id     bigint unsigned NOT NULL,
  kind        enum('minutes','workshop') NOT NULL,
  delta       int NOT NULL,
  booking_id  bigint unsigned NULL,
  workshop_id bigint unsigned NULL,
  at          datetime NOT NULL,
  PRIMARY KEY (id),
  KEY person (user_id, at)
) ENGINE=InnoDB COMMENT='One row for each change that epn-ingest made to a balance';

CREATE TABLE IF NOT EXISTS epn_closed_day (
  id      bigint unsigned NOT NULL AUTO_INCREMENT,
  day     date NOT NULL COMMENT 'local day',
  room_id bigint unsigned NULL COMMENT 'NULL: all rooms',
  PRIMARY KEY (id),
  KEY day (day)
) ENGINE=InnoDB;

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (2, '002-epn.sql', UTC_TIMESTAMP());
