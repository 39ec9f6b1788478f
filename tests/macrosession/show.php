<?php

/*
 * Shows compiled pages to visitors: reads a plan as JSON from standard input, prints what each visitor saw as JSON.
 *
 * php show.php RUNTIME [FILTERS]; the plan: [{page, visits: [{session, extended, url, autoriser_allow}]}]
 */

require $argv[1];
if (isset($argv[2])) {
    require $argv[2];
}

/** Arguments as the golden data compare them: as texts, without the missing ones at the end. */
function asked(array $arguments): array
{
    return array_map(static fn ($argument) => $argument === null ? null : (string) $argument, $arguments);
}

function show(string $page, array $visit): array
{
    $fields = [];
    $calls = [];
    $extended = $visit['extended'] ?? [];
    $allowed = $visit['autoriser_allow'] ?? [];
    Macrosession\visitor($visit['session']);
    Macrosession\query($visit['url'] ?? []);
    Macrosession\on_session_get(static function (array $flux) use (&$fields, $extended): array {
        $fields[] = $flux['champ'];
        if (array_key_exists($flux['champ'], $extended)) {
            $flux['visiteur_session'][$flux['champ']] = $extended[$flux['champ']];
        }
        return $flux;
    });
    Macrosession\on_autoriser(static function (...$arguments) use (&$calls, $allowed): bool {
        $calls[] = asked($arguments);
        return in_array(array_values(array_filter(asked($arguments), 'is_string')), $allowed, true);
    });
    ob_start();
    include $page;
    return ['html' => ob_get_clean(), 'fields' => $fields, 'calls' => $calls];
}

$plan = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
foreach ($plan as &$step) {
    foreach ($step['visits'] as &$visit) {
        $visit = show($step['page'], $visit);
    }
}
echo json_encode($plan, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
