//! `web/lib/macrosession.php`: the filters, on a real PHP.

use serde_json::json;

use crate::php::{Extensions, Shown, json, show};

/// A value of the session and a filter's call, both as PHP; and what the page prints without escaping.
type Filtered = (&'static str, &'static str, &'static str);

/// What filters of section 6 of the golden data mean.
const FILTERS: &[Filtered] = &[
    // Bytes, and ASCII only.
    ("''", "'strlen'", "0"),
    ("'Zoé'", "'strlen'", "4"),
    ("'été'", "'strtoupper'", "éTé"),
    ("'ÉTÉ'", "'strtolower'", "ÉtÉ"),
    ("'élan vert'", "'ucfirst'", "élan vert"),
    ("'jean-luc martin'", "'ucwords'", "Jean-luc Martin"),
    ("'Linda'", "'lcfirst'", "linda"),
    ("'  a '", "'trim'", "a"),
    ("\"a\\nb\"", "'nl2br'", "a<br />\nb"),
    ("'Linda'", "'substr', '1'", "inda"),
    ("'Linda'", "'substr', '0', '2'", "Li"),
    ("'7'", "'str_pad', '3', '.'", "7.."),
    // Characters.
    ("'Zoé'", "'mb_strlen'", "3"),
    ("'🏔é'", "'mb_strlen'", "2"),
    ("''", "'mb_strlen'", "0"),
    ("'été œuf ÿ straße'", "'mb_strtoupper'", "ÉTÉ ŒUF Ÿ STRASSE"),
    ("'ÉTÉ ŒUF Ÿ ĂŁŽ × ÷'", "'mb_strtolower'", "été œuf ÿ ăłž × ÷"),
    ("'éàüñ'", "'mb_substr', '1', '2'", "àü"),
    ("'éàüñ'", "'mb_substr', '-2'", "üñ"),
    ("'éàüñ'", "'mb_substr', '0', '-1'", "éàü"),
    ("'éàüñ'", "'mb_substr', '0', '0'", ""),
    ("'éàüñ'", "'spip_substr', '1', '2'", "àü"),
    ("'éàüñ'", "'spip_substr', '1'", "àüñ"),
    ("'Bonjour tout le monde'", "'couper', '50'", "Bonjour tout le monde"),
    ("'Bonjour tout le monde et bonsoir à tous'", "'couper', '30'", "Bonjour tout le monde et&nbsp;(...)"),
    ("'Bonjour tout le monde'", "'couper', '10'", "Bonjour to"),
    ("'Anticonstitutionnellement'", "'couper', '8'", "Anticons"),
    ("'éléphant <b>rose</b>'", "'couper', '13'", "éléphant rose"),
    ("'un deux trois quatre'", "'couper', '17', '…'", "un deux trois…"),
    ("'Bonjour'", "'couper', '0'", ""),
    // Texts.
    ("'Linda'", "'concat', '_plof'", "Linda_plof"),
    ("'Linda'", "'concat', 'a', 'b'", "Lindaab"),
    ("1.5", "'concat', '%'", "1.5%"),
    ("''", "'sinon', 'visiteur'", "visiteur"),
    ("'0'", "'sinon', 'visiteur'", "0"),
    ("false", "'sinon', 'x'", "x"),
    ("[]", "'sinon', 'x'", "x"),
    ("''", "'choixsivide', 'vide', 'plein'", "vide"),
    ("'a'", "'choixsivide', 'vide', 'plein'", "plein"),
    ("'a'", "'oui'", "1"),
    ("'0'", "'oui'", ""),
    ("'Linda'", "'replace', '[aeiou]', '*'", "L*nd*"),
    ("'ÉA'", "'replace', 'a', 'b'", "Éb"),
    ("'a/b/c'", "'replace', '/b', ''", "a/c"),
    ("'Linda'", "'replace', '(', 'x'", ""),
    ("'Linda'", "'match', '^L'", "L"),
    ("'0601'", "'match', '\\d+'", "0"),
    ("'Linda'", "'match', '^l'", "L"),
    ("'Linda'", "'match', 'x'", ""),
    ("'Linda'", "'match', 'i(n)', '1'", "n"),
    ("'Linda'", "'match', '^l', 'U'", ""),
    ("\"a\\nbc\"", "'match', '^b.$'", "bc"),
    // Numbers.
    ("'10'", "'plus', '2'", "12"),
    ("'1.5'", "'plus', '2'", "3.5"),
    ("''", "'plus', '3'", "3"),
    ("'abc'", "'plus', '3'", "3"),
    ("'12ans'", "'plus', '3'", "15"),
    ("'10'", "'moins', '2'", "8"),
    ("'10'", "'mult', '2'", "20"),
    ("'10'", "'div', '4'", "2.5"),
    ("'10'", "'div', '0'", "0"),
    ("'10'", "'div', 'x'", "0"),
    ("'10'", "'modulo', '4'", "2"),
    ("'1.5'", "'modulo', '4'", "1"),
    ("'10'", "'modulo', '0'", "0"),
    ("'12ans'", "'intval'", "12"),
    ("'1.50'", "'floatval'", "1.5"),
    ("'2.345'", "'round', '1'", "2.3"),
    ("'2.5'", "'round'", "3"),
    ("''", "'round'", "0"),
    ("'-2.5'", "'floor'", "-3"),
    ("'2.1'", "'ceil'", "3"),
    ("'-7'", "'abs'", "7"),
    ("'3'", "'max', '10'", "10"),
    ("'3'", "'min', '10', '2'", "2"),
    ("'1234567.891'", "'number_format', '2'", "1,234,567.89"),
    ("'1234.5'", "'number_format', '2', ','", "1,234,50"),
    ("''", "'number_format'", "0"),
    ("'0'", "'taille_en_octets'", ""),
    ("'512'", "'taille_en_octets'", "512 octets"),
    ("'130458'", "'taille_en_octets'", "127.4 kio"),
    ("'123456789'", "'taille_en_octets'", "117.7 Mio"),
    ("'123456789012'", "'taille_en_octets'", "114.98 Gio"),
    ("'1500'", "'taille_en_octets', 'SI'", "1.5 ko"),
    ("'0'", "'singulier_ou_pluriel', 'un ami', '@nb@ amis'", ""),
    ("'1'", "'singulier_ou_pluriel', 'un ami', '@nb@ amis'", "un ami"),
    ("'3'", "'singulier_ou_pluriel', 'un ami', '@nb@ amis'", "3 amis"),
    // HTML and addresses.
    (r#"'<b>L\'"é</b> & co'"#, "'entites_html'", "&lt;b&gt;L&#039;&quot;é&lt;/b&gt; &amp; co"),
    ("'déjà &lt;b&gt; &amp; &#233; fait'", "'entites_html'", "déjà &amp;lt;b&amp;gt; &amp; &#233; fait"),
    ("'<a> & \"'", "'htmlspecialchars'", "&lt;a&gt; &amp; &quot;"),
    (r#"'<b>l\'"été"</b> &amp; a & b'"#, "'attribut_html'", "l&#039;&#034;été&#034; &#38; a &#38; b"),
    ("\"<i>un</i>\\n deux\"", "'attribut_html'", "un deux"),
    ("'<p>Un <strong>mot</strong></p>'", "'textebrut'", "Un mot"),
    ("\"a&nbsp;b  \\n c<br>d\"", "'textebrut'", "a b c\n\nd"),
    ("'1 < 2 <b>oui</b> <i'", "'supprimer_tags'", "1 &lt; 2 oui "),
    ("'é & x/y'", "'rawurlencode'", "%C3%A9%20%26%20x%2Fy"),
    ("'a b'", "'urlencode'", "a+b"),
    ("'é\"/<'", "'json_encode'", r#""\u00e9\"\/<""#),
    ("['a' => 1]", "'json_encode'", r#"{"a":1}"#),
    ("'a'", "'md5'", "0cc175b9c0f1b6a831c399e269772661"),
    ("'a'", "'sha1'", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("'p.php?a=1#x'", "'parametre_url', 'b', 'é &'", "p.php?a=1&amp;b=%C3%A9%20%26#x"),
    ("'p.php?a=1&amp;b=2'", "'parametre_url', 'a', '3'", "p.php?a=3&amp;b=2"),
    ("'p.php?a=1&b=2'", "'parametre_url', 'a', ''", "p.php?b=2"),
    ("'p.php?a=1&b=%C3%A9'", "'parametre_url', 'b'", "é"),
    ("'p.php?a=1'", "'parametre_url', 'b'", ""),
    ("'?a[]=1&a[]=2'", "'parametre_url', 'a[]', ''", "./"),
    ("''", "'parametre_url', 'a', '1'", "./?a=1"),
    // Dates.
    ("'2024-03-05 14:07:09'", "'affdate'", "5 mars 2024"),
    ("'2024-08-01'", "'affdate'", "1er août 2024"),
    ("'2024-03-05'", "'jour'", "5"),
    ("'2024-03-05'", "'mois'", "03"),
    ("'2024-03-05'", "'annee'", "2024"),
    ("'05/03/2024'", "'affdate'", "5 mars 2024"),
    ("'2024-03'", "'affdate'", "mars 2024"),
    ("'20240305140709'", "'affdate'", "5 mars 2024"),
    ("'2024-03-05'", "'affdate', 'nom_jour'", "mardi"),
    ("'2024-03-05 14:07'", "'affdate', 'H:i'", "14:07"),
    ("''", "'affdate'", ""),
    ("''", "'jour'", ""),
    ("'demain'", "'affdate'", ""),
    ("'0000-00-00 00:00:00'", "'affdate'", ""),
    // Lists.
    ("['Ana', 'Bob']", "'count'", "2"),
    ("['Ana', 'Bob']", "'table_valeur', '0'", "Ana"),
    ("['a' => ['b' => 'c']]", "'table_valeur', 'a/b'", "c"),
    ("['a' => 1]", "'table_valeur', 'x', 'rien'", "rien"),
    ("(object) ['a' => 1]", "'table_valeur', 'a'", "1"),
    ("['x', 'y']", "'max'", "y"),
];

#[test]
fn filters_do_what_they_do_in_spip() {
    let calls: Vec<String> = FILTERS.iter().map(|(value, call, _)| format!("[{value}, [{call}]]")).collect();
    // A page in another language must not read other numbers.
    let code = format!(
        "setlocale(LC_ALL, 'fr_FR.UTF-8', 'de_DE.UTF-8');
        $printed = [];
        foreach ([{}] as [$value, $call]) {{
            Macrosession\\visitor(['id_auteur' => 1, 'v' => $value]);
            ob_start();
            echo Macrosession\\raw_of(Macrosession\\filter($call[0], 'v', ...array_slice($call, 1)));
            $printed[] = ob_get_clean();
        }}
        echo json_encode($printed);",
        calls.join(",\n")
    );
    for extensions in [Extensions::Installed, Extensions::BuiltIn] {
        let printed = json(extensions, &code);
        for ((value, call, expected), found) in FILTERS.iter().zip(printed.as_array().unwrap()) {
            assert_eq!(found, expected, "{value} with {call}, extensions: {extensions:?}");
        }
    }
}

/// A page with all filters, and odd values and constants for them; `$check($value, $result, $name)` is called for each.
fn all_filters(check: &str) -> String {
    let mut names: Vec<&str> = FILTERS.iter().map(|(_, call, _)| call.split('\'').nth(1).unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    format!(
        r#"
        class Words {{ public function __toString() {{ return '<i>"words"'; }} }}
        class Silent {{ public $a = '<b>'; }}
        class Refusing {{ public function __toString() {{ throw new Exception("no\nwords"); }} }}
        function canary() {{ file_put_contents('php://output', 'CANARY'); }}
        $values = ['', '0', 'Linda', '<b>"\'&amp; &', "\xff\xe9\"'<", "\xc3", "a\0b", 'canary', 'Words::__toString',
            str_repeat('é<', 3000), '1e400', '-9223372036854775808', '2024-99-99', 0, -1, 1.5, INF, NAN, PHP_INT_MIN,
            true, false, [], ['x', 'y'], [['a' => 'b'], 2], ['canary'], new Words(), new Silent(), new Refusing(),
            function () {{ canary(); }}, new ArrayObject([1, 2]), 'O:5:"Words":0:{{}}', STDIN];
        $constants = [[], [''], ['x'], ['0'], ['3'], ['-5', '2'], ['(', '$0\\'], ['a/0', '<'], ['9999', '-'],
            ['canary', 'canary'], ["\xff", "\xff"]];
        foreach (['{}'] as $name) {{
            foreach ($values as $value) {{
                foreach ($constants as $list) {{
                    Macrosession\visitor(['id_auteur' => 1, 'v' => $value]);
                    $result = Macrosession\filter($name, 'v', ...$list);
                    {check}
                }}
            }}
        }}
        "#,
        names.join("', '")
    )
}

#[test]
fn no_value_breaks_a_page() {
    // Whatever a filter gets and gives: the page prints it without a word of PHP's, and nothing breaks out of quotes.
    let code = all_filters(
        r#"
        foreach ([Macrosession\html_of($result), Macrosession\html('v')] as $html) {
            if (!is_scalar($html) || preg_match('/[<>"\']/', (string) $html) || !preg_match('//u', (string) $html)) {
                echo $name, ' ', json_encode($value), ' prints ', var_export($html, true), "\n";
            }
        }
        Macrosession\raw('v'); Macrosession\raw_of($result);
        foreach (['==', '!=', '<', '<=', '>', '>='] as $operator) { Macrosession\compare('v', $operator, 'x'); }
        "#,
    );
    for extensions in [Extensions::Installed, Extensions::BuiltIn] {
        let Shown { page, log } = show(extensions, &code);
        assert_eq!(page, "");
        // One line each, and no control characters: what an exception says may come from a visitor.
        assert!(log.contains("macrosession: __toString: Exception: no?words\n"), "{log}");
        for line in log.lines() {
            assert!(line.starts_with("macrosession: "), "{line:?}");
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
        }
    }
}

#[test]
fn what_a_filter_cannot_take_gives_nothing() {
    // These take lists and objects, or look at their truth only.
    let code = all_filters(
        r#"
        $takes = ['count', 'table_valeur', 'json_encode', 'max', 'min', 'sinon', 'choixsivide', 'oui', 'intval', 'floatval'];
        if (!in_array($name, $takes, true) && (is_array($value) || $value instanceof Silent) && $result !== ''
            && $result !== null) {
            echo $name, ' ', json_encode($value), ' gives ', var_export($result, true), "\n";
        }
        "#,
    );
    assert_eq!(show(Extensions::Installed, &code).page, "");
}

#[test]
fn filters_of_the_site_come_first() {
    let code = r#"
        namespace Site { class Outils { public static function crier($v) { return "$v !"; } } }
        namespace {
            use Macrosession as M;
            function filtre_prefixe($v) { return "F:$v"; }
            function prefixe($v) { return 'not this one'; }
            function filtre_defaut_dist($v, $d = '') { return $v === '' ? $d : $v; }
            function entourer($v, $avant = '', $apres = '') { return $avant . $v . $apres; }
            function concat($v) { return "mine: $v"; }
            function filtre_strlen($v) { return 'long'; }
            class Outils {
                public static function majuscule($v) { return strtoupper($v); }
                public function methode($v) { return 'not static'; }
                private static function secret($v) { return 'private'; }
            }
            class Rallonge extends DateTime {}
            M\visitor(['id_auteur' => 1, 'nom' => 'Linda']);
            $called = [];
            foreach (['prefixe', 'PREFIXE', 'defaut', 'entourer', 'concat', 'strlen', 'STRREV', 'Outils::majuscule', 'outils::MAJUSCULE',
                'Site\Outils::crier', '\Site\Outils::crier', 'is_numeric', 'Outils::methode', 'Outils::secret', 'Outils::absent',
                'Absent::x', 'DateTime::createFromFormat', 'Rallonge::createFromFormat', 'Closure::fromCallable', 'inexistant', '', '::',
                'echo', 'isset', 'a b', 'Macrosession\raw', 'Macrosession\Display::log', 'M\raw'] as $name) {
                $called[$name] = M\filter($name, 'nom');
            }
            $called['two'] = M\filter('entourer', 'nom', '(', ')');
            // A function that is loaded later is found then.
            eval('function inexistant($v) { return "now"; }');
            $called['later'] = M\filter('inexistant', 'nom');
            echo json_encode($called);
        }"#;
    // The runtime is loaded in front, which a script with namespaces must begin with.
    let script = tempfile::Builder::new().suffix(".php").tempfile().unwrap();
    std::fs::write(script.path(), format!("<?php {code}")).unwrap();
    let found = json(Extensions::Installed, &format!("include {:?};", script.path().display().to_string()));
    let expected = json!({
        "prefixe": "F:Linda", "PREFIXE": "F:Linda", "defaut": "Linda", "entourer": "Linda", "concat": "mine: Linda",
        "strlen": "long", "STRREV": "adniL", "Outils::majuscule": "LINDA", "outils::MAJUSCULE": "LINDA",
        "Site\\Outils::crier": "Linda !", "\\Site\\Outils::crier": "Linda !", "is_numeric": false, "Outils::methode": "",
        "Outils::secret": "", "Outils::absent": "", "Absent::x": "", "DateTime::createFromFormat": "",
        "Rallonge::createFromFormat": "", "Closure::fromCallable": "", "inexistant": "", "": "", "::": "", "echo": "",
        "isset": "", "a b": "", "Macrosession\\raw": "", "Macrosession\\Display::log": "", "M\\raw": "",
        "two": "(Linda)", "later": "now",
    });
    assert_eq!(found, expected);
}

#[test]
fn no_template_can_call_what_is_forbidden() {
    let code = r#"
        use Macrosession as M;
        $forbidden = explode(' ', 'system exec shell_exec passthru popen proc_open pcntl_exec eval assert create_function call_user_func
            call_user_func_array include include_once require require_once file_get_contents file_put_contents fopen readfile unlink
            rename mail header phpinfo extract parse_str unserialize putenv ini_set dl ob_start array_map array_filter usort
            preg_replace_callback register_shutdown_function uasort uksort array_walk array_reduce forward_static_call
            forward_static_call_array set_error_handler set_exception_handler spl_autoload_register iterator_apply header_register_callback');
        $ran = [];
        $touched = tempnam(sys_get_temp_dir(), 'macrosession');
        unlink($touched);
        foreach (array_map('trim', array_filter($forbidden)) as $name) {
            foreach (['touch ' . escapeshellarg($touched), 'phpinfo', 'echo', $touched, ['b', 'a'], [['phpinfo']]] as $value) {
                M\visitor(['id_auteur' => 1, 'v' => $value]);
                foreach ([$name, strtoupper($name), ucfirst($name), "\\$name"] as $form) {
                    foreach ([[], ['phpinfo'], ['w'], ['r', 'phpinfo']] as $constants) {
                        if (M\filter($form, 'v', ...$constants) !== '' || file_exists($touched)) {
                            $ran[$form] = true;
                        }
                    }
                }
            }
        }
        echo json_encode([count($forbidden) > 40, $ran]);"#;
    assert_eq!(json(Extensions::Installed, code), json!([true, []]));
}

#[test]
fn a_filter_in_trouble_costs_its_own_output_only() {
    let code = r#"
        use Macrosession as M;
        function lance($v) { throw new DomainException("mauvais\n\e]0;titre\x07 é"); }
        function plante($v) { return $v->rien(); }
        function avertit($v) { trigger_error('averti'); trigger_error('vieux', E_USER_DEPRECATED); return $inconnu . hex2bin('x') . 'fini'; }
        function seul(int $v) { return $v; }
        spl_autoload_register(function ($class) { echo $undefined; throw new LogicException("no $class"); });
        M\visitor(['id_auteur' => 1, 'nom' => 'Linda', 'liste' => ['a']]);
        echo '<p title="', M\html_of(M\filter('lance', 'nom')), '">', M\html_of(M\filter('plante', 'nom')), '|',
            M\html_of(M\filter('avertit', 'nom')), '|', M\html_of(M\filter('seul', 'nom')), '|', M\html_of(M\filter('strlen', 'liste')),
            '|', M\html_of(M\filter('strlen', 'nom', 'trop')), '|', M\html_of(M\filter('hex2bin', 'nom')), '|',
            M\html_of(M\filter('replace', 'nom', '(')), '|', M\html_of(M\filter('Absente::x', 'nom')), "|</p>\n";
        // A site that makes exceptions of warnings.
        set_error_handler(function ($level, $message) { throw new ErrorException($message, 0, $level); });
        echo M\html_of(M\filter('avertit', 'nom')), '|', M\html_of(M\filter('strlen', 'nom')), "\n";
        restore_error_handler();
        // Complaints are as they were for the rest of the page.
        echo error_reporting();"#;
    let Shown { page, log } = show(Extensions::Installed, code);
    assert_eq!(page, "<p title=\"\">|fini|||||||</p>\n|5\n-1");
    let starts = [
        "macrosession: filter lance: DomainException: mauvais?]0;titre? ?",
        "macrosession: filter plante: Error: ",
        "macrosession: filter seul: TypeError: ",
        "macrosession: filter strlen: TypeError: ",
        "macrosession: filter strlen: ArgumentCountError: ",
        "macrosession: filter Absente::x: LogicException: no Absente",
        "macrosession: filter avertit: ErrorException: averti",
    ];
    assert_eq!(log.lines().count(), starts.len(), "{log}");
    for (line, start) in log.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}
