<?php

declare(strict_types=1);

namespace EtuServices\View;

/** What visitors see first. */
function home(bool $isKnown): void
{
    ?>
<section class="welcome">
  <h1>Vendre et acheter, simplement.</h1>
  <p class="lead">Un livre de cours à céder, un vélo à trouver&nbsp;: dites-le-nous, nous nous chargeons du reste.</p>
  <p class="actions">
    <?php if ($isKnown) : ?>
    <a class="button" href="services.php">Ouvrir les services</a>
    <a class="button second" href="statistiques.php">Voir les statistiques</a>
    <?php else : ?>
    <a class="button" href="login.php">Se connecter</a>
    <a class="button second" href="inscription.php">Créer un compte</a>
    <?php endif ?>
  </p>
</section>
<div class="cards three">
  <section class="card">
    <h2>Vente</h2>
    <p>Vous vendez un article&nbsp;: nous vous le prenons.</p>
  </section>
  <section class="card">
    <h2>Achat</h2>
    <p>Vous achetez un article&nbsp;: nous vous le procurons.</p>
  </section>
  <section class="card">
    <h2>Une place pour chacun</h2>
    <p>Le nombre de connexions par personne est limité. Si vous atteignez la limite, le site vous dit quand revenir.</p>
  </section>
</div>
    <?php
}
