-- Users of the web front end. All are invented; the password of each is: demonstration
SET NAMES utf8mb4;

SET @password = '$2y$10$o6Kbx2xNuVykMX4ENopytuUdxne2o6R/CbGVs1Bh7Yf6Bn6DsOR1i';
INSERT INTO utilisateurs (id, nom, prenom, email, mot_de_passe) VALUES
  (1, 'Martin', 'Zoé', 'zoe@exemple.fr', @password),
  (2, 'Benali', 'Karim', 'karim@exemple.fr', @password),
  (3, 'Lefèvre', 'Maëlle', 'maelle@exemple.fr', @password),
  (4, 'Okafor', 'Ngozi', 'ngozi@exemple.fr', @password),
  (5, 'Petit', 'Hugo', 'hugo@exemple.fr', @password);

-- One of them is known to the space, too, under her e-mail, and has logged in before: 9 March 2026, 18:20 in Paris.
INSERT INTO epn_user (login, last_name, first_name, credit_minutes, workshop_credits) VALUES
  ('zoe@exemple.fr', 'Martin', 'Zoé', 135, 2);
INSERT INTO user_login (user_id, last_at) VALUES (1, 1773076800);
