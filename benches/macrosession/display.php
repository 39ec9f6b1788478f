<?php

/*
 * Shows pages again and again: php display.php RUNTIME compare|visit FOLDER COUNT
 *
 * compare: compiled.php and by-hand.php of the folder, in turns; prints the median time of each, in microseconds.
 * visit: compiled.php to so many visitors; prints how many different answers there were.
 */

[, $runtime, $what, $folder, $count] = $argv;
require $runtime;

function visitor_of(int $number): array
{
    return [
        'id_auteur' => (string) ($number + 1), 'nom' => "Linda & Cie $number", 'prenom' => 'Line', 'login' => "linda$number",
        'email' => "linda$number@exemple.org", 'statut' => '1comite', 'ville' => '', 'points' => (string) ($number % 200),
        'bio' => ' Aime les <ateliers> du dimanche, et "les autres" aussi. ', 'langue' => 'fr', 'nom_site' => "L'atelier",
    ];
}

function compiled(string $page, array $visiteur): string
{
    ob_start();
    Macrosession\visitor($visiteur);
    include $page;
    return ob_get_clean();
}

function by_hand(string $page, array $visiteur): string
{
    ob_start();
    include $page;
    return ob_get_clean();
}

function median(array $times): float
{
    sort($times);
    return $times[intdiv(count($times), 2)] / 1000;
}

if ($what === 'visit') {
    $answers = [];
    for ($number = 0; $number < $count; $number++) {
        $answers[md5(compiled("$folder/compiled.php", visitor_of($number)))] = true;
    }
    echo count($answers), "\n";
    exit(0);
}

if (compiled("$folder/compiled.php", visitor_of(0)) !== by_hand("$folder/by-hand.php", visitor_of(0))) {
    fwrite(STDERR, "the pages are not the same\n");
    exit(1);
}
$times = ['compiled' => [], 'by_hand' => []];
for ($number = 0; $number < $count; $number++) {
    $visiteur = visitor_of($number);
    foreach (['compiled' => "$folder/compiled.php", 'by_hand' => "$folder/by-hand.php"] as $show => $page) {
        $begin = hrtime(true);
        $show($page, $visiteur);
        $times[$show][] = hrtime(true) - $begin;
    }
}
echo median($times['compiled']), ' ', median($times['by_hand']), "\n";
