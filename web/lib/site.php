<?php

declare(strict_types=1);

/*
 * Every page begins here: it says what it answers to each method, and `serve` does the rest, the same for all pages.
 */

namespace EtuServices;

use Sessionstat\RateLimit;
use Sessionstat\SessionData;
use Sessionstat\Traces;

require_once __DIR__ . '/ratelimit.php';
require_once __DIR__ . '/heartbeat.php';
require_once __DIR__ . '/session_get.php';
require_once __DIR__ . '/log.php';
require_once __DIR__ . '/problem.php';
require_once __DIR__ . '/config.php';
require_once __DIR__ . '/session.php';
require_once __DIR__ . '/session_record.php';
require_once __DIR__ . '/visit.php';
require_once __DIR__ . '/french.php';
require_once __DIR__ . '/passwords.php';
require_once __DIR__ . '/users.php';
require_once __DIR__ . '/form.php';
require_once __DIR__ . '/registration.php';
require_once __DIR__ . '/order.php';
require_once __DIR__ . '/limits.php';
require_once __DIR__ . '/login.php';
require_once __DIR__ . '/statistics.php';
require_once __DIR__ . '/wait.php';
require_once __DIR__ . '/response.php';
require_once __DIR__ . '/views/page.php';
require_once __DIR__ . '/views/parts.php';
require_once __DIR__ . '/serve.php';

/** What a page has at hand for one request. */
final class Site
{
    /** No answer of the database takes longer, in seconds; what pages ask it takes none. */
    private const DATABASE_SECONDS = 10;

    private ?\PDO $database = null;
    private ?\PDOException $absence = null;
    /** Why the page goes without the user's own data, unless somebody else tells. */
    private ?\PDOException $untold = null;
    private ?Users $users = null;
    /** Logins and their ends. */
    public readonly Visit $visit;

    public function __construct(
        public readonly Config $config,
        public readonly Session $session,
        /** The moment of the request, local time. */
        public readonly \DateTimeImmutable $now,
    ) {
        $course = $config->tracesCourse();
        $traces = $course === null ? null : new Traces($this->database(...), 'etuservices', $course);
        $this->visit = new Visit($session, $this->database(...), $now->getTimestamp(), $config->idleSeconds(), $traces);
    }

    public function users(): Users
    {
        return $this->users ??= new Users($this->database());
    }

    /** Connects on first use: pages that need no database do not wait for one, and none waits twice. */
    private function database(): \PDO
    {
        if ($this->absence !== null) {
            $this->untold = null;
            throw $this->absence;
        }
        try {
            return $this->database ??= $this->connect();
        } catch (\PDOException $absence) {
            throw $this->absence = $absence;
        }
    }

    private function connect(): \PDO
    {
        // PDO's own time limit is over once the server has taken the connection, even if it says nothing then.
        ini_set('mysqlnd.net_read_timeout', (string) self::DATABASE_SECONDS);
        $database = new \PDO(
            $this->config->dsn(),
            $this->config->databaseUser(),
            $this->config->databasePassword(),
            [
                \PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION,
                \PDO::ATTR_EMULATE_PREPARES => false,
                \PDO::ATTR_DEFAULT_FETCH_MODE => \PDO::FETCH_ASSOC,
                \PDO::ATTR_TIMEOUT => 5,
            ]
        );
        // Whatever the server makes the default: PDO believes that each statement commits by itself, and does not see to it.
        $database->exec(
            "SET autocommit = 1, completion_type = 0, sql_select_limit = 18446744073709551615, "
            . "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
        );
        return $database;
    }

    /** Who is logged in; an account that was deleted meanwhile is not. */
    public function user(): ?User
    {
        $id = $this->session->userId();
        return $id === null ? null : $this->users()->byId($id);
    }

    /** The same for pages that are shown without the user's data, too, while the database is away. */
    public function userIfKnown(): ?User
    {
        try {
            return $this->user();
        } catch (\PDOException $trouble) {
            $this->untold = $trouble;
            return null;
        }
    }

    /** Writes into the log what has failed without a word. */
    public function tell(): void
    {
        if ($this->untold !== null) {
            Log::line("MySQL: {$this->untold->getMessage()}");
        }
    }

    public function limits(): Limits
    {
        return new Limits(
            new RateLimit($this->config->ratelimitCheck()),
            $this->config->passwordRule(),
            $this->config->accountRule()
        );
    }

    /** What session macros may ask about the visitor beyond the session. */
    public function sessionData(): SessionData
    {
        return new SessionData(
            $this->database(...),
            $this->config->timezone(),
            $this->config->epnAccount() ? SessionData::TABLES : ['logins'],
            new RateLimit($this->config->ratelimitCheck()),
            null,
            $this->now
        );
    }

    /**
     * A page of the site.
     *
     * @param callable(): void $content prints what stands between head and foot
     * @param array<string, string> $headers
     */
    public function page(string $title, callable $content, int $status = 200, array $headers = []): Response
    {
        return Response::page(View\page($title, $content, $this->session, $this->heartbeat()), $status, $headers);
    }

    /**
     * What battement.js has to know; nothing: this page sends no beats.
     *
     * @return array<string, string>
     */
    private function heartbeat(): array
    {
        $seconds = $this->config->heartbeatSeconds();
        if ($seconds === 0 || $this->session->userId() === null) {
            return [];
        }
        return [
            'data-url' => 'battement.php',
            'data-seconds' => (string) $seconds,
            'data-cap' => (string) $this->config->heartbeatCapSeconds(),
            'data-body' => http_build_query(['jeton' => $this->session->token()]),
        ];
    }
}
