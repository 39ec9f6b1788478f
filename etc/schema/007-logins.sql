-- When users of the web front end logged in.

CREATE TABLE IF NOT EXISTS user_login (
  user_id     bigint unsigned NOT NULL COMMENT 'in utilisateurs, or in the users of another site',
  last_at     bigint NOT NULL COMMENT 'the last login, in seconds since 1970',
  previous_at bigint NULL COMMENT 'the one before; NULL: there was none',
  PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='When each user logged in last, and when before that';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (7, '007-logins.sql', UTC_TIMESTAMP());
