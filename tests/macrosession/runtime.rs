//! `web/lib/macrosession.php`: what compiled pages call, on a real PHP.

use serde_json::json;

use crate::php::{Extensions, Shown, json, runtime, show};

#[test]
fn fields_are_those_of_a_visitor_who_is_logged_in() {
    let code = r#"
        use Macrosession as M;
        $asked = [];
        $pipeline = function (array $flux) use (&$asked): array {
            $asked[] = $flux['champ'];
            $flux['visiteur_session'][$flux['champ']] = ['ville' => 'Brest', 'nom' => 'AUTRE', 'x' => null, '12' => 'douze',
                'amis' => ['Ana']][$flux['champ']] ?? null;
            return $flux;
        };
        // Nobody has set anything up.
        $result = ['unset' => [M\field('nom'), M\html('nom'), M\raw('nom'), M\compare('nom', '==', ''), M\authorised('voir')]];
        M\on_session_get($pipeline);
        foreach ([null, [], ['nom' => 'x'], ['id_auteur' => '', 'nom' => 'x'], ['id_auteur' => '0', 'nom' => 'x'],
            ['id_auteur' => 0, 'nom' => 'x'], ['id_auteur' => null, 'nom' => 'x'], ['id_auteur' => false, 'nom' => 'x']] as $session) {
            M\visitor($session);
            $result['anonymous'][] = [M\field('nom'), M\field('ville'), M\field('id_auteur'), M\filter('strlen', 'ville')];
        }
        $result['asked for nobody'] = $asked;
        M\visitor(['id_auteur' => '2', 'nom' => 'Linda', 'vide' => '', 'faux' => false, 'ville' => null, 7 => 'sept']);
        $result['connected'] = [M\field('nom'), M\field('vide'), M\field('faux'), M\field('ville'), M\field('ville'), M\html('ville'),
            M\compare('ville', '==', 'Brest'), M\field('x'), M\field('x'), M\field('12'), M\field('7'), M\field('Nom'),
            M\filter('count', 'amis'), M\field('')];
        $result['asked'] = $asked;
        // Another display asks again, also for the same visitor.
        $asked = [];
        M\on_session_get($pipeline);
        M\field('ville');
        M\visitor(['id_auteur' => '3', 'ville' => 'Lyon']);
        $result['next'] = [M\field('ville'), M\field('nom'), $asked];
        M\visitor(null);
        $result['logged out'] = [M\field('ville'), M\field('nom')];
        echo json_encode($result);"#;
    let anonymous = vec![json!(["", "", "", 0]); 8];
    assert_eq!(
        json(Extensions::Installed, code),
        json!({
            "unset": ["", "", "", true, false],
            "anonymous": anonymous,
            "asked for nobody": [],
            "connected": ["Linda", "", false, "Brest", "Brest", "Brest", true, "", "", "douze", "sept", "", 1, ""],
            "asked": ["ville", "x", "12", "Nom", "amis", ""],
            "next": ["Lyon", "AUTRE", ["ville", "nom"]],
            "logged out": ["", ""],
        })
    );
}

