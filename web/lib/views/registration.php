<?php

declare(strict_types=1);

namespace EtuServices\View;

use EtuServices\Form;
use EtuServices\Wait;

/** The form for a new account. */
function registration(Form $form, string $token, ?Wait $wait = null): void
{
    $name = ['maxlength' => '100'];
    $password = ['type' => 'password', 'autocomplete' => 'new-password', 'minlength' => '10', 'maxlength' => '72'];
    ?>
<section class="sheet narrow">
  <h1>Inscription</h1>
  <?php
    if ($wait !== null) {
        wait($wait, 'Trop d’essais');
    }
    form_errors($form);
    ?>
  <form method="post" action="inscription.php">
    <?php
    token($token);
    field($form, 'prenom', 'Prénom', ['autocomplete' => 'given-name'] + $name);
    field($form, 'nom', 'Nom', ['autocomplete' => 'family-name'] + $name);
    field($form, 'email', 'Adresse électronique', [
        'type' => 'email',
        'autocomplete' => 'username',
        'maxlength' => '191',
        'spellcheck' => 'false',
    ]);
    field($form, 'mot_de_passe', 'Mot de passe', $password, '10 caractères au moins. Une petite phrase se retient bien.');
    field($form, 'confirmation', 'Mot de passe, encore une fois', $password);
    ?>
    <button type="submit">Créer mon compte</button>
  </form>
  <p class="aside">Déjà un compte&nbsp;? <a href="login.php">Connectez-vous</a>.</p>
</section>
    <?php
}
