<?php

declare(strict_types=1);

/*
 * Data about the visitor for the session macros of compiled pages, beyond what the site's own session holds: what the
 * public space keeps for the visitor, how many calls are left, and when the visitor last logged in. This file needs
 * PHP and PDO, and ratelimit.php beside it for the calls: any site that uses macrosession.php can take it.
 *
 *     require 'macrosession.php';
 *     require 'ratelimit.php';
 *     require 'session_get.php';
 *     $connect = static fn (): PDO => new PDO('mysql:host=localhost;dbname=sessionstat;charset=utf8mb4', 'name', 'password');
 *     $limits = new Sessionstat\RateLimit(new Sessionstat\Program(['/usr/local/bin/ratelimit-check']));
 *     Macrosession\visitor(['id_auteur' => 42, 'prenom' => 'Zoé', 'login' => 'zoe', 'connexion' => $loggedInAt]);
 *     Macrosession\on_session_get(
 *         new Sessionstat\SessionData($connect, new DateTimeZone('Europe/Paris'), ['epn', 'logins'], $limits)
 *     );
 *
 * Fields, as templates name them:
 *
 *     credit_minutes      minutes that the visitor may still use machines; below 0: owed. A number
 *     credit_heures       the same in words: 2 h 5 min
 *     credit_ateliers     workshops that the visitor may still attend. A number
 *     minutes_semaine     minutes at machines this week, from Monday of the site's time zone on: the parts of uses that lie
 *                         in it; one that still goes on counts up to its end as it is known now. A number
 *     heures_semaine      the same in words
 *     derniere_connexion  the last login that is not this one, local time: 2026-03-10 14:32:07
 *     appels_restants     calls, or logins, that the rule of ratelimit-check allows the visitor now. A number
 *     appels_limite       of how many. A number
 *
 * What is not known is null, and a macro prints nothing for it: no account in the public space, no earlier login, no
 * limit, or MySQL or Redis away. `#_SESSION_SI{credit_minutes,!=,''}` asks whether something is known: 0 is.
 *
 * All fields of MySQL are one query, those of ratelimit-check one run of it, and only when the first of them is asked
 * for. Make a new SessionData for each page that is shown: it keeps what it has read, for one visitor's session. If
 * something fails, the page goes on, and PHP's error log has one line.
 *
 * The visitor's session says who is meant. `id_auteur` is the user's number, also for ratelimit-check. `login`, else
 * `email`, is the login of the account in the public space (epn_user): as epn-ingest has it, letter case, blanks and a
 * DOMAIN\ before it do not matter. So let nobody choose a login or an e-mail that is another person's: who does sees
 * that account's balances. `connexion`, optional, is when this session logged in, in seconds since 1970.
 *
 * derniere_connexion needs the table user_login to be told of each login, after the password was right:
 *
 *     (new Sessionstat\LoginTimes($connect))->note(42);
 *
 * The site's account needs the rights to user_login, epn_user and epn_booking that etc/grants.sql tells of for
 * sessionstat_web; without 'epn' or 'logins' in the list, those tables are not read.
 *
 * A database that hangs holds a page up for 2 seconds, or 5 if it takes the connection and says nothing; a connection
 * that was open before keeps its own limits (mysqlnd.net_read_timeout).
 *
 * No syntax newer than that of PHP 7.4.
 */

namespace Sessionstat;

/** Gets and returns `['champ' => name, 'visiteur_session' => session]`, the value added to the session, for one page. */
final class SessionData
{
    /** What can be read from MySQL: the tables of the public space, and user_login. */
    public const TABLES = ['epn', 'logins'];

    /** The longest that a query may take, in seconds. */
    private const QUERY_SECONDS = 2;

    private const OF_SPACE = ['credit_minutes', 'credit_heures', 'credit_ateliers', 'minutes_semaine', 'heures_semaine'];
    private const OF_LOGINS = ['derniere_connexion'];
    private const OF_LIMITS = ['appels_restants', 'appels_limite'];

