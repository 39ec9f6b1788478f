<?php

declare(strict_types=1);

/*
 * Traces of users on pages that are no Moodle's: who logged in, looked at a page, still has it open, logged out. They
 * stand in the table event_log, in the shape of Moodle's own log; session-aggregate makes time online of them. This
 * file needs nothing but PHP and PDO: any site can take it alone.
 *
 *     require 'heartbeat.php';
 *     $connect = static fn (): PDO => new PDO('mysql:host=localhost;dbname=sessionstat', 'name', 'password');
 *     $traces = new Sessionstat\Traces($connect, 'wiki');
 *     $traces->login(42);         // after the password was right
 *     $traces->view(42);          // on each page that user 42 looks at
 *     $traces->logout(42);
 *
 * A page that stays open tells so through battement.js, which belongs into the page of a user who is logged in,
 *
 *     <script src="battement.js" defer data-url="battement.php" data-seconds="600" data-cap="3600"
 *       data-body="token=..."></script>
 *
 * and asks a page of the site with POST. That one checks the token of the site's forms, takes care that a beat is no
 * activity by which a session stays alive for ever, and answers 204; or 403 if nobody is logged in: the script stops.
 *
 *     $traces->beat(42, 600, $_SESSION['last_beat']);
 *     http_response_code(204);
 *
 * data-seconds is [moodle] heartbeat_period of sessionstat.toml, data-cap its inactivity_cap. The site's account needs
 * the right to INSERT into event_log and no other. Nothing deletes these rows: they say who was there when, so delete
 * what is old, for example once a day
 *
 *     DELETE FROM event_log WHERE timecreated < UNIX_TIMESTAMP(NOW() - INTERVAL 90 DAY)
 *
 * Time online that was made of them stays. Keep some days at least: what session-aggregate has not read yet is lost.
 *
 * Whatever goes wrong, the page goes on, and PHP's error log has one line. Within a transaction of the page, a trace is
 * part of it: it vanishes with it.
 *
 * No syntax newer than that of PHP 7.4.
 */

namespace Sessionstat;

/** Writes down what users do. Each method says whether it is written. Users are numbers above 0: others are nobody. */
final class Traces
{
    /** A locked table holds no page up for longer, in seconds; on MySQL, the connection's own limits hold. */
    private const LOCK_SECONDS = 2;
    /** Moodle's numbers of contexts. */
    private const SYSTEM = 10;
    private const COURSE = 50;

    /** @var callable(): \PDO */
    private $connect;
    private string $component;
    private int $course;
    private ?string $ip;
    private string $table;

    /**
     * @param callable(): \PDO $connect gives the connection; it is called only when there is something to write
     * @param string $component the site's name: small letters, digits and _
     * @param int $course a number above 0 for this part of the site, as Moodle has them for courses
     * @param string|null $ip the visitor's address, if it shall be written down; null: it is not
     * @param string $table event_log, or with the database before it: sessionstat.event_log
     */
    public function __construct(
        callable $connect,
        string $component,
        int $course = 1,
        ?string $ip = null,
        string $table = 'event_log'
    ) {
        if (preg_match('/^[a-z][a-z0-9_]{0,49}$/D', $component) !== 1) {
            throw new \InvalidArgumentException('a component has 1 to 50 small letters, digits and _');
        }
        if ($course < 1) {
            throw new \InvalidArgumentException('a course is a number above 0');
        }
        if (preg_match('/^\w+(\.\w+)?$/D', $table) !== 1) {
            throw new \InvalidArgumentException('a table has a name of letters, digits and _');
        }
        $this->connect = $connect;
        $this->component = $component;
        $this->course = $course;
        $this->ip = $ip;
        $this->table = $table;
    }

    /** The user logged in. */
    public function login(int $user): bool
    {
        return $this->write($user, 'core', 'user_loggedin', 'loggedin', 'user', 0);
    }

    /** The user logged out. */
    public function logout(int $user): bool
    {
        return $this->write($user, 'core', 'user_loggedout', 'loggedout', 'user', 0);
    }

    /** The user looks at a page. */
    public function view(int $user): bool
    {
        return $this->write($user, $this->component, 'page_viewed', 'viewed', 'page', $this->course);
    }

    /**
     * The user still has a page open. What comes sooner than half a period after the last beat is not written: a second
     * tab says nothing new, and nobody fills the table.
     *
     * @param int $period time between two beats of a page, in seconds
     * @param mixed $last where the site's session keeps the time of the last beat, null at first
     */
    public function beat(int $user, int $period, &$last): bool
    {
        $now = time();
        // A clock may have been set back.
        if (is_int($last) && $last <= $now && 2 * ($now - $last) < $period) {
            return false;
        }
        $last = $now;
        $block = 'block_use_stats';
        return $this->write($user, $block, $block . '_keepalive', 'keepalive', $block, $this->course);
    }

    private function write(
        int $user,
        string $component,
        string $event,
        string $action,
        string $target,
        int $course
    ): bool {
        if ($user < 1) {
            return false;
        }
        $row = [
            'eventname' => "\\$component\\event\\$event",
            'component' => $component,
            'action' => $action,
            'target' => $target,
            'contextlevel' => $course > 0 ? self::COURSE : self::SYSTEM,
            'contextinstanceid' => $course,
            'userid' => $user,
            'courseid' => $course,
            'timecreated' => time(),
            'origin' => 'web',
        ];
        if ($this->ip !== null) {
            $row['ip'] = $this->ip;
        }
        try {
            $this->insert($row);
            return true;
        } catch (\Throwable $trouble) {
            // Sites may turn warnings into exceptions.
            self::log("a trace cannot be written into {$this->table}: {$trouble->getMessage()}");
            return false;
        }
    }

    /** @param array<string, int|string> $row */
    private function insert(array $row): void
    {
        $database = ($this->connect)();
        // To MySQL, the first part is a comment.
        $sql = sprintf(
            '/*M! SET STATEMENT lock_wait_timeout = %1$d, innodb_lock_wait_timeout = %1$d FOR */ '
                . 'INSERT INTO %2$s (%3$s) VALUES (%4$s)',
            self::LOCK_SECONDS,
            $this->table,
            implode(', ', array_keys($row)),
            implode(', ', array_fill(0, count($row), '?'))
        );
        // A connection may say what failed without an exception.
        $statement = @$database->prepare($sql);
        if ($statement === false) {
            throw new \RuntimeException(implode(' ', $database->errorInfo()));
        }
        if (@$statement->execute(array_values($row)) === false) {
            throw new \RuntimeException(implode(' ', $statement->errorInfo()));
        }
    }

    /** Writes one line into PHP's error log. */
    private static function log(string $message): void
    {
        error_log('sessionstat: ' . preg_replace('/[^\x20-\x7e]+/', '?', substr(trim($message), 0, 500)));
    }
}
