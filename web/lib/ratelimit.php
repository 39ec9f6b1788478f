<?php

declare(strict_types=1);

/*
 * Asks the program ratelimit-check whether a user may go on. This file needs nothing but PHP: any site can take it
 * alone.
 *
 *     require 'ratelimit.php';
 *     $limits = new Sessionstat\RateLimit(new Sessionstat\Program(['/usr/local/bin/ratelimit-check']));
 *     $answer = $limits->check('42');
 *     if (!$answer->allowed) { ... 429, or 503 if $answer->error !== null ... }
 *
 * Whatever goes wrong - no program, no output, half an output, an output that is none - the answer is "not allowed",
 * with a word in `error` and one line in PHP's error log. Only the program itself can say "allowed".
 *
 * No syntax newer than that of PHP 7.4.
 */

namespace Sessionstat;

/** What ratelimit-check answered. Times are whole seconds. */
final class Answer
{
    /** May the user go on? */
    public bool $allowed = false;
    /** Calls that the rule allows in its window; null: no rule applies, or nothing is known. */
    public ?int $limit = null;
    /** Calls that are left now. */
    public ?int $remaining = null;
    /** How long to wait, at least 1 if refused; null: waiting does not help, or nothing is known. */
    public ?int $retryAfter = null;
    /** How long until all calls of the window are free again. */
    public ?int $resetAfter = null;
    /** Why the limit could not be checked; null: it was checked. */
    public ?string $error = null;

    /** The answer that stands for all troubles of our own. */
    public static function failure(string $error): self
    {
        $answer = new self();
        $answer->error = $error;
        return $answer;
    }

    /**
     * Reads the one line that the program prints.
     *
     * @throws LaunchFailure if it is not a whole answer
     */
    public static function of(Output $output): self
    {
        $line = rtrim($output->text, "\n");
        if ($line === '') {
            throw new LaunchFailure('no_answer', 'it printed nothing');
        }
        $said = strpos($line, "\n") === false ? json_decode($line, true, 8) : null;
        if (!is_array($said) || !is_bool($said['allowed'] ?? null)) {
            throw new LaunchFailure('bad_answer', 'not one line of JSON with the key "allowed": ' . $line);
        }
        $answer = new self();
        $answer->allowed = $said['allowed'];
        $answer->error = self::word($said);
        $answer->limit = self::number($said, 'limit', $answer->error);
        $answer->remaining = self::number($said, 'remaining', $answer->error);
        $answer->retryAfter = self::number($said, 'retry_after', $answer->error);
        $answer->resetAfter = self::number($said, 'reset_after', $answer->error);
        $answer->agreeWith($output->status);
        return $answer;
    }

    /** @param array<mixed> $said */
    private static function word(array $said): ?string
    {
        if (!array_key_exists('error', $said) || $said['error'] === null) {
            return null;
        }
        return is_string($said['error']) && $said['error'] !== '' ? $said['error'] : 'unknown';
    }

    /**
     * In trouble the program need not know any number; else each key is there.
     *
     * @param array<mixed> $said
     */
    private static function number(array $said, string $key, ?string $error): ?int
    {
        if (!array_key_exists($key, $said) && $error === null) {
            throw new LaunchFailure('bad_answer', 'the key "' . $key . '" is missing');
        }
        $value = $said[$key] ?? null;
        if ($value !== null && (!is_int($value) || $value < 0)) {
            throw new LaunchFailure('bad_answer', 'the value of "' . $key . '" is not a number of 0 or more');
        }
        return $value;
    }

    /** "Allowed" and the exit status have to say the same, where the status is known. */
    private function agreeWith(?int $status): void
    {
        if (!$this->allowed || $status === null || $status === 0 || ($this->error !== null && $status === 69)) {
            return;
        }
        throw new LaunchFailure('bad_answer', 'it says "allowed", but ended with status ' . $status);
    }
}

/** The limits of users, as ratelimit-check keeps them. */
final class RateLimit
{
    private Program $program;

    public function __construct(Program $program)
    {
        $this->program = $program;
    }

    /** Counts one try of a user under a rule (null: under the default rule, for logins). */
    public function check(string $user, ?string $rule = null): Answer
    {
        return $this->ask($rule === null ? [] : ['--rule', $rule], $user);
    }

