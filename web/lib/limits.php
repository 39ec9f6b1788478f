<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\Answer;
use Sessionstat\RateLimit;

/** The limit is reached: the visitor has to wait. */
final class Refused extends \RuntimeException
{
    public function __construct(
        public readonly Answer $answer,
        /** Whose login it was; null: a service's call, or somebody who did not know the password. */
        public readonly ?int $userId = null,
    ) {
        parent::__construct('the limit is reached');
    }
}

/**
 * What the site limits. Users are named by their numbers: arguments of programs can be read by everybody on the host.
 * RateLimit has written trouble into the log already.
 */
final class Limits
{
    public function __construct(
        private readonly RateLimit $limit,
        private readonly ?string $passwordRule,
        private readonly ?string $accountRule,
    ) {
    }

    /**
     * Counts a login.
     *
     * @throws Refused
     * @throws Problem
     */
    public function logIn(User $user): Answer
    {
        return self::passed($this->limit->check((string) $user->id), $user->id);
    }

    /**
     * Counts a call of a service.
     *
     * @throws Refused
     * @throws Problem
     */
    public function call(Service $service, User $user): Answer
    {
        return self::passed($this->limit->call($service->value, (string) $user->id));
    }

    /** How many logins are left; null if that is not known. Nothing is decided by it. */
    public function loginsLeft(User $user): ?Answer
    {
        $answer = $this->limit->peek((string) $user->id);
        return $answer->error === null && $answer->remaining !== null ? $answer : null;
    }

    /**
     * Whether somebody at this address may try a password.
     *
     * @throws Refused
     * @throws Problem
     */
    public function tryPassword(string $address): void
    {
        if ($this->passwordRule !== null) {
            self::passed($this->limit->peek(self::network($address), $this->passwordRule));
        }
    }

    /**
     * Whether anybody may try a password of the account with this e-mail; there need be no such account.
     *
     * @throws Refused
     * @throws Problem
     */
    public function tryAccount(string $email): void
    {
        if ($this->accountRule !== null) {
            self::passed($this->limit->peek(self::account($email), $this->accountRule));
        }
    }

    /**
     * Counts a password that was wrong, or another question whose answer tells who has an account.
     *
     * @throws Refused
     * @throws Problem
     */
    public function countWrongPassword(string $address, ?string $email): void
    {
        if ($email !== null && $this->accountRule !== null) {
            self::passed($this->limit->check(self::account($email), $this->accountRule));
        }
        if ($this->passwordRule !== null) {
            self::passed($this->limit->check(self::network($address), $this->passwordRule));
        }
    }

    /** A name for the counters, which ratelimit-check's arguments show to everybody on the host: not the e-mail itself. */
    private static function account(string $email): string
    {
        $folded = function_exists('mb_strtolower') ? mb_strtolower($email, 'UTF-8') : strtolower($email);
        return 'account:' . hash('sha256', $folded);
    }

    private static function passed(Answer $answer, ?int $login = null): Answer
    {
        if ($answer->allowed) {
            return $answer;
        }
        throw $answer->error === null ? new Refused($answer, $login) : Problem::unavailable();
    }

    /** One visitor has one IPv4 address, but 2^64 of IPv6: there, the network counts. */
    private static function network(string $address): string
    {
        $bytes = (string) @inet_pton($address);
        $isIpv4 = str_starts_with($bytes, str_repeat("\0", 10) . "\xff\xff");
        if (strlen($bytes) !== 16 || $isIpv4) {
            return $isIpv4 ? (string) inet_ntop(substr($bytes, 12)) : $address;
        }
        return inet_ntop(substr($bytes, 0, 8) . str_repeat("\0", 8)) . '/64';
    }
}