#[test]
fn the_pipeline_may_do_what_it_likes() {
    let code = r#"
        use Macrosession as M;
        function with(callable $pipeline): array {
            $ville = null;
            $session = ['id_auteur' => '2', 'nom' => 'Linda'];
            $session['ville'] = &$ville;
            M\on_session_get($pipeline);
            M\visitor($session);
            return [M\field('ville'), M\field('nom'), M\field('ville'), $ville];
        }
        $result = [
            'asks itself' => with(function ($flux) {
                $flux['visiteur_session']['ville'] = 'a' . M\field('ville') . M\field('nom') . M\field('autre');
                return $flux;
            }),
            'takes a reference' => with(function (array &$flux) { $flux['visiteur_session']['ville'] = 'Brest'; return $flux; }),
            'gives nothing' => with(function () {}),
            'gives a text' => with(function () { return 'ville'; }),
            'gives another form' => with(function () { return ['visiteur_session' => 'ville']; }),
            'complains' => with(function ($flux) { return $undefined . $flux['visiteur_session']['rien']; }),
            'logs out meanwhile' => with(function ($flux) { M\visitor(null); return ['visiteur_session' => ['ville' => 'x']]; }),
            'throws' => with(function () { throw new RuntimeException("base\nperdue\e[31m"); }),
            'is wrong' => with(function () { return no_such_function(); }),
        ];
        echo json_encode($result), ini_get('display_errors');"#;
    let Shown { page, log } = show(Extensions::Installed, code);
    let (page, setting) = page.split_at(page.len() - 1);
    assert_eq!(setting, "1");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(page).unwrap(),
        json!({
            "asks itself": ["aLinda", "Linda", "aLinda", null],
            "takes a reference": ["Brest", "Linda", "Brest", null],
            "gives nothing": ["", "Linda", "", null],
            "gives a text": ["", "Linda", "", null],
            "gives another form": ["", "Linda", "", null],
            "complains": ["", "Linda", "", null],
            "logs out meanwhile": ["x", "", "", null],
            "throws": ["", "Linda", "", null],
            "is wrong": ["", "Linda", "", null],
        })
    );
    // What the pipeline complains of is not lost: its author finds it in the log, as always.
    assert!(log.contains("Undefined variable $undefined"), "{log}");
    let ours: Vec<&str> = log.lines().filter(|line| line.starts_with("macrosession")).collect();
    assert_eq!(
        ours,
        [
            "macrosession: session_get: RuntimeException: base?perdue?[31m",
            "macrosession: session_get: Error: Call to undefined function no_such_function()",
        ]
    );
}

#[test]
fn values_are_printed_as_php_prints_them_and_escaped_once() {
    let code = r#"
        use Macrosession as M;
        class Words { public function __toString() { return '<i>'; } }
        M\visitor(['id_auteur' => 1, 't' => true, 'f' => false, 'i' => 12, 'd' => 1.5, 'e' => 1e25, 'a' => ['x'],
            'o' => new stdClass(), 'w' => new Words(), 'z' => '0', 'h' => '<a href="x">l\'été & co</a>', 'u' => "\xe9t\xe9\"",
            'n' => 'a &amp; b &lt;i&gt; &#39; &eacute; &x; &', 'p' => '<?php echo 6*7; ?>']);
        $printed = [];
        foreach (['t', 'f', 'i', 'd', 'e', 'a', 'o', 'w', 'z', 'h', 'u', 'n', 'p', 'absent'] as $champ) {
            ob_start();
            echo M\html($champ), '|', M\raw($champ), '|', M\html_of(M\field($champ)) === M\html($champ);
            $printed[$champ] = ob_get_clean();
        }
        echo json_encode($printed, JSON_INVALID_UTF8_SUBSTITUTE);"#;
    assert_eq!(
        json(Extensions::Installed, code),
        json!({
            "t": "1|1|1", "f": "||1", "i": "12|12|1", "d": "1.5|1.5|1", "e": "1.0E+25|1.0E+25|1", "a": "||1", "o": "||1",
            "w": "&lt;i&gt;|<i>|1", "z": "0|0|1",
            "h": "&lt;a href=&quot;x&quot;&gt;l&#039;été &amp; co&lt;/a&gt;|<a href=\"x\">l'été & co</a>|1",
            "u": "\u{fffd}t\u{fffd}&quot;|\u{fffd}t\u{fffd}\"|1",
            "n": "a &amp; b &lt;i&gt; &#39; &eacute; &amp;x; &amp;|a &amp; b &lt;i&gt; &#39; &eacute; &x; &|1",
            "p": "&lt;?php echo 6*7; ?&gt;|<?php echo 6*7; ?>|1",
            "absent": "||1",
        })
    );
}

