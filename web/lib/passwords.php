<?php

declare(strict_types=1);

namespace EtuServices;

/** How passwords are kept and compared. */
final class Passwords
{
    /** In characters. */
    public const SHORTEST = 10;
    /** In bytes: bcrypt does not look at what comes after them. */
    public const LONGEST = 72;

    public static function hash(#[\SensitiveParameter] string $password): string
    {
        return password_hash($password, PASSWORD_DEFAULT);
    }

    /** Takes the same time whether there is such a user or not: an answer must not tell who has an account. */
    public static function fits(#[\SensitiveParameter] string $password, ?User $user): bool
    {
        $matches = password_verify($password, $user->hash ?? self::dummy());
        return $user !== null && $matches;
    }

    /** Whether the hash was made by an older PHP, in a weaker way. */
    public static function isOutdated(User $user): bool
    {
        return password_needs_rehash($user->hash, PASSWORD_DEFAULT);
    }

    /** A hash of today's cost that fits no password. */
    private static function dummy(): string
    {
        return sprintf('$2y$%02d$%s', PASSWORD_BCRYPT_DEFAULT_COST, str_repeat('.', 53));
    }
}
