-- Time online, rebuilt from the log of a Moodle or from event_log. Times are seconds since 1970.

CREATE TABLE IF NOT EXISTS moodle_session (
  user_id           bigint NOT NULL,
  session_start     bigint NOT NULL,
  session_end       bigint NOT NULL COMMENT 'first second after it; of an open one: as far as it is known',
  elapsed           bigint NOT NULL COMMENT 'seconds',
  events            int unsigned NOT NULL COMMENT 'what the user did, logging in and out included',
  heartbeats        int unsigned NOT NULL COMMENT 'those that counted',
  capped_heartbeats int unsigned NOT NULL COMMENT 'those that came after [moodle] inactivity_cap',
  courses           mediumtext NOT NULL COMMENT 'in the order in which the user first came there',
  end_reason        enum('logout','login','gap','capped','course','open') NOT NULL,
  PRIMARY KEY (user_id, session_start),
  KEY begins (session_start, heartbeats),
  KEY ends (session_end)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='Sessions of time online';

CREATE TABLE IF NOT EXISTS moodle_session_course (
  user_id       bigint NOT NULL,
  session_start bigint NOT NULL,
  course_id     bigint NOT NULL COMMENT '0: before any course',
  seconds       bigint NOT NULL,
  PRIMARY KEY (user_id, session_start, course_id),
  KEY begins (session_start)
) ENGINE=InnoDB COMMENT='The seconds of each session in each course';

-- What session-aggregate remembers of the log.

CREATE TABLE IF NOT EXISTS moodle_progress (
  job        tinyint unsigned NOT NULL COMMENT 'always 1: there is one row',
  log        varchar(255) NOT NULL COMMENT 'which log',
  parameters varchar(1000) NOT NULL COMMENT 'the settings that made the figures, as JSON',
  last_id    bigint unsigned NOT NULL COMMENT 'rows of the log until here have been read',
  recent     varbinary(2048) NOT NULL COMMENT 'a bit for each of the last numbers, last_id first: that row was there',
  PRIMARY KEY (job)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='How far the log has been read';

CREATE TABLE IF NOT EXISTS moodle_user (
  user_id   bigint NOT NULL,
  last_at   bigint NOT NULL COMMENT 'time of the last row of the log',
  last_id   bigint unsigned NOT NULL COMMENT 'and its number',
  live      mediumtext NULL COMMENT 'the session that the next row may go on with, as JSON',
  unsettled boolean NOT NULL COMMENT 'that session may have to be written again without another row',
  PRIMARY KEY (user_id),
  KEY unsettled (unsettled)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='Where each user of the log stands';

CREATE TABLE IF NOT EXISTS moodle_later (
  log_id bigint unsigned NOT NULL,
  at     bigint NOT NULL,
  PRIMARY KEY (log_id),
  KEY at (at)
) ENGINE=InnoDB COMMENT='Rows of the log whose time has not come';

-- The log of sites without a Moodle, in the shape of logstore_standard_log.
CREATE TABLE IF NOT EXISTS event_log (
  id                bigint unsigned NOT NULL AUTO_INCREMENT,
  eventname         varchar(255) NOT NULL DEFAULT '',
  component         varchar(100) NOT NULL DEFAULT '',
  action            varchar(100) NOT NULL DEFAULT '',
  target            varchar(100) NOT NULL DEFAULT '',
  contextid         bigint NOT NULL DEFAULT 0,
  contextlevel      bigint NOT NULL DEFAULT 10,
  contextinstanceid bigint NOT NULL DEFAULT 0,
  userid            bigint NOT NULL,
  courseid          bigint NULL,
  timecreated       bigint NOT NULL,
  origin            varchar(10) NULL,
  ip                varchar(45) NULL,
  realuserid        bigint NULL,
  PRIMARY KEY (id),
  KEY written (timecreated)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Traces of users, of pages that use web/lib/heartbeat.php';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (6, '006-moodle.sql', UTC_TIMESTAMP());
