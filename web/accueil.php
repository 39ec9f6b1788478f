<?php /* macrosession-compile 0.1.0 source=accueil.html context=none content=1ef2d04fb7e34991c6598778486cbcd9 length=3833 includes=php:/lib/site.php,php:/lib/macros.php fingerprint=389d730cabf43fc2a13cc0866cd6fb35 */

declare(strict_types=1);

// accueil.php is made of lib/templates/accueil.html by macrosession-compile: change the template.

namespace EtuServices;

require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/macros.php';

serve([
    'GET' => static function (Site $site): Response {
        show_to_visitor($site);
        return $site->page('Accueil', static function (): void {
            ?>
<section class="welcome">
  <?php if (\Macrosession\field('id_auteur')) { ?>
  <?php if (\Macrosession\field('prenom')) {
 ?><h1>Bonjour <?= \Macrosession\html('prenom') ?>&nbsp;!</h1>
  <?php } else { ?>
  <h1>Bonjour&nbsp;!</h1>
  <?php } ?>
  <p class="lead">Un article à vendre, un autre à trouver&nbsp;: les services sont à vous.</p>
  <p class="actions">
    <a class="button" href="services.php">Ouvrir les services</a>
    <a class="button second" href="statistiques.php">Voir les statistiques</a>
  </p>
  <?php } else { ?>
  <h1>Vendre et acheter, simplement.</h1>
  <p class="lead">Un livre de cours à céder, un vélo à trouver&nbsp;: dites-le-nous, nous nous chargeons du reste.</p>
  <p class="actions">
    <a class="button" href="login.php">Se connecter</a>
    <a class="button second" href="inscription.php">Créer un compte</a>
  </p>
  <?php } ?>
</section>
<?php if (\Macrosession\field('email')) {
 ?><div class="cards two">
  <section class="card" aria-labelledby="compte">
    <h2 id="compte">Votre compte</h2>
    <dl class="facts">
      <div>
        <dt>Adresse</dt>
        <dd><?= \Macrosession\html('email') ?></dd>
      </div>
      <?php if (\Macrosession\field('derniere_connexion')) {
 ?><div>
        <dt>Connexion précédente</dt>
        <dd><?= \Macrosession\html_of(\Macrosession\filter('affdate', 'derniere_connexion')) ?>, <?= \Macrosession\html_of(\Macrosession\filter('substr', 'derniere_connexion', '11', '5')) ?></dd>
      </div>
      <?php } ?>
      <?php if (\Macrosession\compare('appels_restants', '!=', '')) {
 ?><div>
        <dt>Connexions restantes</dt>
        <dd><?= \Macrosession\html('appels_restants') ?>&nbsp;sur <?= \Macrosession\html('appels_limite') ?></dd>
      </div>
      <?php } ?>
    </dl>
  </section>
  <?php if (\Macrosession\compare('minutes_semaine', '!=', '')) {
 ?><section class="card" aria-labelledby="espace">
    <h2 id="espace">Espace numérique</h2>
    <dl class="facts">
      <div>
        <dt>Temps cette semaine</dt>
        <dd><?= \Macrosession\html('heures_semaine') ?></dd>
      </div>
      <?php if (\Macrosession\compare('credit_minutes', '!=', '')) {
 ?><div>
        <dt>Temps restant</dt>
        <dd><?= \Macrosession\html('credit_heures') ?></dd>
      </div>
      <?php } ?>
      <?php if (\Macrosession\compare('credit_ateliers', '!=', '')) {
 ?><div>
        <dt>Crédit d’ateliers</dt>
        <dd><?= \Macrosession\html('credit_ateliers') ?>&nbsp;atelier<?php if (\Macrosession\compare('credit_ateliers', '>', '1')) { ?>s<?php } ?></dd>
      </div>
      <?php } ?>
    </dl>
    <?php if (\Macrosession\compare('credit_minutes', '<=', '0')) {
 ?><?php if (\Macrosession\compare('credit_minutes', '!=', '')) {
 ?><p class="hint">Votre temps est épuisé&nbsp;: adressez-vous à l’accueil pour le recharger.</p>
    <?php } ?>
    <?php } ?>
  </section>
  <?php } ?>
</div>
<?php } ?>
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
        });
    },
]);
