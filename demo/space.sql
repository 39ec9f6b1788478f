-- A small public space before its opening day, Tuesday 10 March 2026. All people are invented.
-- Times are UTC: Paris is one hour ahead.
SET NAMES utf8mb4;

INSERT INTO epn_room (id, name) VALUES
  (1, 'Espace libre'),
  (2, 'Salle des ateliers'),
  (3, 'Studio');

-- POSTE-04 gives Samba no name: it is found by its address.
INSERT INTO epn_computer (id, netbios_name, room_id, ip) VALUES
  (1, 'POSTE-01', 1, NULL),
  (2, 'POSTE-02', 1, NULL),
  (3, 'POSTE-03', 1, NULL),
  (4, 'POSTE-04', 1, '192.168.10.104'),
  (5, 'ATELIER-01', 2, NULL),
  (6, 'ATELIER-02', 2, NULL),
  (7, 'ATELIER-03', 2, NULL),
  (8, 'STUDIO-MULTIMEDIA', 3, NULL);

INSERT INTO epn_user
  (id, login, last_name, first_name, is_staff, credit_minutes, workshop_credits, birth_year, sex, town) VALUES
  (1, 'amelie.roussel', 'Roussel', 'Amélie', 0, 300, 3, 1988, 'f', 'Villeurbanne'),
  (2, 'bakary.diallo', 'Diallo', 'Bakary', 0, 240, 1, 1979, 'm', 'Villeurbanne'),
  (3, 'chantal.meunier', 'Meunier', 'Chantal', 0, 30, NULL, 1957, 'f', 'Bron'),
  (4, 'damien.lefevre', 'Lefèvre', 'Damien', 0, 200, NULL, 2003, 'm', 'Villeurbanne'),
  (5, 'elodie.garnier', 'Garnier', 'Élodie', 0, 180, 2, 1994, 'f', 'Bron'),
  (6, 'fatima.benali', 'Benali', 'Fatima', 0, 60, 4, 1969, 'f', 'Villeurbanne'),
  (7, 'gerard.pichon', 'Pichon', 'Gérard', 0, 90, 1, 1948, 'm', 'Bron'),
  (8, 'hélène.marchand', 'Marchand', 'Hélène', 0, 240, NULL, 1963, 'f', 'Lyon'),
  (9, 'ines.cordier', 'Cordier', 'Inès', 0, 150, 2, 2010, 'f', 'Villeurbanne'),
  (10, 'jeanne.thibault', 'Thibault', 'Jeanne', 0, 60, NULL, 1946, 'f', NULL),
  (11, 'kevin.robin', 'Robin', 'Kévin', 0, 45, 1, 2012, 'm', 'Villeurbanne'),
  (12, 'lucien.bernard', 'Bernard', 'Lucien', 0, 40, NULL, 1955, 'm', 'Bron'),
  (13, 'paul.durand', 'Durand', 'Paul', 0, NULL, NULL, NULL, NULL, NULL),
  (14, 'animatrice', 'Vasseur', 'Nadia', 1, NULL, NULL, NULL, NULL, NULL);

-- The first takes a whole room, the second names its machines.
INSERT INTO epn_workshop (id, title, room_id, starts_at, ends_at, capacity, status) VALUES
  (1, 'Premiers pas sur Internet', 2, '2026-03-10 09:00:00', '2026-03-10 11:00:00', 3, 'open'),
  (2, 'Retouche photo', NULL, '2026-03-10 13:30:00', '2026-03-10 15:30:00', 2, 'open');
INSERT INTO epn_workshop_computer (workshop_id, computer_id) VALUES (2, 4), (2, 8);
INSERT INTO epn_attendance (workshop_id, user_id, status, source) VALUES
  (1, 5, 'registered', 'staff'),
  (1, 6, 'registered', 'staff'),
  (1, 7, 'registered', 'staff'),
  (2, 9, 'registered', 'staff');

-- Jeanne, 15:00 to 16:00, and Lucien, 17:00 to 18:00: charged when they were made.
INSERT INTO epn_booking (id, computer_id, user_id, starts_at, ends_at, status, source, verified) VALUES
  (1, 2, 10, '2026-03-10 14:00:00', '2026-03-10 15:00:00', 'booked', 'staff', 0),
  (2, 1, 12, '2026-03-10 16:00:00', '2026-03-10 17:00:00', 'booked', 'staff', 0);
