<?php

/*
 * Writes seeds for the fuzz targets, a folder for each: php seeds.php FOLDER
 *
 * They are made of what the tests have: the golden templates, blocks of PHP between macros, what real Sambas printed, the
 * annotated configuration. Where a target's first bytes say how the rest is used (fuzz_targets/ has it), they stand in front.
 */

$root = dirname(__DIR__);
$folder = $argv[1];

/** Writes one seed. */
function seed(string $target, string $name, string $bytes): void
{
    global $folder;
    @mkdir("$folder/$target");
    file_put_contents("$folder/$target/$name", $bytes);
}

/** A file of JSON. */
function json(string $path): array
{
    global $root;
    return json_decode(file_get_contents("$root/$path"), true, 512, JSON_THROW_ON_ERROR);
}

foreach (json('tests/golden/macrosession/cases.json') as $number => $case) {
    seed('template', $case['name'], chr($number % 16) . $case['template']);
}
foreach (json('tests/macrosession/php_blocks.json') as $number => $block) {
    seed('template', "php-$number", chr($number % 16) . "$block\n#_SESSION{nom}<[?(#_SESSION)]\n");
}

// Texts that would do harm as code, for each form of a constant.
$texts = ["'.die().'", '".die()."', '${die()}', '{$x}', "?>\n<?= 1 ?>", "a\\", "\\'", '*/ die(); /*', "\r\n\0", '#TITRE', "é\xff"];
for ($form = 0; $form < 32; $form++) {
    for ($writing = 0; $writing < 4; $writing++) {
        $three = [];
        for ($hole = 0; $hole < 3; $hole++) {
            $three[] = $texts[($form + 3 * $writing + $hole) % count($texts)];
        }
        $how = chr($form) . chr($writing * 0b010101) . implode('', array_map('chr', array_map('strlen', $three)));
        seed('constants', "$form-$writing", $how . implode('', $three) . '<b>"Linda" & Cie</b>');
    }
}

foreach (glob("$root/tests/golden/samba/*") as $path) {
    if (is_file($path) && !str_ends_with($path, '.expected.json')) {
        seed('smbstatus', basename($path), file_get_contents($path));
    }
}
seed('smbstatus', 'leases', "lease 192.168.1.10 {\n  binding state active;\n  hardware ethernet 52:54:00:12:34:56;\n  client-hostname \"PC-01\";\n}\n");
seed('smbstatus', 'dnsmasq', "1773151500 52:54:00:12:34:56 192.168.1.10 PC-01 *\n");
seed('smbstatus', 'names', "Looking up status of 192.168.1.10\n\tPC-01           <00> -         B <ACTIVE> \n\tPC-01           <20> -         B <ACTIVE> \n");
seed('smbstatus', 'table', "# rooms\n192.168.1.10 PC-01\n52:54:00:12:34:56 PC-02\n");

// Each section by itself, its keys set to their defaults, and all of them.
$sections = preg_split('/^(?=\[)/m', preg_replace('/^#(?=[a-z_]+ = )/m', '', file_get_contents("$root/etc/sessionstat.toml")));
foreach ([...$sections, implode('', $sections)] as $number => $section) {
    $settings = preg_replace('/^#.*\n|^\n/m', '', $section);
    seed('configuration', (string) $number, chr(10 + 33) . $settings);
}

$row = '{"login":"linda","machine":"PC-01","ip":"192.168.1.10"}';
$line = '{"seen_at":"2026-03-10T13:05:00Z","server":"pdc","rows":[' . "$row]}";
seed('spool', 'whole', "$line\n$line\n");
seed('spool', 'torn', "$line\n" . substr($line, 0, 40));
seed('spool', 'spoilt', substr($line, 0, 40) . "\n\n$line\nnothing\n");

foreach (glob("$root/tests/golden/ilias/*/raw.csv") as $path) {
    seed('session_records', basename(dirname($path)), chr(6) . substr(file_get_contents($path), 0, 2000));
}
seed('session_records', 'endings', chr(0) . "abc\t1773151500\tmanual\ndef\t2026-03-10T14:05:00Z\nghi\t\t\n");
seed('session_records', 'quoted', chr(2) . "type,session_id,user_id,start_time,end_time,end_context\r\n1,\"a,\"\"b\",7,1773151500,\\N,\r\n");

seed('users', 'spellings', "Linda\nlinda \n\tLINDA\n linda@example.org\n");
seed('users', 'braces', "}{\na}{b\n{42}\n%7b42%7d\n");
seed('users', 'letters', "ΟΔΟΣ\nοδος\nİstanbul\nSTRASSE\nstraße\nẞ\n");

seed('redis_answers', 'array', "*3\r\n:1\r\n\$3\r\nabc\r\n*2\r\n+OK\r\n\$-1\r\n");
seed('redis_answers', 'hash', "*4\r\n\$1\r\na\r\n\$1\r\n1\r\n\$1\r\nb\r\n\$2\r\n22\r\n");
seed('redis_answers', 'error', "-NOSCRIPT No matching script.\r\n");
seed('redis_answers', 'two', "+OK\r\n:-5\r\n");
