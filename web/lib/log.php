<?php

declare(strict_types=1);

namespace EtuServices;

/** PHP's error log. */
final class Log
{
    private const LONGEST = 1000;

    /** One line, whatever the message holds. */
    public static function line(string $message): void
    {
        error_log('EtuServices: ' . preg_replace('/[^\x20-\x7e]+/', '?', substr($message, 0, self::LONGEST)));
    }
}
