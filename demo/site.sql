-- Users of the web front end. All are invented; the password of each is: demonstration
SET NAMES utf8mb4;

SET @password = '$2y$10$o6Kbx2xNuVykMX4ENopytuUdxne2o6R/CbGVs1Bh7Yf6Bn6DsOR1i';
INSERT INTO utilisateurs (id, nom, prenom, email, mot_de_passe) VALUES
  (1, 'Martin', 'Zoé', 'zoe@exemple.fr', @password),
  (2, 'Benali', 'Karim', 'karim@exemple.fr', @password),
  (3, 'Lefèvre', 'Maëlle', 'maelle@exemple.fr', @password),
  (4, 'Okafor', 'Ngozi', 'ngozi@exemple.fr', @password),
  (5, 'Petit', 'Hugo', 'hugo@exemple.fr', @password);
