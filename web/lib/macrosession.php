<?php

/*
 * What pages compiled by macrosession-compile call while they are shown. This file needs nothing but PHP: any site can
 * take it alone. The page that includes a compiled page says who looks at it:
 *
 *     require_once 'macrosession.php';
 *     Macrosession\visitor($_SESSION['visitor'] ?? null);
 *     include 'pages/accueil.php';
 *
 * A visitor is an array with the fields of the site's session, as SPIP has it: without a true `id_auteur`, nobody is
 * logged in, and all fields are ''. What else a page may ask for:
 *
 *     // Fields that the session does not hold. Called when a page asks for one, at most once for each.
 *     Macrosession\on_session_get(function (array $flux): array {
 *         if ($flux['champ'] === 'nbreste') {
 *             $flux['visiteur_session']['nbreste'] = issues_left($flux['visiteur_session']['id_auteur']);
 *         }
 *         return $flux;
 *     });
 *     // #_AUTORISER_SI{modifier,article,5}: may the visitor do so? Without this function, nobody may do anything.
 *     Macrosession\on_autoriser(function (?string $faire, ?string $type = null, ?string $id = null): bool { ... });
 *     // The query string for #_AUTORISER_SI{modifier,article,url}, if it is not that of $_GET.
 *     Macrosession\query(['id_article' => '5']);
 *
 * All that follows is for compiled pages. A trouble in a filter or in the site's functions costs one macro its output
 * and leaves a line in PHP's error log; the page goes on. Nothing here prints, and no value of a session becomes code.
 *
 * No strict_types: filters get numbers as the text that templates hold. No syntax newer than that of PHP 7.4, no
 * extension; comparisons are those of PHP 8 everywhere.
 */

namespace Macrosession;

// ---------------------------------------------------------------------------------------------------------------------
// Set-up
// ---------------------------------------------------------------------------------------------------------------------

/** Begins a display of pages, for this visitor; null: nobody is logged in. */
function visitor(?array $session): void
{
    Display::begin(empty($session['id_auteur']) ? null : $session);
}

/**
 * Begins a display of pages with this source of further fields.
 *
 * @param callable(array{champ: string, visiteur_session: array}): array $pipeline gives back what it got, with a value
 *        for that field in `visiteur_session`
 */
function on_session_get(callable $pipeline): void
{
    Display::$pipeline = $pipeline;
    Display::begin(Display::$session);
}

/** @param callable(?string ...): bool $autoriser gets the arguments of #_AUTORISER_SI as they are; null: missing */
function on_autoriser(callable $autoriser): void
{
    Display::$autoriser = $autoriser;
}

/** @param array<mixed> $get the parameters of the page's address (else: $_GET) */
function query(array $get): void
{
    Display::$query = $get;
}

// ---------------------------------------------------------------------------------------------------------------------
// Fields
// ---------------------------------------------------------------------------------------------------------------------

/** A field of the visitor, '' if there is none; never null. */
function field(string $champ)
{
    return Display::$values[$champ] ?? (Display::$session === null ? '' : Display::ask($champ));
}

/** What `#_SESSION{champ}` prints: text for HTML. */
function html(string $champ)
{
    $value = Display::$values[$champ] ?? (Display::$session === null ? '' : Display::ask($champ));
    if ($value === '') {
        return '';
    }
    return \is_string($value)
        ? \htmlspecialchars($value, \ENT_QUOTES | \ENT_SUBSTITUTE, 'UTF-8', false)
        : html_of($value);
}

/** What `#_SESSION*{champ}` prints: the value as it is. */
function raw(string $champ)
{
    $value = Display::$values[$champ] ?? (Display::$session === null ? '' : Display::ask($champ));
    return \is_string($value) ? $value : raw_of($value);
}

/** A value for HTML, also within quotes: entities stay what they are, bytes that are no UTF-8 become U+FFFD. */
function html_of($value)
{
    if ($value === '') {
        return '';
    }
    if (!\is_string($value)) {
        $value = raw_of($value);
    }
    return \is_string($value)
        ? \htmlspecialchars($value, \ENT_QUOTES | \ENT_SUBSTITUTE, 'UTF-8', false)
        : $value;
}