    /** Counts and records one call of a service. */
    public function call(string $service, string $user): Answer
    {
        return $this->ask(['--service', $service], $user);
    }

    /** Looks without counting. */
    public function peek(string $user, ?string $rule = null): Answer
    {
        return $this->ask($rule === null ? ['--peek'] : ['--peek', '--rule', $rule], $user);
    }

    /** @param list<string> $flags */
    private function ask(array $flags, string $user): Answer
    {
        try {
            $answer = Answer::of($this->program->run(array_merge($flags, ['--format', 'json', '--', $user])));
        } catch (LaunchFailure $failure) {
            Program::log($this->program->name() . ': ' . $failure->getMessage());
            return Answer::failure($failure->word());
        }
        if ($answer->error !== null) {
            Program::log($this->program->name() . ': ' . $answer->error
                . ($answer->allowed ? '; the user goes on, as it says' : '; the user has to wait'));
        }
        return $answer;
    }
}

/** What a program printed, and how it ended. */
final class Output
{
    public string $text;
    /** The exit status; null: unknown, as with shell_exec. */
    public ?int $status;

    public function __construct(string $text, ?int $status)
    {
        $this->text = $text;
        $this->status = $status;
    }
}

/** A program that could not be asked, or did not answer. */
final class LaunchFailure extends \RuntimeException
{
    private string $word;

    public function __construct(string $word, string $message)
    {
        parent::__construct($message);
        $this->word = $word;
    }

    /** One word for programs: not_started, timeout, no_answer, bad_answer or bad_argument. */
    public function word(): string
    {
        return $this->word;
    }
}

/** A program of this host, with the arguments that it is always given. */
final class Program
{
    /**
     * The ways to start a program. shell_exec is the faster one; proc_open needs no shell, knows the exit status,
     * logs what the program writes to its standard error, and has a time limit.
     */
    public const LAUNCHES = ['shell_exec', 'proc_open'];

    /** The longest argument, in bytes, far below what a system takes: beyond that, escapeshellarg ends the page. */
    private const LONGEST_ARGUMENT = 4096;
    /** The longest output, in bytes. */
    private const LONGEST_OUTPUT = 4194304;
    /** Locales in which escapeshellarg keeps all of UTF-8; each system has one of them. */
    private const LOCALES = ['C.UTF-8', 'C.utf8', 'en_US.UTF-8', 'fr_FR.UTF-8'];

    /** @var list<string> */
    private array $command;
    private string $launch;
    private float $seconds;

    /**
     * @param list<string> $command the program's path, and the arguments before all others
     * @param string $launch one of LAUNCHES
     * @param float $seconds time limit, kept by proc_open only
     */
    public function __construct(array $command, string $launch = 'shell_exec', float $seconds = 5.0)
    {
        if ($command === [] || !in_array($launch, self::LAUNCHES, true)) {
            throw new \InvalidArgumentException('a program needs a path, and one of: ' . implode(', ', self::LAUNCHES));
        }
        $this->command = $command;
        $this->launch = $launch;
        $this->seconds = $seconds;
    }

    /** What it is called in messages. */
    public function name(): string
    {
        return basename($this->command[0]);
    }

    /**
     * Runs the program to its end.
     *
     * @param list<string> $arguments
     * @throws LaunchFailure
     */
    public function run(array $arguments): Output
    {
        $words = array_merge($this->command, $arguments);
        try {
            foreach ($words as $word) {
                self::refuseUnsafe($word);
            }
            return $this->launch === 'proc_open' ? $this->open($words) : self::shell($words);
        } catch (LaunchFailure $failure) {
            throw $failure;
        } catch (\Throwable $trouble) {
            // Sites may turn warnings into exceptions.
            throw new LaunchFailure('not_started', $trouble->getMessage());
        }
    }

    /** Writes one line into PHP's error log. */
    public static function log(string $message): void
    {
        error_log('sessionstat: ' . preg_replace('/[^\x20-\x7e]+/', '?', substr(trim($message), 0, 500)));
    }

