<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\Answer;

/** How long a refused visitor has to wait. */
final class Wait
{
    private function __construct(
        /** In seconds; null: waiting does not help. */
        public readonly ?int $seconds,
        private readonly \DateTimeImmutable $now,
    ) {
    }

    public static function of(Answer $refusal, \DateTimeImmutable $now): self
    {
        return new self($refusal->retryAfter === null ? null : max(1, $refusal->retryAfter), $now);
    }

    /** "6 min 57 s". */
    public function duration(): string
    {
        return French::duration((int) $this->seconds);
    }

    /** "14:32:07", local time. */
    public function end(): string
    {
        return French::ahead($this->moment(), $this->now);
    }

    /** The end as programs read it. */
    public function isoEnd(): string
    {
        return $this->moment()->format(\DateTimeInterface::ATOM);
    }

    /** @return array<string, string> */
    public function headers(): array
    {
        return $this->seconds === null ? [] : ['Retry-After' => (string) $this->seconds];
    }

    private function moment(): \DateTimeImmutable
    {
        return $this->now->modify('+' . (int) $this->seconds . ' seconds');
    }
}