/** A value as PHP 8 prints it; what cannot be printed is ''. */
function raw_of($value)
{
    if (\PHP_VERSION_ID < 80000 && \is_float($value)) {
        return Display::decimal($value);
    }
    if (\is_object($value)) {
        return Display::words($value);
    }
    return \is_scalar($value) ? $value : '';
}

// ---------------------------------------------------------------------------------------------------------------------
// Comparisons and authorisations
// ---------------------------------------------------------------------------------------------------------------------

/** `#_SESSION{champ,OPERATOR,constant}`; the operator is one of == != < <= > >=. */
function compare(string $champ, string $operator, string $constant): bool
{
    $value = Display::$values[$champ] ?? (Display::$session === null ? '' : Display::ask($champ));
    try {
        if (\PHP_VERSION_ID < 80000) {
            [$value, $constant] = as_in_php_8($value, $constant);
        }
        switch ($operator) {
            case '==':
                return $value == $constant;
            case '!=':
                return $value != $constant;
            case '<':
                return $value < $constant;
            case '<=':
                return $value <= $constant;
            case '>':
                return $value > $constant;
            case '>=':
                return $value >= $constant;
        }
    } catch (\Throwable $trouble) { // an object that should become text
        Display::log("comparison $operator", $trouble);
    }
    return false;
}

/**
 * A value and a constant for which the operators of PHP 7 have the results that those of PHP 8 have for the given ones:
 * a number and a text that is no number compare as texts, blanks may follow the digits of a number, and what is no
 * number (NAN) is neither equal to anything nor more nor less.
 *
 * @return array{mixed, mixed}
 */
function as_in_php_8($value, string $constant): array
{
    if (\is_object($value) && \method_exists($value, '__toString')) {
        $value = (string) $value;
    }
    $isNumber = \is_int($value) || \is_float($value);
    if (!$isNumber && !\is_string($value)) {
        return [$value, $constant];
    }
    if (\is_float($value) && \is_nan($value)) {
        return [$value, $value];
    }
    $trimmed = \rtrim($constant, " \t\n\r\v\f");
    if (!\is_numeric($trimmed)) {
        return [\is_float($value) ? Display::decimal($value) : (string) $value, $constant];
    }
    if ($isNumber) {
        return [$value, $trimmed];
    }
    $digits = \rtrim($value, " \t\n\r\v\f");
    return \is_numeric($digits) ? [$digits, $trimmed] : [$value, $constant];
}

/** `#_AUTORISER_SI{...}`: asks the site's function, with exactly these arguments. */
function authorised(?string ...$arguments): bool
{
    try {
        return Display::$autoriser !== null && Display::call(Display::$autoriser, $arguments);
    } catch (\Throwable $trouble) {
        Display::log('autoriser', $trouble);
        return false;
    }
}

/** A parameter of the page's address; null: it is not there, or is a list. */
function from_query(string $name): ?string
{
    $value = (Display::$query ?? $_GET)[$name] ?? null;
    return \is_string($value) ? $value : null;
}

// ---------------------------------------------------------------------------------------------------------------------
// Filters
// ---------------------------------------------------------------------------------------------------------------------

/**
 * `#_SESSION{champ,NAME,a,b}`: the filter's result; '' if there is no such filter, or if it fails. What it complains of
 * is not shown.
 */
function filter(string $name, string $champ, ?string $a = null, ?string $b = null)
{
    $value = Display::$values[$champ] ?? (Display::$session === null ? '' : Display::ask($champ));
    try {
        $filter = Filters::$found[$name] ?? @Filters::find($name);
        if ($a === null) {
            return @$filter($value);
        }
        return $b === null ? @$filter($value, $a) : @$filter($value, $a, $b);
    } catch (\Throwable $trouble) {
        Display::log("filter $name", $trouble);
        return '';
    }
}

/** Who looks at the pages, and what the site has set up. */
final class Display
{
    /** @var array<mixed> the fields that are known, none of them null */
    public static $values = [];
    /** @var array<mixed>|null null: nobody is logged in */
    public static $session = null;
    /** @var callable|null */
    public static $pipeline = null;
    /** @var callable|null */
    public static $autoriser = null;
    /** @var array<mixed>|null null: $_GET */
    public static $query = null;
    /** @var int counts the displays */
    private static $number = 0;

    public static function begin(?array $session): void
    {
        self::$session = $session;
        self::$values = $session ?? [];
        self::$number++;
    }