#[test]
fn comparisons_are_those_of_php_8() {
    // PHP's own operators are the judge.
    let code = r#"
        $constants = ['', '0', '00', '-0', '1', '4', '4.0', '9', '10', '10.0', '1e1', ' 10', '10 ', "10\n", '0x1A', '9a', 'abc', 'K', 'Linda',
            'linda', 'É', 'Z', ' ', '.', '1.5', '1,5', 'INF', '9223372036854775807', '9223372036854775808', 'Array', "\0", "10\0", '1 1'];
        $values = array_merge($constants, [0, 1, 10, 12, -1, 1.5, 10.0, 0.0, -0.0, 1e25, INF, NAN, PHP_INT_MAX, true, false, [], ['x'],
            new stdClass(), new ArrayObject()]);
        $operators = [
            '==' => function ($a, $b) { return $a == $b; }, '!=' => function ($a, $b) { return $a != $b; },
            '<' => function ($a, $b) { return $a < $b; }, '<=' => function ($a, $b) { return $a <= $b; },
            '>' => function ($a, $b) { return $a > $b; }, '>=' => function ($a, $b) { return $a >= $b; },
        ];
        $wrong = [];
        $count = 0;
        foreach ($values as $value) {
            Macrosession\visitor(['id_auteur' => 1, 'v' => $value]);
            foreach ($constants as $constant) {
                foreach ($operators as $operator => $compare) {
                    $count++;
                    $expected = $compare($value, $constant);
                    $older = $compare(...Macrosession\as_in_php_8($value, $constant));
                    if (Macrosession\compare('v', $operator, $constant) !== $expected || $older !== $expected) {
                        $wrong[] = var_export($value, true) . " $operator $constant";
                    }
                }
            }
        }
        Macrosession\visitor(null);
        echo json_encode([$count, $wrong, Macrosession\compare('v', '<', '5'), Macrosession\compare('v', '==', '0'),
            Macrosession\compare('v', '!=', 'x')]);"#;
    let expected = json!([(33 + 19) * 33 * 6, [], true, false, true]);
    assert_eq!(json(Extensions::Installed, code), expected);
}

#[test]
fn an_older_php_compares_what_gives_the_results_of_php_8() {
    // Where PHP 7 has other rules, it gets other values.
    let pairs = [
        ("12, '9a'", json!(["12", "9a"])),
        ("0, 'abc'", json!(["0", "abc"])),
        ("0, ''", json!(["0", ""])),
        ("1.5, 'x'", json!(["1.5", "x"])),
        ("'10 ', '10'", json!(["10", "10"])),
        ("10, \"10\\n\"", json!([10, "10"])),
        ("'abc ', 'abc'", json!(["abc ", "abc"])),
        ("'10 ', 'abc'", json!(["10 ", "abc"])),
        ("true, 'abc '", json!([true, "abc "])),
        ("['x'], '1 '", json!([["x"], "1 "])),
    ];
    let calls: Vec<String> =
        pairs.iter().map(|(pair, _)| format!("Macrosession\\as_in_php_8({pair})")).collect();
    let found = json(Extensions::Installed, &format!("echo json_encode([{}]);", calls.join(", ")));
    for ((pair, expected), found) in pairs.iter().zip(found.as_array().unwrap()) {
        assert_eq!(found, expected, "{pair}");
    }
}

#[test]
fn only_the_site_allows() {
    let code = r#"
        use Macrosession as M;
        $calls = [];
        $result = [M\authorised('webmestre')];
        M\on_autoriser(function (...$arguments) use (&$calls) {
            $calls[] = $arguments;
            return ['webmestre' => true, 'un' => 1, 'zero' => '0', 'rien' => null, 'liste' => []][$arguments[0]] ?? $undefined;
        });
        $_GET = ['id_article' => '7\'); print(\'X', 'id_liste' => ['1']];
        $result[] = M\authorised('webmestre');
        $result[] = M\authorised('un', 'article', '2', '5', 'x');
        $result[] = M\authorised('zero', 'article', M\from_query('id_article'));
        $result[] = M\authorised('rien', M\from_query('id_absent'), M\from_query('id_liste'));
        $result[] = M\authorised('liste');
        M\query(['id_article' => '8']);
        $result[] = M\from_query('id_article');
        $_GET = ['id_rubrique' => '9'];
        $result[] = M\from_query('id_rubrique');
        M\on_autoriser(function () { throw new Exception("non\r\n"); });
        $result[] = M\authorised('webmestre');
        M\on_autoriser(function (int $number) { return true; });
        $result[] = M\authorised('webmestre');
        echo json_encode([$result, $calls]);"#;
    let Shown { page, log } = show(Extensions::Installed, code);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&page).unwrap(),
        json!([
            [false, true, true, false, false, false, "8", null, false, false],
            [
                ["webmestre"],
                ["un", "article", "2", "5", "x"],
                ["zero", "article", "7'); print('X"],
                ["rien", null, null],
                ["liste"]
            ]
        ])
    );
    let ours: Vec<&str> = log.lines().filter(|line| line.starts_with("macrosession")).collect();
    assert_eq!(ours[0], "macrosession: autoriser: Exception: non?");
    assert!(ours[1].starts_with("macrosession: autoriser: TypeError: "), "{log}");
    assert_eq!(ours.len(), 2, "{log}");
}

