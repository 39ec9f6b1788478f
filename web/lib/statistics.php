<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\LaunchFailure;
use Sessionstat\Program;

/** What stats-report says about logins and services. People are the keys under which they are counted: ids, e-mails. */
final class Statistics
{
    /**
     * @param list<array{user: string, at: \DateTimeImmutable}> $recent
     * @param list<array{user: string, count: int}> $top
     * @param list<array{service: string, count: int}> $services
     * @param list<array{user: string, count: int}> $least
     */
    private function __construct(
        public readonly array $recent,
        public readonly array $top,
        public readonly array $services,
        public readonly ?string $mostUsed,
        public readonly array $least,
    ) {
    }

    /** @throws Unavailable */
    public static function read(Program $report, \DateTimeZone $zone): self
    {
        try {
            $output = $report->run(['logins', 'services', '--format', 'json']);
        } catch (LaunchFailure $failure) {
            throw new Unavailable("{$report->name()}: {$failure->getMessage()}");
        }
        $said = json_decode($output->text, true, 64);
        if (!in_array($output->status, [0, null], true) || !is_array($said)) {
            $status = $output->status ?? 'unknown';
            throw new Unavailable("{$report->name()} did not print a report (exit status $status)");
        }
        try {
            return self::of($said, $zone);
        } catch (\Throwable $misfit) {
            throw new Unavailable("{$report->name()} printed something else than expected: {$misfit->getMessage()}");
        }
    }

    /** @param array<mixed> $said */
    private static function of(array $said, \DateTimeZone $zone): self
    {
        ['logins' => $logins, 'services' => $services] = $said;
        $count = static fn (array $row, string $key): array => [$key => (string) $row[$key], 'count' => (int) $row['count']];
        $users = static fn (array $rows): array => array_map(static fn (array $row): array => $count($row, 'user'), $rows);
        return new self(
            array_map(
                static fn (array $row): array =>
                    ['user' => (string) $row['user'], 'at' => (new \DateTimeImmutable($row['at']))->setTimezone($zone)],
                $logins['recent']
            ),
            $users($logins['top']),
            array_map(static fn (array $row): array => $count($row, 'service'), $services['by_service']),
            $services['most_used'],
            $users($services['least_active_users']),
        );
    }

    /**
     * How the people are shown to others: never by an e-mail.
     *
     * @return array<string, string> by key
     */
    public function names(Users $users): array
    {
        $keys = array_column([...$this->recent, ...$this->top, ...$this->least], 'user');
        $keys = array_values(array_unique($keys));
        $people = $users->byKeys($keys);
        $names = [];
        foreach ($keys as $key) {
            $unknown = ctype_digit($key) ? "Compte supprimé (nº\u{A0}$key)" : 'Compte inconnu';
            $names[$key] = isset($people[$key]) ? $people[$key]->publicName() : $unknown;
        }
        return $names;
    }
}
