-- The users of the web front end.

CREATE TABLE IF NOT EXISTS utilisateurs (
  id           bigint unsigned NOT NULL AUTO_INCREMENT,
  nom          varchar(100) NOT NULL DEFAULT '',
  prenom       varchar(100) NOT NULL DEFAULT '',
  email        varchar(191) NOT NULL,
  mot_de_passe varchar(255) NOT NULL DEFAULT '' COMMENT 'what password_hash() of PHP made',
  PRIMARY KEY (id),
  UNIQUE KEY email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Users of the web front end';

INSERT IGNORE INTO sessionstat_schema (version, file, applied_at) VALUES (4, '004-web.sql', UTC_TIMESTAMP());
