<?php

/*
 * Answers questions about pages until its standard input ends: php judge.php RUNTIME
 *
 * A question and an answer are lists of texts: their number, then each one's length and bytes; numbers are 32 bits,
 * big-endian. A question begins with its verb:
 *
 *   page PAGE                              "" or why PHP refuses the page; nothing of it runs. For pages without PHP of
 *                                          their authors, who could declare functions for all questions that follow
 *   alone FILE                             the same for any file, in a process of its own
 *   blocks FILE                            "refused", or where PHP begins and ends in it, as PHP's scanner sees it
 *   same PAGE OTHER                        "" or where PHP sees more of a difference than in the texts of literals
 *   show PAGE N SESSION... QUERY...        what the page prints, then what it asked on_autoriser, which allows all;
 *                                          names and values in turn, N of them are the session's
 *   html TEXT                              the text as HTML
 *   compare TEXT OPERATOR TEXT             "1" or ""
 */

require $argv[1];

foreach (['token_get_all', 'pcntl_fork', 'posix_kill', 'opcache_compile_file'] as $function) {
    if (!function_exists($function)) {
        fwrite(STDERR, "judge.php: this PHP has no $function\n");
        exit(1);
    }
}

function read_bytes(int $length): string
{
    $bytes = '';
    while (strlen($bytes) < $length) {
        $more = fread(STDIN, $length - strlen($bytes));
        if ($more === '' || $more === false) {
            exit(0);
        }
        $bytes .= $more;
    }
    return $bytes;
}

function read_number(): int
{
    return unpack('N', read_bytes(4))[1];
}

/** @return list<string> */
function question(): array
{
    $texts = [];
    for ($count = read_number(); $count > 0; $count--) {
        $length = read_number();
        $texts[] = $length === 0 ? '' : read_bytes($length);
    }
    return $texts;
}

function answer(array $texts): void
{
    $bytes = pack('N', count($texts));
    foreach ($texts as $text) {
        $bytes .= pack('N', strlen($text)) . $text;
    }
    fwrite(STDOUT, $bytes);
    fflush(STDOUT);
}

/** Errors that PHP finds when it compiles a page, and not when it parses it, end this script: that is an answer, too. */
function page(string $page): string
{
    try {
        // The page is compiled whole; then the first statement ends it.
        eval('return; ?>' . $page);
        return '';
    } catch (CompileError $error) {
        return $error->getMessage() . ' on line ' . $error->getLine();
    }
}

function alone(string $file): string
{
    $name = sys_get_temp_dir() . '/sessionstat-judge-' . getmypid() . '.php';
    file_put_contents($name, $file);
    $child = pcntl_fork();
    if ($child === 0) {
        // A fatal error must not be printed into an answer.
        ini_set('display_errors', '0');
        ini_set('log_errors', '0');
        $accepted = @opcache_compile_file($name);
        // Without this script's own end.
        posix_kill(getmypid(), $accepted ? SIGKILL : SIGTERM);
    }
    pcntl_waitpid($child, $status);
    unlink($name);
    return pcntl_wifsignaled($status) && pcntl_wtermsig($status) === SIGKILL ? '' : 'PHP refuses the file';
}

/** @return list<string> */
function blocks(string $file): array
{
    try {
        $tokens = token_get_all($file, TOKEN_PARSE);
    } catch (ParseError $error) {
        return ['refused'];
    }
    $blocks = [];
    $at = 0;
    foreach ($tokens as $token) {
        [$kind, $text] = is_array($token) ? $token : [null, $token];
        if ($kind === T_OPEN_TAG || $kind === T_OPEN_TAG_WITH_ECHO) {
            $begin = $at;
        } elseif ($kind === T_CLOSE_TAG) {
            array_push($blocks, (string) $begin, (string) ($at + 2));
            $begin = null;
        }
        $at += strlen($text);
    }
    if (isset($begin)) {
        array_push($blocks, (string) $begin, (string) $at);
    }
    return $blocks;
}

/** All that PHP sees of a page but for literals, comments and blanks: those only by their kind. */
function kinds(string $page): array
{
    $kinds = [];
    foreach (token_get_all($page) as $token) {
        if (is_array($token)) {
            $hidden = [T_CONSTANT_ENCAPSED_STRING, T_WHITESPACE, T_COMMENT];
            $token = token_name($token[0]) . (in_array($token[0], $hidden, true) ? '' : ' ' . $token[1]);
        }
        $kinds[] = $token;
    }
    return $kinds;
}

function same(string $page, string $other): string
{
    $one = kinds($page);
    $two = kinds($other);
    for ($at = 0; $at < max(count($one), count($two)); $at++) {
        if (($one[$at] ?? null) !== ($two[$at] ?? null)) {
            return "token $at: " . ($one[$at] ?? 'none') . ' instead of ' . ($two[$at] ?? 'none');
        }
    }
    return '';
}

/** @return list<string> */
function show(string $page, int $ofSession, string ...$pairs): array
{
    $session = [];
    $query = [];
    foreach (array_chunk($pairs, 2) as $at => [$name, $value]) {
        if ($at < $ofSession) {
            $session[$name] = $value;
        } else {
            $query[$name] = $value;
        }
    }
    $asked = [];
    Macrosession\visitor($session);
    Macrosession\query($query);
    Macrosession\on_autoriser(static function (?string ...$arguments) use (&$asked): bool {
        foreach ($arguments as $argument) {
            $asked[] = $argument ?? 'null';
        }
        return true;
    });
    ob_start();
    (static function () use ($page): void {
        eval('?>' . $page);
    })();
    return [ob_get_clean(), ...$asked];
}

function compare(string $value, string $operator, string $constant): bool
{
    return [
        '==' => $value == $constant,
        '!=' => $value != $constant,
        '<' => $value < $constant,
        '<=' => $value <= $constant,
        '>' => $value > $constant,
        '>=' => $value >= $constant,
    ][$operator];
}

while (true) {
    $texts = question();
    $verb = array_shift($texts);
    switch ($verb) {
        case 'page':
            answer([page(...$texts)]);
            break;
        case 'alone':
            answer([alone(...$texts)]);
            break;
        case 'blocks':
            answer(blocks(...$texts));
            break;
        case 'same':
            answer([same(...$texts)]);
            break;
        case 'show':
            $page = array_shift($texts);
            answer(show($page, (int) array_shift($texts), ...$texts));
            break;
        case 'html':
            answer([htmlspecialchars($texts[0], ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8', false)]);
            break;
        case 'compare':
            answer([(string) compare(...$texts)]);
            break;
        default:
            exit(1);
    }
}