    /** A field of somebody who is logged in, which is not known: asks for it once. */
    public static function ask(string $champ)
    {
        // What is there is null; it may be a reference into the site's own session, which must not be written to.
        unset(self::$values[$champ]);
        // This is what the site's function gets, should it ask for the field itself.
        self::$values[$champ] = '';
        if (self::$pipeline === null) {
            return '';
        }
        $number = self::$number;
        $copy = [];
        foreach (self::$session as $name => $value) { // without references
            $copy[$name] = $value;
        }
        try {
            $flux = self::call(self::$pipeline, [['champ' => $champ, 'visiteur_session' => $copy]]);
        } catch (\Throwable $trouble) {
            self::log('session_get', $trouble);
            return '';
        }
        $session = \is_array($flux) ? $flux['visiteur_session'] ?? null : null;
        $value = \is_array($session) ? $session[$champ] ?? '' : '';
        if ($number === self::$number) { // else this is another visitor's display by now
            self::$values[$champ] = $value;
        }
        return $value;
    }

    /** Calls a function of the site. What it complains of goes into the log, if PHP is set up so; not into the page. */
    public static function call(callable $function, array $arguments)
    {
        $shown = \function_exists('ini_set') ? \ini_set('display_errors', '0') : false;
        try {
            return $function(...$arguments);
        } finally {
            if ($shown !== false) {
                \ini_set('display_errors', $shown);
            }
        }
    }

    /** An object as text; '' if it has none. */
    public static function words(object $value): string
    {
        try {
            return \method_exists($value, '__toString') ? (string) $value : '';
        } catch (\Throwable $trouble) {
            self::log('__toString', $trouble);
            return '';
        }
    }

    /** A number with a point, also where an older PHP would write a comma. */
    public static function decimal(float $value): string
    {
        return \strtr((string) $value, ',', '.');
    }

    /** Writes one line into PHP's error log. */
    public static function log(string $what, \Throwable $trouble): void
    {
        $message = \get_class($trouble) . ': ' . $trouble->getMessage();
        \error_log("macrosession: $what: " . \preg_replace('/[^\x20-\x7e]+/', '?', \substr($message, 0, 500)));
    }
}

/** The filters that templates can name, and how they are found. */
final class Filters
{
    /**
     * Filters of SPIP, and those of PHP that differ from one version to the other or need an extension. All others of
     * PHP are what they are there.
     */
    private const OURS = [
        'concat' => 'concat',
        'sinon' => 'sinon',
        'choixsivide' => 'choixSiVide',
        'oui' => 'oui',
        'non' => 'non',
        // Numbers
        'plus' => 'plus',
        'moins' => 'moins',
        'mult' => 'mult',
        'div' => 'div',
        'modulo' => 'modulo',
        'round' => 'round',
        'floor' => 'floor',
        'ceil' => 'ceil',
        'abs' => 'abs',
        'number_format' => 'numberFormat',
        'taille_en_octets' => 'tailleEnOctets',
        'singulier_ou_pluriel' => 'singulierOuPluriel',
        // Characters
        'spip_substr' => 'spipSubstr',
        'couper' => 'couper',
        'match' => 'firstMatch',
        'replace' => 'replace',
        // HTML and addresses
        'htmlspecialchars' => 'htmlSpecialChars',
        'entites_html' => 'entitesHtml',
        'attribut_html' => 'attributHtml',
        'textebrut' => 'texteBrut',
        'supprimer_tags' => 'supprimerTags',
        'parametre_url' => 'parametreUrl',
        // Dates
        'affdate' => 'affdate',
        'jour' => 'jour',
        'mois' => 'mois',
        'annee' => 'annee',
        // Lists
        'count' => 'count',
        'table_valeur' => 'tableValeur',
    ];

    /** Of UTF-8, as the extension has them. */
    private const OURS_WITHOUT_MBSTRING = [
        'mb_strlen' => 'mbStrLen',
        'mb_substr' => 'mbSubstr',
        'mb_strtoupper' => 'mbStrToUpper',
        'mb_strtolower' => 'mbStrToLower',
    ];

    /** Letters beyond ASCII are none for these since PHP 8.2; before, that is up to the locale. */
    private const OURS_BEFORE_8_2 = [
        'strtoupper' => 'strToUpper',
        'strtolower' => 'strToLower',
        'ucfirst' => 'ucFirst',
        'lcfirst' => 'lcFirst',
        'ucwords' => 'ucWords',
    ];

