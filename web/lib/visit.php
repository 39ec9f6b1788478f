<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\LoginTimes;
use Sessionstat\Traces;

/**
 * The visitor's logins and their ends: in the session, and then in the session records; and the traces of users, where
 * they are wanted. If something cannot be written, the log gets a line; nobody is kept out or in by it, and no page
 * breaks.
 *
 * A visitor who never tries to log in is not recorded: robots would fill the table.
 */
final class Visit
{
    /** When a session expires is written at most once in so many seconds, and so much later, lest a used one expire. */
    private const STEP = 60;

    /** @param \Closure(): \PDO $connect */
    public function __construct(
        private readonly Session $session,
        private readonly \Closure $connect,
        private readonly int $now,
        private readonly int $idleSeconds,
        private readonly ?Traces $traces,
    ) {
    }

    public function logIn(User $user): void
    {
        $before = $this->session->stay();
        $this->session->logIn($user);
        $stay = $this->session->stay();
        $written = $this->record(function (SessionRecord $record) use ($before, $user, $stay): void {
            if ($before->userId === null) {
                $this->recordAnonymous($record, $before, $user->id, EndContext::Login);
            } else {
                self::end($record, $before, EndContext::Login, $this->now);
            }
            $record->open($stay->id, SessionType::User, $user->id, $stay->start);
            $record->live($stay->id, $this->expires());
        });
        if ($written) {
            $this->session->noteExpiry();
        }
        (new LoginTimes($this->connect))->note($user->id, $stay->start);
        if ($before->userId !== null && $before->userId !== $user->id) {
            $this->traces?->logout($before->userId);
        }
        $this->traces?->login($user->id);
    }

    /** The limit of logins keeps the user out. Somebody who is logged in stays so. */
    public function refuse(int $userId): void
    {
        if ($this->session->userId() !== null) {
            return;
        }
        $before = $this->session->stay();
        $this->session->restartStay();
        $this->record(
            fn (SessionRecord $record) => $this->recordAnonymous($record, $before, $userId, EndContext::Limit)
        );
    }

    public function logOut(EndContext $context): void
    {
        $stay = $this->session->stay();
        $this->session->logOut();
        if ($stay->userId !== null) {
            $this->record(fn (SessionRecord $record) => self::end($record, $stay, $context, $this->now));
        }
        if ($stay->userId !== null && $context === EndContext::User) {
            $this->traces?->logout($stay->userId);
        }
    }

    /** What each request records: the end of a session that was idle for too long. */
    public function endExpired(): void
    {
        $expired = $this->session->expired();
        if ($expired?->userId !== null) {
            $end = $expired->seen + $this->idleSeconds;
            $this->record(static fn (SessionRecord $record) => self::end($record, $expired, EndContext::Expire, $end));
        }
    }

    /** What each request but a beat records: that a session is in use. */
    public function goOn(): void
    {
        $isUser = $this->session->userId() !== null && $this->session->expired() === null;
        if ($isUser && $this->session->expiryIsOlderThan(self::STEP)) {
            $id = $this->session->stay()->id;
            if ($this->record(fn (SessionRecord $record) => $record->liveOn($id, $this->expires()))) {
                $this->session->noteExpiry();
            }
        }
    }

    /** A user, if it is one, looks at a page. */
    public function view(): void
    {
        $id = $this->session->userId();
        if ($id !== null) {
            $this->traces?->view($id);
        }
    }

    /** The user still has a page open. */
    public function beat(User $user, int $period): void
    {
        $this->traces?->beat($user->id, $period, $this->session->lastBeat());
    }

    /** When session-aggregate may end the record, if no page moves that on: never before the session itself ends. */
    private function expires(): int
    {
        return $this->now + $this->idleSeconds + self::STEP;
    }

    /** Only now is it known for whom the visitor came. */
    private function recordAnonymous(SessionRecord $record, Stay $stay, int $userId, EndContext $context): void
    {
        $record->open($stay->id, SessionType::Anonymous, $userId, min($stay->start, $this->now));
        $record->close($stay->id, $context, $this->now);
    }

    /** A clock may be set back: no session ends before it begins. */
    private static function end(SessionRecord $record, Stay $stay, EndContext $context, int $end): void
    {
        $record->close($stay->id, $context, max($stay->start, $end));
        $record->forget($stay->id);
    }

    /**
     * Whether that worked.
     *
     * @param callable(SessionRecord): void $write
     */
    private function record(callable $write): bool
    {
        try {
            (new SessionRecord(($this->connect)()))->together($write);
            return true;
        } catch (\Throwable $failure) {
            Log::line("a session record cannot be written: {$failure->getMessage()}");
            return false;
        }
    }
}
