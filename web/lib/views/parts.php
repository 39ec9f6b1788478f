<?php

declare(strict_types=1);

namespace EtuServices\View;

use EtuServices\Form;
use EtuServices\Problem;
use EtuServices\Wait;

/** The secret that proves where a form comes from. */
function token(string $token): void
{
    ?>
<input type="hidden" name="jeton" value="<?= e($token) ?>">
    <?php
}

/**
 * A field with its label, a hint, and what is wrong with what was typed.
 *
 * @param array<string, string|true> $attributes of the input
 * @param string $prefix makes ids different where two forms of a page have fields of the same name
 */
function field(Form $form, string $name, string $label, array $attributes, string $hint = '', string $prefix = ''): void
{
    $id = $prefix . $name;
    $error = $form->error($name);
    $described = array_filter([$error === null ? '' : "$id-erreur", $hint === '' ? '' : "$id-aide"]);
    $attributes += array_filter([
        'type' => 'text',
        'id' => $id,
        'name' => $name,
        'value' => $form->value($name),
        'required' => true,
        'aria-invalid' => $error === null ? '' : 'true',
        'aria-describedby' => implode(' ', $described),
        'autofocus' => $form->isFirstError($name),
    ]);
    ?>
<div class="field">
  <label for="<?= e($id) ?>"><?= e($label) ?></label>
  <?php if ($hint !== '') : ?>
  <p class="hint" id="<?= e($id) ?>-aide"><?= e($hint) ?></p>
  <?php endif ?>
  <input<?php attributes($attributes) ?>>
  <?php if ($error !== null) : ?>
  <p class="error" id="<?= e($id) ?>-erreur"><?= e($error) ?></p>
  <?php endif ?>
</div>
    <?php
}

/** @param array<string, string|true> $attributes */
function attributes(array $attributes): void
{
    foreach ($attributes as $name => $value) {
        echo ' ', $name, $value === true ? '' : '="' . e($value) . '"';
    }
}

/** Says above a form that it was not taken; the reasons stand by the fields. */
function form_errors(Form $form): void
{
    if ($form->isValid()) {
        return;
    }
    ?>
<p class="alert" role="alert">Il reste quelque chose à corriger&nbsp;: voyez le message sous le champ signalé.</p>
    <?php
}

/** Says how long to wait. The countdown beside it is for those who have scripts; it is not read out each second. */
function wait(Wait $wait, string $title): void
{
    ?>
<section class="wait">
  <div role="alert">
    <h2><?= e($title) ?></h2>
    <?php if ($wait->seconds === null) : ?>
    <p>Cette demande dépasse à elle seule la limite permise&nbsp;: attendre n’y change rien.</p>
    <?php else : ?>
    <p>Réessayez dans <strong><?= e($wait->duration()) ?></strong>,
      à&nbsp;<time datetime="<?= e($wait->isoEnd()) ?>"><?= e($wait->end()) ?></time>.</p>
    <?php endif ?>
  </div>
  <?php if ($wait->seconds !== null) : ?>
  <p class="countdown" role="timer" aria-live="off" data-seconds="<?= e((string) $wait->seconds) ?>" hidden></p>
  <script src="attente.js" defer></script>
  <?php endif ?>
</section>
    <?php
}

/** A bar beside a number that is written out: it says nothing more to those who do not see it. */
function bar(int $part, int $whole): void
{
    $width = (string) round(100 * min(1, $part / max(1, $whole)), 1);
    ?>
<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="<?= e($width) ?>" height="1"/></svg>
    <?php
}

/** Why a page cannot be shown. */
function problem(Problem $problem): void
{
    ?>
<section class="sheet narrow">
  <h1><?= e($problem->title) ?></h1>
  <p role="alert"><?= e($problem->text) ?></p>
  <p><a href="accueil.php">Retour à l’accueil</a></p>
</section>
    <?php
}
