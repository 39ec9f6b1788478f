<?php

declare(strict_types=1);

namespace EtuServices\View;

use EtuServices\Form;
use EtuServices\Wait;

/** The form to log in. */
function login(Form $form, ?Wait $wait, string $token): void
{
    ?>
<section class="sheet narrow">
  <h1>Connexion</h1>
  <?php
    if ($wait !== null) {
        wait($wait, 'Trop de connexions');
    }
    form_errors($form);
    ?>
  <form method="post" action="login.php">
    <?php
    token($token);
    field($form, 'email', 'Adresse électronique', [
        'type' => 'email',
        'autocomplete' => 'username',
        'maxlength' => '191',
        'spellcheck' => 'false',
    ]);
    field($form, 'mot_de_passe', 'Mot de passe', ['type' => 'password', 'autocomplete' => 'current-password']);
    ?>
    <button type="submit">Se connecter</button>
  </form>
  <p class="aside">Pas encore de compte&nbsp;? <a href="inscription.php">Inscrivez-vous</a>.</p>
</section>
    <?php
}
