<?php

declare(strict_types=1);

namespace EtuServices\View;

use EtuServices\Form;
use EtuServices\French;
use EtuServices\Service;
use EtuServices\Wait;
use Sessionstat\Answer;

/**
 * The services, each with its form.
 *
 * @param array<string, Form> $forms what was sent, by service
 */
function services(array $forms, ?Answer $left, ?Wait $wait, string $token): void
{
    ?>
<h1>Services</h1>
    <?php if ($wait !== null) : ?>
        <?php wait($wait, 'Trop d’appels') ?>
    <?php endif ?>
<div class="cards two">
    <?php foreach (Service::cases() as $service) : ?>
        <?php service($service, $forms[$service->value] ?? new Form(), $token) ?>
    <?php endforeach ?>
</div>
    <?php logins_left($left) ?>
    <?php
}

/** One service. */
function service(Service $service, Form $form, string $token): void
{
    $prefix = "$service->value-";
    ?>
<section class="card" aria-labelledby="<?= e($prefix) ?>titre">
  <h2 id="<?= e($prefix) ?>titre"><?= e($service->label()) ?></h2>
  <p><?= e($service->explanation()) ?></p>
  <?php form_errors($form) ?>
  <form method="post" action="services.php">
    <?php
    token($token);
    field($form, 'article', 'Article', ['autocomplete' => 'off', 'maxlength' => '100'], '', $prefix);
    $number = ['type' => 'number', 'min' => '1', 'max' => '1000', 'inputmode' => 'numeric', 'autocomplete' => 'off'];
    field($form, 'quantite', 'Quantité', $number, '', $prefix);
    ?>
    <button type="submit" name="service" value="<?= e($service->value) ?>"><?= e($service->label()) ?></button>
  </form>
</section>
    <?php
}

/** How many logins the user has left. */
function logins_left(?Answer $left): void
{
    ?>
<aside class="left" aria-label="Connexions restantes">
  <?php if ($left === null) : ?>
  <p>Le nombre de connexions restantes n’est pas connu pour le moment.</p>
  <?php else : ?>
  <p>Connexions restantes&nbsp;: <strong><?= e((string) $left->remaining) ?> sur <?= e((string) $left->limit) ?></strong></p>
      <?php bar((int) $left->remaining, (int) $left->limit) ?>
      <?php if (($left->resetAfter ?? 0) > 0) : ?>
  <p>Toutes seront de nouveau libres dans <?= e(French::duration($left->resetAfter)) ?>.</p>
      <?php endif ?>
  <?php endif ?>
</aside>
    <?php
}