    /** What no template may call, whoever wrote it: a value would become a command, code or the name of a file. */
    private const FORBIDDEN = [
        'system', 'exec', 'shell_exec', 'passthru', 'popen', 'proc_open', 'pcntl_exec', 'eval', 'assert',
        'create_function', 'call_user_func', 'call_user_func_array', 'include', 'include_once', 'require',
        'require_once', 'file_get_contents', 'file_put_contents', 'fopen', 'readfile', 'unlink', 'rename', 'mail',
        'header', 'phpinfo', 'extract', 'parse_str', 'unserialize', 'putenv', 'ini_set', 'dl', 'ob_start', 'array_map',
        'array_filter', 'usort', 'preg_replace_callback', 'register_shutdown_function',
    ];

    private const MONTHS = [
        1 => 'janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre',
        'novembre', 'décembre',
    ];
    private const DAYS = ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'];

    private const LOWER = 'abcdefghijklmnopqrstuvwxyz';
    private const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

    /** @var array<string, callable> by the name that a page has for it */
    public static $found = [];
    /** @var array{array<string, string>, array<string, string>}|null to upper case and to lower case */
    private static $letters = null;

    /**
     * Looks for a filter: the site's own function (filtre_NAME, filtre_NAME_dist, NAME, Class::NAME), then one of
     * ours, then one of PHP. Letter case does not matter, as in PHP.
     */
    public static function find(string $name): callable
    {
        $filter = self::resolve(\ltrim($name, '\\'));
        if ($filter === null) {
            return static function (): string {
                return '';
            };
        }
        return self::$found[$name] = $filter;
    }

    private static function resolve(string $name): ?callable
    {
        $lower = \strtolower($name);
        if (\in_array($lower, self::FORBIDDEN, true) || \strpos($lower, 'macrosession\\') === 0) {
            return null;
        }
        if (\strpos($name, '::') !== false) {
            return self::method($name);
        }
        foreach (["filtre_$name", "filtre_{$name}_dist", $name] as $function) {
            if (\function_exists($function) && (new \ReflectionFunction($function))->isUserDefined()) {
                return \Closure::fromCallable($function);
            }
        }
        $ours = self::OURS
            + (self::hasMbstring() ? [] : self::OURS_WITHOUT_MBSTRING)
            + (\PHP_VERSION_ID < 80200 ? self::OURS_BEFORE_8_2 : []);
        if (isset($ours[$lower])) {
            return \Closure::fromCallable([self::class, $ours[$lower]]);
        }
        return \function_exists($name) && !self::takesFunction($name) ? \Closure::fromCallable($name) : null;
    }

    /** Whether there is the extension, set up for UTF-8. */
    private static function hasMbstring(): bool
    {
        return \extension_loaded('mbstring') && \mb_internal_encoding() === 'UTF-8';
    }

    /** A public static method of a class of the site. */
    private static function method(string $name): ?callable
    {
        [$class, $method] = \explode('::', $name, 2);
        if (!\class_exists($class)) {
            return null;
        }
        if (\method_exists($class, $method)) {
            $known = new \ReflectionMethod($class, $method);
            if (!$known->isStatic() || !$known->isPublic() || !$known->isUserDefined()) {
                return null;
            }
        }
        return \is_callable([$class, $method]) ? \Closure::fromCallable([$class, $method]) : null;
    }

    /** Whether a function of PHP calls others, which a value could name. */
    private static function takesFunction(string $name): bool
    {
        foreach ((new \ReflectionFunction($name))->getParameters() as $parameter) {
            $type = $parameter->getType();
            $isCallable = $type instanceof \ReflectionNamedType && $type->getName() === 'callable';
            // Not all functions have types, in older versions least of all.
            if ($isCallable || \preg_match('/callback|func|handler/', $parameter->getName()) === 1) {
                return true;
            }
        }
        return false;
    }

    /** A value as text; arrays, and objects without text, are none. */
    private static function text($value): string
    {
        if (\is_string($value)) {
            return $value;
        }
        if (\is_float($value)) {
            return Display::decimal($value);
        }
        if (\is_array($value)) {
            throw new \TypeError('an array is no text');
        }
        return (string) $value;
    }