#[test]
fn the_runtime_prints_nothing_and_can_be_loaded_again() {
    for extensions in [Extensions::Installed, Extensions::BuiltIn] {
        let again = format!("require_once {:?}; echo '.';", runtime().display().to_string());
        let silent = Shown { page: ".".to_owned(), log: String::new() };
        assert_eq!(show(extensions, &again), silent);
    }
}

#[test]
fn php_7_4_is_enough() {
    // What is newer in the file's words, in their order, and in its types.
    let code = r#"
        $words = array_values(array_filter(PhpToken::tokenize(file_get_contents($file)), function ($token) {
            return !$token->isIgnorable();
        }));
        $newer = [T_MATCH, T_ATTRIBUTE, T_NULLSAFE_OBJECT_OPERATOR, T_ENUM, T_READONLY];
        $functions = ['str_contains', 'str_starts_with', 'str_ends_with', 'get_debug_type', 'fdiv', 'array_is_list', 'mb_str_split',
            'preg_last_error_msg', 'get_resource_id', 'ctype_alpha', 'array_find', 'mb_trim', 'iconv'];
        $depth = 0;
        $parameters = [];
        foreach ($words as $index => $word) {
            $text = $word->text;
            [$before, $after, $second] = [$words[$index - 1]->text ?? '', $words[$index + 1]->text ?? '', $words[$index + 2]->text ?? ''];
            $isNewer = in_array($word->id, $newer, true)
                || (ltrim($text, '\\') !== $text && in_array(substr($text, 1), $functions, true))
                || ($text === 'throw' && !in_array($before, [';', '{', '}', ')', ':'], true))
                || ($text === 'catch' && !preg_match('/^catch\([^()]*\$\w+\)/', $text . $after . implode('', array_map(function ($word) {
                    return $word->text;
                }, array_slice($words, $index + 2, 6)))))
                || ($text === '...' && $after === ')')
                || (in_array($before, ['(', ','], true) && $word->id === T_STRING && $after === ':')
                || ($text === 'new' && $before === '=' && $words[$index - 3]->text === '(');
            if ($text === 'function' || $text === 'fn') {
                $parameters[] = $depth + 1;
            }
            $depth += ['(' => 1, ')' => -1][$text] ?? 0;
            if ($text === ')' && end($parameters) === $depth + 1) {
                array_pop($parameters);
                $isNewer = $isNewer || $before === ',';
            }
            if ($isNewer) {
                echo "line {$word->line}: $before $text $after\n";
            }
        }
        $all = array_map(function ($name) { return new ReflectionFunction($name); }, get_defined_functions()['user']);
        foreach (['Display', 'Filters'] as $class) {
            $all = array_merge($all, (new ReflectionClass("Macrosession\\$class"))->getMethods());
        }
        foreach ($all as $function) {
            $types = [$function->getReturnType()];
            foreach ($function->getParameters() as $parameter) {
                $types[] = $parameter->getType();
            }
            foreach (array_filter($types) as $type) {
                if (!$type instanceof ReflectionNamedType
                    || in_array($type->getName(), ['mixed', 'static', 'never', 'false', 'true', 'null'], true)) {
                    echo $function->getName(), ": $type\n";
                }
            }
        }
        echo count($words) > 3000 && count($all) > 60 ? 'read' : 'lost';"#;
    let code = format!("$file = {:?};{code}", runtime().display().to_string());
    assert_eq!(show(Extensions::Installed, &code), Shown { page: "read".to_owned(), log: String::new() });
}