    /** @var callable(): \PDO */
    private $connect;
    private \DateTimeZone $zone;
    /** @var list<string> */
    private array $tables;
    private ?RateLimit $limits;
    private ?string $rule;
    private \DateTimeImmutable $now;
    /** Whose data are kept. */
    private ?array $visitor = null;
    /** @var array<string, array<string, int|string|null>> what was read, by source */
    private array $read = [];

    /**
     * @param callable(): \PDO $connect gives the connection; it is called only when something is to be read
     * @param \DateTimeZone $zone decides when a week begins
     * @param list<string> $tables those of TABLES that shall be read
     * @param RateLimit|null $limits null: nothing is known of calls
     * @param string|null $rule whose calls are meant; null: the rule of logins
     * @param \DateTimeImmutable|null $now the moment of the page; null: now
     */
    public function __construct(
        callable $connect,
        \DateTimeZone $zone,
        array $tables = self::TABLES,
        ?RateLimit $limits = null,
        ?string $rule = null,
        ?\DateTimeImmutable $now = null
    ) {
        if (array_diff($tables, self::TABLES) !== []) {
            throw new \InvalidArgumentException('tables are some of: ' . implode(', ', self::TABLES));
        }
        $this->connect = $connect;
        $this->zone = $zone;
        $this->tables = array_values($tables);
        $this->limits = $limits;
        $this->rule = $rule;
        $this->now = $now ?? new \DateTimeImmutable();
    }

    /**
     * @param array<mixed> $asked
     * @return array<mixed>
     */
    public function __invoke(array $asked): array
    {
        $visitor = $asked['visiteur_session'] ?? null;
        $field = $asked['champ'] ?? null;
        $source = is_array($visitor) && is_string($field) ? $this->source($field) : null;
        if ($source !== null) {
            $asked['visiteur_session'][$field] = $this->of($source, $visitor)[$field] ?? null;
        }
        return $asked;
    }

    /** Who knows the field; null: somebody else, or it is not to be read. */
    private function source(string $field): ?string
    {
        $isOfSpace = in_array($field, self::OF_SPACE, true) && in_array('epn', $this->tables, true);
        $isOfLogins = in_array($field, self::OF_LOGINS, true) && in_array('logins', $this->tables, true);
        if ($isOfSpace || $isOfLogins) {
            return 'MySQL';
        }
        return in_array($field, self::OF_LIMITS, true) && $this->limits !== null ? 'ratelimit-check' : null;
    }

    /**
     * @param array<mixed> $visitor
     * @return array<string, int|string|null>
     */
    private function of(string $source, array $visitor): array
    {
        if ($this->visitor !== $visitor) {
            [$this->visitor, $this->read] = [$visitor, []];
        }
        if (!isset($this->read[$source])) {
            try {
                $this->read[$source] = $source === 'MySQL' ? $this->tables($visitor) : $this->calls($visitor);
            } catch (\Throwable $trouble) {
                // Sites may turn warnings into exceptions.
                $this->read[$source] = [];
                Statement::log("data of the visitor cannot be read from $source: {$trouble->getMessage()}");
            }
        }
        return $this->read[$source];
    }

    /**
     * The fields that ratelimit-check knows. It has told of its own troubles already.
     *
     * @param array<mixed> $visitor
     * @return array<string, int|null>
     */
    private function calls(array $visitor): array
    {
        $user = self::text($visitor, 'id_auteur');
        if ($user === '' || $this->limits === null) {
            return [];
        }
        $answer = $this->limits->peek($user, $this->rule);
        return $answer->error !== null ? [] : [
            'appels_restants' => $answer->remaining,
            'appels_limite' => $answer->limit,
        ];
    }