    /** @return int|float a value as a number: what it begins with, else 0 */
    private static function number($value)
    {
        if (\is_int($value) || \is_float($value)) {
            return $value;
        }
        $digits = '/^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/i';
        return \preg_match($digits, self::text($value), $found) === 1 ? \trim($found[0]) + 0 : 0;
    }

    // Values

    private static function concat($value, string $a = '', string $b = ''): string
    {
        return (\is_string($value) ? $value : self::text($value)) . $a . $b;
    }

    /** The value, or another if it is empty; "0" is not. */
    private static function sinon($value, string $else = '')
    {
        return $value || (!\is_array($value) && self::text($value) !== '') ? $value : $else;
    }

    private static function choixSiVide($value, string $empty = '', string $full = ''): string
    {
        return $value ? $full : $empty;
    }

    private static function oui($value): bool
    {
        return (bool) $value;
    }

    private static function non($value): bool
    {
        return !$value;
    }

    // Numbers

    private static function plus($value, string $other = '0')
    {
        return self::number($value) + self::number($other);
    }

    private static function moins($value, string $other = '0')
    {
        return self::number($value) - self::number($other);
    }

    private static function mult($value, string $other = '0')
    {
        return self::number($value) * self::number($other);
    }

    private static function div($value, string $other = '0')
    {
        $value = self::number($value);
        $other = self::number($other);
        return $other ? $value / $other : 0;
    }

    /** The remainder of whole numbers; $more is added to it. */
    private static function modulo($value, string $other = '0', string $more = '0')
    {
        $value = (int) self::number($value);
        $other = (int) self::number($other);
        return ($other ? $value % $other : 0) + self::number($more);
    }

    private static function round($value, string $digits = '0')
    {
        return \round(self::number($value), (int) $digits);
    }

    private static function floor($value)
    {
        return \floor(self::number($value));
    }

    private static function ceil($value)
    {
        return \ceil(self::number($value));
    }

    private static function abs($value)
    {
        return \abs(self::number($value));
    }

    private static function numberFormat($value, string $digits = '0', string $point = '.'): string
    {
        return \number_format((float) self::number($value), (int) $digits, $point, ',');
    }

    /** A number of bytes in words; system SI: multiples of 1000 (else: of 1024). */
    private static function tailleEnOctets($value, string $system = 'BI'): string
    {
        $bytes = self::number($value);
        if ($bytes < 1) {
            return '';
        }
        [$base, $units] = $system === 'SI' ? [1000, ['ko', 'Mo', 'Go']] : [1024, ['kio', 'Mio', 'Gio']];
        if ($bytes < $base) {
            return self::text($bytes) . ' octets';
        }
        $power = $bytes < $base ** 2 ? 1 : ($bytes < $base ** 3 ? 2 : 3);
        return self::text(\round($bytes / $base ** $power, $power === 3 ? 2 : 1)) . ' ' . $units[$power - 1];
    }

    /** Words for a number, with the number in the place of @nb@; '' for 0. */
    private static function singulierOuPluriel($value, string $one = '', string $many = ''): string
    {
        $number = (int) self::number($value);
        return $number === 0 ? '' : \str_replace('@nb@', (string) $number, $number > 1 ? $many : $one);
    }

    // Bytes

    private static function strToUpper($value): string
    {
        return \strtr(self::text($value), self::LOWER, self::UPPER);
    }

    private static function strToLower($value): string
    {
        return \strtr(self::text($value), self::UPPER, self::LOWER);
    }

    private static function ucFirst($value): string
    {
        $text = self::text($value);
        return self::strToUpper(\substr($text, 0, 1)) . \substr($text, 1);
    }

    private static function lcFirst($value): string
    {
        $text = self::text($value);
        return self::strToLower(\substr($text, 0, 1)) . \substr($text, 1);
    }

    private static function ucWords($value, string $delimiters = " \t\r\n\f\v"): string
    {
        $begin = $delimiters === '' ? '' : '|(?<=[' . \preg_quote($delimiters, '/') . '])';
        $upper = static function (array $found): string {
            return self::strToUpper($found[0]);
        };
        return (string) \preg_replace_callback("/(?:^$begin)[a-z]/", $upper, self::text($value));
    }

    // Characters

    /** @return list<string> the characters of UTF-8; bytes that are none stand alone */
    private static function characters(string $text): array
    {
        \preg_match_all('/[\xc0-\xff][\x80-\xbf]*|./s', $text, $found);
        return $found[0];
    }

