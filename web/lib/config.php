<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\Program;

/** The site cannot be served as it is configured. */
final class Misconfigured extends \RuntimeException
{
}

/** The checked configuration: config.sample.php explains each key. */
final class Config
{
    /** The defaults; the type of each value is the type that is asked for, null stands for "or nothing". */
    private const DEFAULTS = [
        'database' => [],
        'ratelimit_check' => '/usr/local/bin/ratelimit-check',
        'ratelimit_config' => null,
        'stats_report' => '/usr/local/bin/stats-report',
        'stats_config' => null,
        'launch' => 'shell_exec',
        'check_seconds' => 2,
        'report_seconds' => 20,
        'password_rule' => null,
        'account_rule' => null,
        'timezone' => 'Europe/Paris',
        'idle_minutes' => 20,
        'secure_cookie' => null,
        'traces' => false,
        'traces_course' => 1,
        'heartbeat_seconds' => 600,
        'heartbeat_cap_seconds' => 3600,
        'epn_account' => false,
    ];
    private const DATABASE = [
        'socket' => '/run/mysqld/mysqld.sock',
        'host' => '127.0.0.1',
        'port' => 3306,
        'name' => 'sessionstat',
        'user' => 'sessionstat_web',
        'password' => '',
    ];
    /** Keys that may be null, and what they are otherwise. */
    private const OPTIONAL = [
        'socket' => 'string',
        'ratelimit_config' => 'string',
        'stats_config' => 'string',
        'password_rule' => 'string',
        'account_rule' => 'string',
        'secure_cookie' => 'boolean',
        'heartbeat_seconds' => 'integer',
        'heartbeat_cap_seconds' => 'integer',
    ];
    /** The longest time between two beats, in seconds: a day. */
    private const LONGEST_HEARTBEAT = 86400;

    /**
     * @param array<string, mixed> $values
     * @param array<string, mixed> $database
     */
    private function __construct(private readonly array $values, private readonly array $database)
    {
    }

    /** The file that the environment names, else config.php beside the pages. */
    public static function load(): self
    {
        $named = getenv('SESSIONSTAT_WEB_CONFIG');
        $file = is_string($named) && $named !== '' ? $named : dirname(__DIR__) . '/config.php';
        if (!is_file($file) || !is_readable($file)) {
            $advice = 'copy config.sample.php there, or name another file in SESSIONSTAT_WEB_CONFIG';
            throw new Misconfigured("cannot read $file: $advice");
        }
        $found = require $file;
        if (!is_array($found)) {
            throw new Misconfigured("$file does not return an array: see config.sample.php");
        }
        $values = self::checked($found, self::DEFAULTS, $file);
        $config = new self($values, self::checked($values['database'], self::DATABASE, $file));
        $config->check($file);
        return $config;
    }

    /**
     * @param array<mixed> $found
     * @param array<string, mixed> $defaults
     * @return array<string, mixed>
     */
    private static function checked(array $found, array $defaults, string $file): array
    {
        foreach ($found as $key => $value) {
            if (!array_key_exists($key, $defaults)) {
                throw new Misconfigured("$file: the key '$key' is not known: see config.sample.php");
            }
            $wanted = self::OPTIONAL[$key] ?? gettype($defaults[$key]);
            if (gettype($value) !== $wanted && !($value === null && isset(self::OPTIONAL[$key]))) {
                throw new Misconfigured("$file: '$key' must be of type $wanted: see config.sample.php");
            }
        }
        return $found + $defaults;
    }

    private function check(string $file): void
    {
        $problem = match (true) {
            !in_array($this->values['launch'], Program::LAUNCHES, true) =>
                "'launch' must be one of: " . implode(', ', Program::LAUNCHES),
            !in_array($this->values['timezone'], \DateTimeZone::listIdentifiers(\DateTimeZone::ALL_WITH_BC), true) =>
                "'timezone' is not the name of a time zone, as Europe/Paris is",
            min($this->values['idle_minutes'], $this->values['check_seconds'], $this->values['report_seconds']) < 1 =>
                "'idle_minutes', 'check_seconds' and 'report_seconds' must be 1 or more",
            $this->values['traces_course'] < 1 => "'traces_course' must be 1 or more",
            min($this->values['heartbeat_seconds'] ?? 0, $this->values['heartbeat_cap_seconds'] ?? 0) < 0
                || $this->values['heartbeat_seconds'] > self::LONGEST_HEARTBEAT =>
                "'heartbeat_seconds' must lie between 0 and 86400, 'heartbeat_cap_seconds' be 0 or more",
            preg_match('/[;\s\0]/', "{$this->database['host']}{$this->database['socket']}{$this->database['name']}") === 1 =>
                "'host', 'socket' and 'name' of 'database' must not hold blanks or ';'",
            default => null,
        };
        if ($problem !== null) {
            throw new Misconfigured("$file: $problem");
        }
    }

    /** PDO's name of the database. */
    public function dsn(): string
    {
        ['socket' => $socket, 'host' => $host, 'port' => $port, 'name' => $name] = $this->database;
        $place = $socket === null ? "host=$host;port=$port" : "unix_socket=$socket";
        return "mysql:$place;dbname=$name;charset=utf8mb4";
    }

    public function databaseUser(): string
    {
        return $this->database['user'];
    }

    public function databasePassword(): string
    {
        return $this->database['password'];
    }

    public function ratelimitCheck(): Program
    {
        return $this->program('ratelimit_check', 'ratelimit_config', $this->values['check_seconds']);
    }

    public function statsReport(): Program
    {
        return $this->program('stats_report', 'stats_config', $this->values['report_seconds']);
    }

    private function program(string $path, string $config, int $seconds): Program
    {
        $file = $this->values[$config];
        $command = [$this->values[$path], ...($file === null ? [] : ['--config', $file])];
        return new Program($command, $this->values['launch'], $seconds);
    }

    public function passwordRule(): ?string
    {
        return $this->values['password_rule'];
    }

    public function accountRule(): ?string
    {
        return $this->values['account_rule'];
    }

    public function timezone(): \DateTimeZone
    {
        return new \DateTimeZone($this->values['timezone']);
    }

    public function idleSeconds(): int
    {
        return 60 * $this->values['idle_minutes'];
    }

    /** Where traces of users say that they are; null: no traces are written. */
    public function tracesCourse(): ?int
    {
        return $this->values['traces'] ? $this->values['traces_course'] : null;
    }

    /** Time between two beats of an open page; 0: there are none. */
    public function heartbeatSeconds(): int
    {
        return $this->values['traces'] ? $this->values['heartbeat_seconds'] ?? 0 : 0;
    }

    /** How long beats go on when the user does nothing; 0: for ever. */
    public function heartbeatCapSeconds(): int
    {
        return $this->values['heartbeat_cap_seconds'] ?? 0;
    }

    /** Whether a user's e-mail is the login of an account in the public space. */
    public function epnAccount(): bool
    {
        return $this->values['epn_account'];
    }

    /** null: as the page itself came. */
    public function secureCookie(): ?bool
    {
        return $this->values['secure_cookie'];
    }
}
