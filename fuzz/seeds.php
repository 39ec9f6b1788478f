<?php

/*
 * Writes seeds for the fuzz targets: php seeds.php CASES BLOCKS FOLDER
 *
 * FOLDER/template gets the templates of the golden cases, and blocks of PHP between macros, each with the byte before it
 * that says how it is compiled; FOLDER/constants texts that would do harm as code, for each form (see fuzz_targets/constants.rs).
 */

[, $cases, $blocks, $folder] = $argv;
foreach (json_decode(file_get_contents($cases), true, 512, JSON_THROW_ON_ERROR) as $number => $case) {
    file_put_contents("$folder/template/{$case['name']}", chr($number % 16) . $case['template']);
}
foreach (json_decode(file_get_contents($blocks), true, 512, JSON_THROW_ON_ERROR) as $number => $block) {
    file_put_contents("$folder/template/php-$number", chr($number % 16) . "$block\n#_SESSION{nom}<[?(#_SESSION)]\n");
}
$texts = ["'.die().'", '".die()."', '${die()}', '{$x}', "?>\n<?= 1 ?>", "a\\", "\\'", '*/ die(); /*', "\r\n\0", '#TITRE', "é\xff"];
for ($form = 0; $form < 32; $form++) {
    for ($writing = 0; $writing < 4; $writing++) {
        $three = [];
        for ($hole = 0; $hole < 3; $hole++) {
            $three[] = $texts[($form + 3 * $writing + $hole) % count($texts)];
        }
        $how = chr($form) . chr($writing * 0b010101) . implode('', array_map('chr', array_map('strlen', $three)));
        file_put_contents("$folder/constants/$form-$writing", $how . implode('', $three) . '<b>"Linda" & Cie</b>');
    }
}