    private static function mbStrLen($value): int
    {
        return \count(self::characters(self::text($value)));
    }

    private static function mbSubstr($value, string $start = '0', ?string $length = null): string
    {
        $characters = self::characters(self::text($value));
        return \implode('', \array_slice($characters, (int) $start, $length === null ? null : (int) $length));
    }

    /** As mb_substr; SPIP takes a length of 0 for none. */
    private static function spipSubstr($value, string $start = '0', string $length = '0'): string
    {
        return self::mbSubstr($value, $start, (int) $length === 0 ? null : $length);
    }

    /** Latin letters up to U+017F, which is all of French; others stay what they are. */
    private static function mbStrToUpper($value): string
    {
        return \strtr(self::text($value), self::letters()[0]);
    }

    /** As mbStrToUpper. */
    private static function mbStrToLower($value): string
    {
        return \strtr(self::text($value), self::letters()[1]);
    }

    /** @return array{array<string, string>, array<string, string>} to upper case and to lower case */
    private static function letters(): array
    {
        if (self::$letters === null) {
            $utf8 = static function (int $code): string {
                return $code < 0x80 ? \chr($code) : \chr(0xc0 | $code >> 6) . \chr(0x80 | $code & 0x3f);
            };
            // How far a small letter is from its capital: Basic Latin, Latin-1 (not the division sign), Latin
            // Extended-A, where one follows the other.
            $upper = [];
            foreach ([[0x61, 0x7a, 1, 32], [0xe0, 0xf6, 1, 32], [0xf8, 0xfe, 1, 32], [0x101, 0x12f, 2, 1],
                [0x133, 0x137, 2, 1], [0x13a, 0x148, 2, 1], [0x14b, 0x177, 2, 1], [0x17a, 0x17e, 2, 1]] as $range) {
                for ($code = $range[0]; $code <= $range[1]; $code += $range[2]) {
                    $upper[$utf8($code)] = $utf8($code - $range[3]);
                }
            }
            $upper['ÿ'] = 'Ÿ';
            $one_way = ['ß' => 'SS', 'ŉ' => 'ʼN', 'ı' => 'I', 'ſ' => 'S', 'µ' => 'Μ'];
            self::$letters = [$upper + $one_way, \array_flip($upper) + ['İ' => 'i̇']];
        }
        return self::$letters;
    }

    /**
     * So many characters of a text without tags, whole words where that leaves three quarters of it; then the end says
     * that there was more. Shortcuts of SPIP in the value are text.
     */
    private static function couper($value, string $length = '50', string $end = '&nbsp;(...)'): string
    {
        $length = (int) $length;
        $text = \str_replace(["\r\n", "\r"], "\n", self::text($value));
        if ($text === '' || $length <= 0) {
            return '';
        }
        // Paragraphs are \r meanwhile.
        $text = (string) \preg_replace(['/<p( [^>]*)?>/', '/<br( [^>]*)?>/'], ["\r\r", "\n"], $text);
        $text = self::supprimerTags(\str_replace("\n\n", "\r\r", $text));
        $text = \trim(\str_replace("\n", ' ', $text));
        $characters = self::characters($text);
        if (\count($characters) <= $length) {
            return self::ampersands(self::paragraphs($text));
        }
        $first = static function (int $count) use ($characters): string {
            return \implode('', \array_slice($characters, 0, $count));
        };
        $room = $length - self::mbStrLen(\html_entity_decode($end, \ENT_QUOTES | \ENT_HTML5, 'UTF-8'));
        $cut = self::wholeWords($first(\max($room + 1, 1)));
        if (self::mbStrLen($cut) < \max(0.75 * $length, 2)) {
            $end = '';
            $cut = self::wholeWords($first($length + 1));
            if (self::mbStrLen($cut) < 0.75 * $length) {
                $cut = $first($length);
            }
        }
        // What is left of an entity at its end.
        $cut = (string) \preg_replace('/&#?[a-z0-9]*$/D', '', self::paragraphs($cut));
        return self::ampersands(\trim($cut)) . $end;
    }

    private static function paragraphs(string $text): string
    {
        return (string) \preg_replace('/\r\r+/', "\n\n", $text);
    }

