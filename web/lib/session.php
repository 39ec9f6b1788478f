<?php

declare(strict_types=1);

namespace EtuServices;

/** What a visitor was for a while: a user who is logged in, or a stranger. Times are seconds since 1970. */
final class Stay
{
    public function __construct(
        /** Made of the session's id, which it does not tell: whoever knows that one has the session. */
        public readonly string $id,
        public readonly int $start,
        /** When the last page was asked for; a page that stays open asks for none. */
        public readonly int $seen,
        /** null: a stranger. */
        public readonly ?int $userId,
    ) {
    }
}

/** What the site remembers of a visitor between two pages. */
final class Session
{
    private const NAME = 'etuservices';

    private ?Stay $expired = null;

    private function __construct(private readonly int $now)
    {
    }

    /** Starts or resumes the visitor's session; an idle one is forgotten. A beat is no activity. */
    public static function start(Config $config, int $now, bool $isActivity): self
    {
        // An id that none of ours can be only makes PHP complain.
        $sent = $_COOKIE[self::NAME] ?? null;
        if ($sent !== null && (!is_string($sent) || preg_match('/^[A-Za-z0-9,-]{1,256}$/D', $sent) !== 1)) {
            unset($_COOKIE[self::NAME]);
        }
        $started = @session_start([
            'name' => self::NAME,
            'use_strict_mode' => 1,
            'use_cookies' => 1,
            'use_only_cookies' => 1,
            'use_trans_sid' => 0,
            'cookie_lifetime' => 0,
            'cookie_path' => '/',
            'cookie_domain' => '',
            'cookie_secure' => $config->secureCookie() ?? self::isHttps(),
            'cookie_httponly' => 1,
            'cookie_samesite' => 'Lax',
            'cache_limiter' => '',
            'gc_maxlifetime' => $config->idleSeconds(),
        ]);
        if (!$started) {
            throw new Unavailable('PHP cannot start a session: check session.save_path');
        }
        $_SESSION['since'] ??= $now;
        $session = new self($now);
        if ($now - ($_SESSION['seen'] ?? $now) >= $config->idleSeconds()) {
            $session->expired = $session->stay();
            $session->logOut();
        }
        if ($isActivity) {
            $_SESSION['seen'] = $now;
        }
        $_SESSION['seen'] ??= $now;
        $_SESSION['token'] ??= bin2hex(random_bytes(32));
        return $session;
    }

    private static function isHttps(): bool
    {
        return !in_array(strtolower((string) ($_SERVER['HTTPS'] ?? '')), ['', 'off'], true);
    }

    /** The new id makes one that somebody else planted before worthless. */
    public function logIn(User $user): void
    {
        $this->renew();
        $_SESSION['user'] = $user->id;
    }

    public function logOut(): void
    {
        $this->renew();
    }

    private function renew(): void
    {
        $_SESSION = ['seen' => $this->now, 'since' => $this->now, 'token' => bin2hex(random_bytes(32))];
        if (!session_regenerate_id(true)) {
            throw new Unavailable('PHP cannot renew a session: check session.save_path');
        }
    }

    /** What the visitor is now. */
    public function stay(): Stay
    {
        $count = $_SESSION['refusals'] ?? 0;
        return new Stay(
            hash('sha256', session_id() . ($count === 0 ? '' : " $count")),
            $_SESSION['since'],
            $_SESSION['seen'] ?? $this->now,
            $this->userId()
        );
    }

    /** What the visitor was until the session had been idle for too long, if this request found it so. */
    public function expired(): ?Stay
    {
        return $this->expired;
    }

    /** The stranger's stay ends and another one begins, in the same session, so that open pages stay good. */
    public function restartStay(): void
    {
        $_SESSION['refusals'] = ($_SESSION['refusals'] ?? 0) + 1;
        $_SESSION['since'] = $this->now;
    }

    /** Remembers that the database was told when this session expires. */
    public function noteExpiry(): void
    {
        $_SESSION['expiry_noted'] = $this->now;
    }

    public function expiryIsOlderThan(int $seconds): bool
    {
        return $this->now - ($_SESSION['expiry_noted'] ?? 0) >= $seconds;
    }

    /** Where the time of the last beat is remembered. */
    public function &lastBeat(): ?int
    {
        $_SESSION['beat'] ??= null;
        return $_SESSION['beat'];
    }

    /** The id of the user who is logged in. */
    public function userId(): ?int
    {
        return $_SESSION['user'] ?? null;
    }

    /** The secret that each form of this visitor carries. */
    public function token(): string
    {
        return $_SESSION['token'];
    }

    /** Whether a form comes from a page of ours. */
    public function accepts(mixed $token): bool
    {
        return is_string($token) && hash_equals($this->token(), $token);
    }

    /** Leaves a message for the next page. */
    public function tell(string $notice): void
    {
        $_SESSION['notice'] = $notice;
    }

    /** The message that the last page left, once. */
    public function takeNotice(): ?string
    {
        $notice = $_SESSION['notice'] ?? null;
        unset($_SESSION['notice']);
        return $notice;
    }
}
