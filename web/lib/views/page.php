<?php

declare(strict_types=1);

namespace EtuServices\View;

use EtuServices\Session;

/** Text as it is safe between tags and in quoted attributes, whatever its bytes are. */
function e(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_DISALLOWED | ENT_HTML5, 'UTF-8');
}

/**
 * A whole page: head, what $content prints, foot. Without a session there is no menu of users.
 *
 * @param callable(): void $content
 * @param array<string, string> $heartbeat attributes for battement.js; none: without it
 */
function page(string $title, callable $content, ?Session $session, array $heartbeat = []): string
{
    ob_start();
    try {
        frame($title, $content, $session, $heartbeat);
        return (string) ob_get_contents();
    } finally {
        ob_end_clean();
    }
}

/**
 * @param callable(): void $content
 * @param array<string, string> $heartbeat
 */
function frame(string $title, callable $content, ?Session $session, array $heartbeat): void
{
    $notice = $session?->takeNotice();
    $links = $session?->userId() === null
        ? ['accueil.php' => 'Accueil', 'login.php' => 'Connexion', 'inscription.php' => 'Inscription']
        : ['accueil.php' => 'Accueil', 'services.php' => 'Services', 'statistiques.php' => 'Statistiques'];
    ?>
<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title><?= e($title) ?> – EtuServices</title>
<link rel="icon" href="icone.svg" type="image/svg+xml">
<link rel="stylesheet" href="style.css">
<?php if ($heartbeat !== []) : ?>
<script src="battement.js" defer<?php attributes($heartbeat) ?>></script>
<?php endif ?>
</head>
<body>
<a class="skip" href="#contenu">Aller au contenu</a>
<header class="site-head">
  <a class="brand" href="accueil.php"><img src="icone.svg" alt="" width="28" height="28"> EtuServices</a>
  <nav aria-label="Menu">
    <?php menu($links) ?>
  </nav>
  <?php if ($session?->userId() !== null) : ?>
  <form method="post" action="deconnexion.php">
    <?php token($session->token()) ?>
    <button class="quiet" type="submit">Se déconnecter</button>
  </form>
  <?php endif ?>
</header>
<main id="contenu">
  <?php if ($notice !== null) : ?>
  <p class="notice" role="status"><?= e($notice) ?></p>
  <?php endif ?>
  <?php $content() ?>
</main>
<footer class="site-foot">
  <p>EtuServices, vente et achat entre étudiants.</p>
</footer>
</body>
</html>
    <?php
}

/** @param array<string, string> $links by page */
function menu(array $links): void
{
    $here = basename($_SERVER['SCRIPT_NAME']);
    ?>
    <ul>
      <?php foreach ($links as $page => $name) : ?>
      <li><a href="<?= e($page) ?>"<?= $page === $here ? ' aria-current="page"' : '' ?>><?= e($name) ?></a></li>
      <?php endforeach ?>
    </ul>
    <?php
}