    /** A text without its last word, which may go on where it was cut. */
    private static function wholeWords(string $text): string
    {
        return self::replaced('/(?:^|\s+)\S*$/D', '', $text);
    }

    /** Replaces in a text of characters; of bytes, if it is no UTF-8. */
    private static function replaced(string $pattern, string $by, string $text): string
    {
        return \preg_replace($pattern . 'u', $by, $text) ?? (string) \preg_replace($pattern, $by, $text);
    }

    /** Escapes each & that begins no entity. */
    private static function ampersands(string $text): string
    {
        return (string) \preg_replace('/&(?![a-z]{0,4}\w{2,3};|#x?[0-9a-f]{2,6};)/i', '&amp;', $text);
    }

    /**
     * The first match of a regular expression, '' if there is none; or what its group of that number matched.
     *
     * @param string $flags PHP's modifiers (else: ungreedy, no letter case, lines, dot for all), or a number
     */
    private static function firstMatch($value, string $expression = '', string $flags = 'Uims'): string
    {
        $group = (int) $flags;
        $pattern = self::pattern($expression, $group === 0 ? $flags : 'Uims');
        return \preg_match($pattern, self::text($value), $found) === 1 ? $found[$group] ?? '1' : '';
    }

    private static function replace($value, string $expression = '', string $by = ''): string
    {
        return (string) \preg_replace(self::pattern($expression, 'Uims'), $by, self::text($value));
    }

    private static function pattern(string $expression, string $flags): string
    {
        return '/' . \str_replace(['\/', '/'], ['/', '\/'], $expression) . '/' . $flags;
    }

    // HTML and addresses

    private static function htmlSpecialChars($value): string
    {
        return \htmlspecialchars(self::text($value), \ENT_QUOTES | \ENT_SUBSTITUTE, 'UTF-8');
    }

    /** Text for HTML, where &amp; and entities with numbers of three digits or more stay. */
    private static function entitesHtml($value): string
    {
        return (string) \preg_replace('/&amp;(amp;|#\d{3,};)/i', '&$1', self::htmlSpecialChars($value));
    }

    /** Text for a value within quotes: without tags, on one line; entities stay. */
    private static function attributHtml($value): string
    {
        $text = self::replaced('/\s(?=\s)/', '', \str_replace("\n", ' ', self::texteBrut($value)));
        $text = \strtr($text, ['"' => '&#034;', "'" => '&#039;', '<' => '&lt;', '>' => '&gt;']);
        return (string) \preg_replace(
            ['/&(?:amp;|#38;)/', '/&(?![A-Za-z]{0,4}\w{2,3};|#[0-9]{2,5};)/'],
            ['&', '&#38;'],
            $text
        );
    }

    /** A text without tags, its blanks single; paragraphs and lines begin after an empty line. */
    private static function texteBrut($value): string
    {
        $text = self::replaced('/\s+/', ' ', self::text($value));
        $text = (string) \preg_replace('/<(?:p|br)(?: [^>]*)?>/i', "\n\n", $text);
        $text = self::supprimerTags((string) \preg_replace('/\n +/', "\n", \trim($text, "\n")));
        return \str_replace('&#8217;', "'", (string) \preg_replace('/(?:&nbsp;| )+/', ' ', $text));
    }

    /** A text without tags, also without one that does not end; another < is a sign. */
    private static function supprimerTags($value, string $by = ''): string
    {
        $by = \strtr($by, ['\\' => '\\\\', '$' => '\\$']);
        $tags = ['/<(?:!--|\w|\/|!\[endif|!\[if)[^>]*>/', '/<(?:!--|\w|\/).*$/'];
        return \str_replace('<', '&lt;', (string) \preg_replace($tags, $by, self::text($value)));
    }

