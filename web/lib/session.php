<?php

declare(strict_types=1);

namespace EtuServices;

/** What the site remembers of a visitor between two pages. */
final class Session
{
    private const NAME = 'etuservices';

    private function __construct()
    {
    }

    /** Starts or resumes the visitor's session; an idle one is forgotten. */
    public static function start(Config $config, int $now): self
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
        $session = new self();
        if ($now - ($_SESSION['seen'] ?? $now) >= $config->idleSeconds()) {
            $session->logOut();
        }
        $_SESSION['seen'] = $now;
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
        $_SESSION = ['seen' => $_SESSION['seen'] ?? 0, 'token' => bin2hex(random_bytes(32))];
        if (!session_regenerate_id(true)) {
            throw new Unavailable('PHP cannot renew a session: check session.save_path');
        }
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
