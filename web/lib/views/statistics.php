<?php

declare(strict_types=1);

namespace EtuServices\View;

use EtuServices\French;
use EtuServices\Service;
use EtuServices\Statistics;

/**
 * Who came, and what was used.
 *
 * @param array<string, string> $names of people, by key
 */
function statistics(Statistics $figures, array $names, \DateTimeImmutable $now): void
{
    ?>
<h1>Statistiques</h1>
<div class="cards two">
  <section class="card">
    <h2>Service le plus utilisé</h2>
    <p class="figure"><?= e($figures->mostUsed === null ? 'Aucun appel' : service_name($figures->mostUsed)) ?></p>
    <?php calls($figures->services) ?>
  </section>
  <section class="card">
    <h2>Les plus connectés</h2>
    <?php people($figures->top, $names, 'connexion') ?>
  </section>
  <section class="card">
    <h2>Dernières connexions</h2>
    <?php recent($figures->recent, $names, $now) ?>
  </section>
  <section class="card">
    <h2>Ceux qui utilisent le moins les services</h2>
    <?php people($figures->least, $names, 'appel') ?>
  </section>
</div>
    <?php
}

/** A service as the site calls it. */
function service_name(string $service): string
{
    return Service::tryFrom($service)?->label() ?? $service;
}

/** @param list<array{service: string, count: int}> $services */
function calls(array $services): void
{
    if ($services === []) {
        return;
    }
    $most = max(1, ...array_column($services, 'count'));
    ?>
<table>
  <caption>Appels par service</caption>
  <thead><tr><th scope="col">Service</th><th scope="col">Appels</th><td></td></tr></thead>
  <tbody>
    <?php foreach ($services as ['service' => $service, 'count' => $count]) : ?>
    <tr>
      <th scope="row"><?= e(service_name($service)) ?></th>
      <td class="number"><?= e((string) $count) ?></td>
      <td><?php bar($count, $most) ?></td>
    </tr>
    <?php endforeach ?>
  </tbody>
</table>
    <?php
}

/**
 * @param list<array{user: string, count: int}> $rows
 * @param array<string, string> $names
 */
function people(array $rows, array $names, string $unit): void
{
    if ($rows === []) {
        nobody();
        return;
    }
    ?>
<ol class="people">
  <?php foreach ($rows as ['user' => $user, 'count' => $count]) : ?>
  <li><span><?= e($names[$user]) ?></span> <span class="number"><?= e(French::count($count, $unit)) ?></span></li>
  <?php endforeach ?>
</ol>
    <?php
}

/**
 * @param list<array{user: string, at: \DateTimeImmutable}> $rows
 * @param array<string, string> $names
 */
function recent(array $rows, array $names, \DateTimeImmutable $now): void
{
    if ($rows === []) {
        nobody();
        return;
    }
    ?>
<ol class="people">
  <?php foreach ($rows as ['user' => $user, 'at' => $at]) : ?>
  <li><span><?= e($names[$user]) ?></span>
    <time class="number" datetime="<?= e($at->format(\DateTimeInterface::ATOM)) ?>"><?= e(French::past($at, $now)) ?></time></li>
  <?php endforeach ?>
</ol>
    <?php
}

/** In the place of an empty list. */
function nobody(): void
{
    ?>
<p class="hint">Personne pour le moment.</p>
    <?php
}
