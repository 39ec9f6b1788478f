<?php

declare(strict_types=1);

namespace EtuServices;

/** Which sessions are recorded, in ILIAS's numbers. */
enum SessionType: int
{
    case User = 3;
    case Anonymous = 4;
}

/** Why a session ended, in ILIAS's numbers. */
enum EndContext: int
{
    case None = 0;
    case User = 1;
    case Expire = 2;
    case Limit = 5;
    case Login = 6;
}

/**
 * Session records as ILIAS writes them, in the table `usr_session_stats_raw`; and when live sessions expire, in
 * `session_expiry`: session-aggregate ends the records of those that did. Times are seconds since 1970.
 */
final class SessionRecord
{
    /** MySQL's error number for a second row with the same unique key. */
    private const DUPLICATE = 1062;
    /** And for a transaction that it gave up so that another one could go on. */
    private const DEADLOCK = 1213;
    private const TRIES = 3;
    /** Nobody waits for a page as long as MySQL waits for a lock by default: 50 seconds. */
    private const LOCK_SECONDS = 5;

    public function __construct(private readonly \PDO $database)
    {
    }

    /**
     * Writes all or nothing.
     *
     * @param callable(self): void $write is called again after a deadlock
     */
    public function together(callable $write): void
    {
        $this->database->exec('SET innodb_lock_wait_timeout = ' . self::LOCK_SECONDS);
        for ($try = 1;; $try++) {
            try {
                $this->database->beginTransaction();
                $write($this);
                $this->database->commit();
                return;
            } catch (\Throwable $failure) {
                $this->undo();
                if (self::number($failure) !== self::DEADLOCK || $try === self::TRIES) {
                    throw $failure;
                }
            }
        }
    }

    /** A session begins, but not of user 0, who is nobody. An id that begins again later is another session. */
    public function open(string $id, SessionType $type, int $user, int $start): void
    {
        if ($user === 0) {
            return;
        }
        $this->run(
            'UPDATE usr_session_stats_raw SET end_time = ?, end_context = ?
             WHERE session_id = ? AND end_time IS NULL AND start_time <> ?',
            [$start, EndContext::Login->value, $id, $start]
        );
        try {
            $this->run(
                'INSERT INTO usr_session_stats_raw (session_id, type, start_time, user_id) VALUES (?, ?, ?, ?)',
                [$id, $type->value, $start, $user]
            );
        } catch (\PDOException $refused) {
            if (self::number($refused) !== self::DUPLICATE) {
                throw $refused;
            }
            $this->run(
                'UPDATE usr_session_stats_raw SET end_time = NULL, end_context = NULL
                 WHERE session_id = ? AND start_time = ?',
                [$id, $start]
            );
        }
    }

    /** A session ends, unless it has ended already. */
    public function close(string $id, EndContext $context, int $end): void
    {
        $this->run(
            'UPDATE usr_session_stats_raw SET end_time = ?, end_context = ? WHERE session_id = ? AND end_time IS NULL',
            [$end, $context === EndContext::None ? null : $context->value, $id]
        );
    }

    /** The session lives. */
    public function live(string $id, int $expires): void
    {
        $this->run('REPLACE INTO session_expiry (session_id, expires) VALUES (?, ?)', [$id, $expires]);
    }

    /** It still lives. One whose record session-aggregate has ended meanwhile does not come back. */
    public function liveOn(string $id, int $expires): void
    {
        $this->run('UPDATE session_expiry SET expires = ? WHERE session_id = ?', [$expires, $id]);
    }

    /** It lives no longer. */
    public function forget(string $id): void
    {
        $this->run('DELETE FROM session_expiry WHERE session_id = ?', [$id]);
    }

    private static function number(\Throwable $failure): ?int
    {
        return $failure instanceof \PDOException ? $failure->errorInfo[1] ?? null : null;
    }

    private function undo(): void
    {
        try {
            if ($this->database->inTransaction()) {
                $this->database->rollBack();
            }
        } catch (\Throwable) {
            // The connection is gone, and the transaction with it; why, is told by the first failure.
        }
    }

    /** @param list<int|string|null> $values */
    private function run(string $sql, array $values): void
    {
        $this->database->prepare($sql)->execute($values);
    }
}
