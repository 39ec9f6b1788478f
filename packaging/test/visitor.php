<?php

// A visitor of the pages at HOST:PORT: registers, logs in, and looks at the statistics and the home
// page. Ends with 1, and says why, if a page is not what it should be.

declare(strict_types=1);

$cookies = [];

/** Asks for a page; $form: what is posted. Gives its text, after at most five redirections. */
function visit(string $page, ?array $form = null): string
{
    global $argv, $cookies;
    for ($hops = 0; $hops < 5; $hops++) {
        $headers = ['Cookie: ' . implode('; ', array_map(fn ($name) => "$name={$cookies[$name]}", array_keys($cookies)))];
        if ($form !== null) {
            $headers[] = 'Content-Type: application/x-www-form-urlencoded';
        }
        $context = stream_context_create(['http' => [
            'method' => $form === null ? 'GET' : 'POST',
            'header' => $headers,
            'content' => http_build_query($form ?? []),
            'follow_location' => 0,
            'ignore_errors' => true,
            'timeout' => 30,
        ]]);
        $text = file_get_contents("http://{$argv[1]}/$page", false, $context);
        foreach ($http_response_header as $line) {
            if (preg_match('/^Set-Cookie: ([^=]+)=([^;]*)/i', $line, $found) === 1) {
                $cookies[$found[1]] = $found[2];
            }
        }
        $status = (int) explode(' ', $http_response_header[0])[1];
        $to = array_values(preg_grep('/^Location: /i', $http_response_header));
        if ($to === []) {
            if ($status !== 200) {
                fwrite(STDERR, "$page: status $status\n$text\n");
                exit(1);
            }
            // French has blanks at which no line breaks.
            return str_replace(["\u{a0}", "\u{202f}"], ' ', $text);
        }
        [$page, $form] = [basename(trim(substr($to[0], strlen('Location: ')))), null];
    }
    return '';
}

/** Fills in the form of a page. */
function submit(string $page, array $fields): string
{
    if (preg_match('/name="(jeton)" value="([^"]+)"/', visit($page), $token) !== 1) {
        fwrite(STDERR, "$page has no form\n");
        exit(1);
    }
    return visit($page, [$token[1] => $token[2]] + $fields);
}

function expect(string $what, string $text): void
{
    if (!str_contains($text, $what)) {
        fwrite(STDERR, "no \"$what\" in:\n$text\n");
        exit(1);
    }
}

$account = ['email' => 'zoe@exemple.fr', 'mot_de_passe' => 'une petite phrase'];
expect('Votre compte est créé', submit('inscription.php', ['prenom' => 'Zoé', 'nom' => 'Martin', 'confirmation' => $account['mot_de_passe']] + $account));
expect('Il vous reste 9 connexions sur 10', submit('login.php', $account));
expect('Zoé', visit('accueil.php'));
// The statistics of the logins come from stats-report, which reads the database and Redis.
expect('Zoé', visit('statistiques.php'));