    /**
     * An address with a parameter; '' takes it away, and without a new value it is the one that is there. Several names
     * stand with | between them.
     *
     * @return string|list<string> a list for a parameter of that kind
     */
    private static function parametreUrl($value, string $name = '', ?string $new = null)
    {
        [$address, $anchor] = \explode('#', self::text($value), 2) + [1 => null];
        $parts = \preg_split('/\?|&amp;|&/', $address);
        $base = (string) \array_shift($parts);
        $missing = \array_flip(\explode('|', $name));
        $names = $missing;
        $there = [];
        foreach ($parts as $index => $part) {
            [$key, $old] = \explode('=', \urldecode($part), 2) + [1 => ''];
            $isList = \substr($key, -2) === '[]';
            if (!isset($names[$key]) && !($isList && isset($names[\substr($key, 0, -2)]))) {
                continue;
            }
            if ($new === null && !$isList) {
                return $old;
            }
            $there[] = $old;
            if ($new === '' || $isList) {
                unset($parts[$index]);
            } else {
                $parts[$index] = $key . '=' . \rawurlencode((string) $new);
                unset($missing[$key]);
            }
        }
        if ($new === null) {
            return $there === [] ? '' : $there;
        }
        foreach ($new === '' ? [] : \array_keys($missing) as $key) {
            $parts[] = $key . '=' . \rawurlencode($new);
        }
        $parts = \array_filter($parts, '\strlen');
        return ($base === '' ? './' : $base) . ($parts === [] ? '' : '?' . \implode('&amp;', $parts))
            . ($anchor === null ? '' : '#' . $anchor);
    }

    // Dates

    /** @return array{int, int, int}|null year, month and day of what SPIP takes for a date; 0: it does not say */
    private static function date($value): ?array
    {
        $text = self::text($value);
        if (\preg_match('/(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{1,2})/', $text, $found) === 1) {
            [, $day, $month, $year] = $found;
            $year += $year < 90 ? 2000 : ($year < 100 ? 1900 : 0);
        } elseif (
            \preg_match('/(\d{4})-(\d{1,2})-(\d{1,2})/', $text, $found) === 1
            || \preg_match('/(\d{4})-(\d{2})/', $text, $found) === 1
            || \preg_match('/^(\d{4})(\d\d)(\d\d)\d{6}$/D', $text, $found) === 1
        ) {
            [, $year, $month, $day] = $found + [3 => 0];
        } else {
            return null;
        }
        return (int) $year === 0 || $month > 12 ? null : [(int) $year, (int) $month, (int) $day];
    }

    /**
     * A date in French words.
     *
     * @param string $format entier, court, jourcourt, jour, mois, annee, nom_jour, nom_mois, mois_annee, or one of PHP
     */
    private static function affdate($value, string $format = 'entier'): string
    {
        $date = self::date($value);
        if ($date === null) {
            return '';
        }
        [$year, $month, $day] = $date;
        $ordinal = $day === 1 ? '1er' : ($day === 0 ? '' : (string) $day);
        $name = self::MONTHS[$month] ?? '';
        $dayAndMonth = \trim("$ordinal $name");
        $isOtherYear = $year !== (int) \date('Y');
        switch ($format) {
            case 'entier':
                return \trim("$dayAndMonth $year");
            case 'court':
                return $isOtherYear ? \trim(self::ucFirst($name) . " $year") : $dayAndMonth;
            case 'jourcourt':
                return $isOtherYear ? \trim("$dayAndMonth $year") : $dayAndMonth;
            case 'jour':
                return $ordinal;
            case 'mois':
                return $month === 0 ? '' : \sprintf('%02d', $month);
            case 'annee':
                return (string) $year;
            case 'nom_jour':
                $noon = \gmmktime(12, 0, 0, $month, $day, $year);
                return \checkdate($month, $day, $year) ? self::DAYS[\gmdate('w', $noon)] : '';
            case 'nom_mois':
                return $name;
            case 'mois_annee':
                return \trim("$name $year");
        }
        $time = \strtotime(self::text($value));
        return $time === false ? '' : \date($format, $time);
    }

    private static function jour($value): string
    {
        return self::affdate($value, 'jour');
    }

    private static function mois($value): string
    {
        return self::affdate($value, 'mois');
    }

    private static function annee($value): string
    {
        return self::affdate($value, 'annee');
    }

    // Lists

    /** @return int|string '' for what has no length */
    private static function count($value)
    {
        return \is_array($value) || $value instanceof \Countable ? \count($value) : '';
    }

    /** The entry of a list at a key, or at keys one within the other, as in a/b. Text is no list, whatever it holds. */
    private static function tableValeur($value, string $key = '', string $else = '')
    {
        foreach (\explode('/', $key) as $step) {
            if (\is_array($value)) {
                $value = $value[$step] ?? $else;
            } elseif (\is_object($value) && $step !== '') {
                $value = $value->$step ?? $else;
            } else {
                return $else;
            }
        }
        return $value;
    }
}
