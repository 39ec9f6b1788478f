<?php

declare(strict_types=1);

namespace EtuServices;

/** Times and counts as one writes them in French. */
final class French
{
    private const MONTHS = [
        1 => 'janvier', 'février', 'mars', 'avril', 'mai', 'juin',
        'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre',
    ];

    /** "6 min 57 s", with blanks at which no line ends. Long times are rounded up: nobody is called back too early. */
    public static function duration(int $seconds): string
    {
        $seconds = self::roundedUp($seconds, match (true) {
            $seconds > 86400 => 3600,
            $seconds > 3600 => 60,
            default => 1,
        });
        $parts = [
            'j' => intdiv($seconds, 86400),
            'h' => intdiv($seconds, 3600) % 24,
            'min' => intdiv($seconds, 60) % 60,
            's' => $seconds % 60,
        ];
        $words = [];
        foreach (array_filter($parts) as $unit => $number) {
            $words[] = "$number\u{A0}$unit";
        }
        return $words === [] ? "0\u{A0}s" : implode("\u{A0}", $words);
    }

    private static function roundedUp(int $number, int $step): int
    {
        return intdiv($number + $step - 1, $step) * $step;
    }

    /** A moment ahead: "14:32:07", with its day unless that is today. */
    public static function ahead(\DateTimeImmutable $moment, \DateTimeImmutable $now): string
    {
        $time = $moment->format('H:i:s');
        return self::isSameDay($moment, $now) ? $time : self::day($moment, $now) . " à $time";
    }

    /** A moment of the past: "aujourd’hui à 14:32", "hier à 14:32", "1er mars à 14:32", "1er mars 2025 à 14:32". */
    public static function past(\DateTimeImmutable $moment, \DateTimeImmutable $now): string
    {
        $day = match (true) {
            self::isSameDay($moment, $now) => 'aujourd’hui',
            self::isSameDay($moment, $now->modify('-1 day')) => 'hier',
            default => self::day($moment, $now),
        };
        return "$day à\u{A0}" . $moment->format('H:i');
    }

    private static function isSameDay(\DateTimeImmutable $one, \DateTimeImmutable $other): bool
    {
        return $one->format('Y-m-d') === $other->format('Y-m-d');
    }

    private static function day(\DateTimeImmutable $moment, \DateTimeImmutable $now): string
    {
        $day = $moment->format('j') === '1' ? '1er' : $moment->format('j');
        $year = $moment->format('Y') === $now->format('Y') ? '' : $moment->format("\u{A0}Y");
        return "$day\u{A0}" . self::MONTHS[(int) $moment->format('n')] . $year;
    }

    /** "3 connexions", "1 connexion", "0 connexion". */
    public static function count(int $number, string $one): string
    {
        return number_format($number, 0, ',', "\u{202F}") . "\u{A0}" . $one . (abs($number) > 1 ? 's' : '');
    }
}