    /**
     * The fields that MySQL knows.
     *
     * @param array<mixed> $visitor
     * @return array<string, int|string|null>
     */
    private function tables(array $visitor): array
    {
        $columns = [];
        $joins = '';
        $values = [];
        $week = $this->week();
        if (in_array('epn', $this->tables, true)) {
            // Of uses that are no longer in the week, the index shows none.
            $columns[] = "person.credit_minutes, person.workshop_credits, IF(person.id IS NULL, NULL, COALESCE((
                    SELECT SUM(TIMESTAMPDIFF(SECOND, GREATEST(starts_at, CAST(? AS DATETIME)), LEAST(ends_at, CAST(? AS DATETIME))))
                    FROM epn_booking
                    WHERE user_id = person.id AND status = 'used' AND ends_at > ? AND starts_at < ? AND starts_at < ends_at
                ), 0)) AS seconds";
            array_push($values, $week[0], $week[1], $week[0], $week[1]);
        }
        if (in_array('logins', $this->tables, true)) {
            // NULL is no login: where nobody says which one is this one, it is the last.
            $columns[] = 'IF(login.last_at = COALESCE(?, login.last_at), login.previous_at, login.last_at) AS login_at';
            $values[] = is_int($visitor['connexion'] ?? null) ? $visitor['connexion'] : null;
        }
        if (in_array('epn', $this->tables, true)) {
            // The exact spelling, which the index finds; else the only login that differs in what does not matter.
            $joins .= " LEFT JOIN epn_user AS person ON person.id = COALESCE(
                    (SELECT id FROM epn_user WHERE login = ?),
                    (SELECT MIN(id) FROM epn_user
                     WHERE LOWER(REPLACE(SUBSTRING_INDEX(login, CHAR(92), -1), ' ', '')) = LOWER(REPLACE(?, ' ', ''))
                     HAVING COUNT(*) = 1)
                )";
            $login = self::login($visitor);
            array_push($values, $login, $login);
        }
        if (in_array('logins', $this->tables, true)) {
            $joins .= ' LEFT JOIN user_login AS login ON login.user_id = ?';
            $user = self::text($visitor, 'id_auteur');
            $values[] = preg_match('/^[1-9][0-9]{0,17}$/D', $user) === 1 ? (int) $user : null;
        }
        $sql = 'SELECT /*+ MAX_EXECUTION_TIME(' . 1000 * self::QUERY_SECONDS . ') */ ' . implode(', ', $columns)
            . ' FROM (SELECT 1 AS one) AS visitor' . $joins;
        $found = Statement::run(Statement::connected($this->connect), $sql, $values, self::QUERY_SECONDS);
        return $this->fields($found->fetchAll(\PDO::FETCH_ASSOC)[0] ?? []);
    }

    /**
     * @param array<string, int|string|null> $row
     * @return array<string, int|string|null>
     */
    private function fields(array $row): array
    {
        $number = static fn (string $column): ?int => isset($row[$column]) ? (int) $row[$column] : null;
        $credit = $number('credit_minutes');
        $used = $number('seconds');
        $minutes = $used === null ? null : intdiv($used, 60);
        $login = $number('login_at');
        return [
            'credit_minutes' => $credit,
            'credit_heures' => self::duration($credit),
            'credit_ateliers' => $number('workshop_credits'),
            'minutes_semaine' => $minutes,
            'heures_semaine' => self::duration($minutes),
            'derniere_connexion' => $login === null
                ? null
                : (new \DateTimeImmutable("@$login"))->setTimezone($this->zone)->format('Y-m-d H:i:s'),
        ];
    }

    /**
     * Where the week begins and where the next one does, as the database has times.
     *
     * @return array{string, string}
     */
    private function week(): array
    {
        $day = $this->now->setTimezone($this->zone);
        $monday = $day->setISODate((int) $day->format('o'), (int) $day->format('W'))->setTime(0, 0);
        $utc = new \DateTimeZone('UTC');
        $begin = static fn (\DateTimeImmutable $moment): string => $moment->setTimezone($utc)->format('Y-m-d H:i:s');
        return [$begin($monday), $begin($monday->modify('+7 days'))];
    }

    /**
     * The visitor's login in the public space, without a domain; null: there is none.
     *
     * @param array<mixed> $visitor
     */
    private static function login(array $visitor): ?string
    {
        $login = self::text($visitor, 'login');
        $login = $login === '' ? self::text($visitor, 'email') : $login;
        $domain = strrpos($login, '\\');
        $login = trim($domain === false ? $login : substr($login, $domain + 1));
        return $login === '' || preg_match('//u', $login) !== 1 ? null : $login;
    }

    /** @param array<mixed> $visitor */
    private static function text(array $visitor, string $key): string
    {
        $value = $visitor[$key] ?? '';
        return is_string($value) || is_int($value) ? trim((string) $value) : '';
    }

    /** Minutes in words, as "2 h 5 min", with blanks at which no line ends. */
    private static function duration(?int $minutes): ?string
    {
        if ($minutes === null) {
            return null;
        }
        [$hours, $rest] = [intdiv(abs($minutes), 60), abs($minutes) % 60];
        $words = ($hours === 0 ? [] : ["$hours\u{A0}h"]);
        if ($rest !== 0 || $hours === 0) {
            $words[] = "$rest\u{A0}min";
        }
        return ($minutes < 0 ? "\u{2212}" : '') . implode("\u{A0}", $words);
    }
}