    /** The same for both launches, so that a site may change from one to the other. */
    private static function refuseUnsafe(string $word): void
    {
        if (strlen($word) > self::LONGEST_ARGUMENT) {
            throw new LaunchFailure('bad_argument', 'an argument is longer than ' . self::LONGEST_ARGUMENT . ' bytes');
        }
        if (strpos($word, "\0") !== false || preg_match('//u', $word) !== 1) {
            throw new LaunchFailure('bad_argument', 'an argument holds a NUL or is not valid UTF-8');
        }
    }

    /** @param list<string> $words */
    private static function shell(array $words): Output
    {
        if (!function_exists('shell_exec')) {
            throw new LaunchFailure('not_started', 'shell_exec is disabled here (disable_functions); use proc_open');
        }
        // `exec`: the shell becomes the program instead of waiting for it.
        $text = @shell_exec('exec ' . implode(' ', array_map([self::class, 'quote'], $words)));
        if ($text === false) {
            throw new LaunchFailure('not_started', 'shell_exec cannot start a shell');
        }
        return new Output((string) $text, null);
    }

    /** escapeshellarg drops the bytes that are no characters of the locale: in "C", all accents. */
    private static function quote(string $word): string
    {
        $before = preg_match('/[\x80-\xff]/', $word) === 1 ? setlocale(LC_CTYPE, '0') : false;
        if ($before !== false) {
            setlocale(LC_CTYPE, self::LOCALES);
        }
        $quoted = escapeshellarg($word);
        if ($before !== false) {
            setlocale(LC_CTYPE, $before);
        }
        if (str_replace("'\\''", '', substr($quoted, 1, -1)) !== str_replace("'", '', $word)) {
            throw new LaunchFailure('bad_argument', 'escapeshellarg finds no UTF-8 locale here; use proc_open');
        }
        return $quoted;
    }

    /** @param list<string> $words */
    private function open(array $words): Output
    {
        if (!function_exists('proc_open')) {
            throw new LaunchFailure('not_started', 'proc_open is disabled here (disable_functions); use shell_exec');
        }
        $pipes = [];
        $process = @proc_open($words, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
        if (!is_resource($process)) {
            throw new LaunchFailure('not_started', 'proc_open cannot start ' . $words[0]);
        }
        $deadline = microtime(true) + $this->seconds;
        try {
            [$text, $complaint] = self::read($pipes[1], $pipes[2], $deadline);
            $status = self::end($process, $deadline);
        } catch (LaunchFailure $failure) {
            proc_terminate($process, 9);
            throw $failure;
        } finally {
            array_map('fclose', $pipes);
            proc_close($process);
        }
        if ($complaint !== '') {
            self::log($complaint);
        }
        if ($text === '') {
            throw new LaunchFailure('no_answer', 'it printed nothing and ended with status ' . $status);
        }
        return new Output($text, $status);
    }

    /**
     * Both outputs to their ends, whichever fills first.
     *
     * @param resource $stdout
     * @param resource $stderr
     * @return array{string, string}
     */
    private static function read($stdout, $stderr, float $deadline): array
    {
        $open = [$stdout, $stderr];
        $texts = ['', ''];
        while ($open !== []) {
            $left = $deadline - microtime(true);
            if ($left <= 0) {
                throw new LaunchFailure('timeout', 'no answer in time; it was ended');
            }
            $ready = $open;
            $none = null;
            if (@stream_select($ready, $none, $none, (int) $left, (int) (fmod($left, 1) * 1000000)) === false) {
                continue; // a signal came
            }
            foreach ($ready as $stream) {
                $texts[$stream === $stdout ? 0 : 1] .= (string) fread($stream, 65536);
                if (feof($stream)) {
                    $open = array_values(array_filter($open, static fn ($other): bool => $other !== $stream));
                }
            }
            if (strlen($texts[0]) + strlen($texts[1]) > self::LONGEST_OUTPUT) {
                throw new LaunchFailure('bad_answer', 'its output is too long; it was ended');
            }
        }
        return $texts;
    }

    /**
     * The exit status; 128 and the signal, as shells have it, for a program that was killed.
     *
     * @param resource $process
     */
    private static function end($process, float $deadline): int
    {
        while (($state = proc_get_status($process))['running']) {
            if (microtime(true) > $deadline) {
                throw new LaunchFailure('timeout', 'it printed its answer, but did not end in time');
            }
            usleep(200);
        }
        return $state['signaled'] ? 128 + $state['termsig'] : $state['exitcode'];
    }
}