/** When users logged in: the last time, and the time before that. Nothing else is kept of it. */
final class LoginTimes
{
    /** A locked row holds no login up for longer, in seconds. */
    private const LOCK_SECONDS = 2;

    /** @var callable(): \PDO */
    private $connect;

    /** @param callable(): \PDO $connect gives the connection */
    public function __construct(callable $connect)
    {
        $this->connect = $connect;
    }

    /** The user logged in, now or at a moment in seconds since 1970. Says whether it is written. */
    public function note(int $user, ?int $at = null): bool
    {
        if ($user < 1) {
            return false;
        }
        $at = $at ?? time();
        try {
            $database = Statement::connected($this->connect);
            // Not one statement: ON DUPLICATE KEY UPDATE would ask for the right to change whose row it is.
            $sql = 'UPDATE user_login SET previous_at = last_at, last_at = ? WHERE user_id = ?';
            if (Statement::run($database, $sql, [$at, $user], self::LOCK_SECONDS)->rowCount() === 0) {
                $sql = 'INSERT IGNORE INTO user_login (user_id, last_at) VALUES (?, ?)';
                Statement::run($database, $sql, [$user, $at], self::LOCK_SECONDS);
            }
            return true;
        } catch (\Throwable $trouble) {
            // Sites may turn warnings into exceptions.
            Statement::log("the time of a login cannot be written: {$trouble->getMessage()}");
            return false;
        }
    }
}

/** A statement that ends in time, however a site uses PDO. */
final class Statement
{
    /** The longest wait for a server that takes a connection and says nothing, in seconds. */
    private const CONNECT_SECONDS = 5;

    /** @param list<int|string|null> $values */
    public static function run(\PDO $database, string $sql, array $values, int $seconds): \PDOStatement
    {
        // To MySQL, the first part is a comment.
        $limits = "max_statement_time = $seconds, lock_wait_timeout = $seconds, innodb_lock_wait_timeout = $seconds";
        // A connection may say what failed without an exception.
        $statement = @$database->prepare("/*M! SET STATEMENT $limits FOR */ $sql");
        if ($statement === false) {
            throw new \RuntimeException(implode(' ', $database->errorInfo()));
        }
        if (@$statement->execute($values) === false) {
            throw new \RuntimeException(implode(' ', $statement->errorInfo()));
        }
        return $statement;
    }

    /** @param callable(): \PDO $connect */
    public static function connected(callable $connect): \PDO
    {
        // PDO's own time limit is over once the server has taken the connection.
        $usual = ini_get('mysqlnd.net_read_timeout');
        $isLong = is_string($usual) && (int) $usual > self::CONNECT_SECONDS;
        if ($isLong) {
            @ini_set('mysqlnd.net_read_timeout', (string) self::CONNECT_SECONDS);
        }
        try {
            return $connect();
        } finally {
            if ($isLong) {
                @ini_set('mysqlnd.net_read_timeout', $usual);
            }
        }
    }

    /** Writes one line into PHP's error log. */
    public static function log(string $message): void
    {
        error_log('sessionstat: ' . preg_replace('/[^\x20-\x7e]+/', '?', substr(trim($message), 0, 500)));
    }
}
