<?php

declare(strict_types=1);

namespace EtuServices;

/** What a visitor is sent. */
final class Response
{
    /** Nothing of a page comes from elsewhere or is part of other pages; there is no script or style in the text. */
    private const HEADERS = [
        'Content-Security-Policy' => "default-src 'self'; object-src 'none'; base-uri 'none'; "
            . "form-action 'self'; frame-ancestors 'none'",
        'X-Content-Type-Options' => 'nosniff',
        // Browsers that do not know frame-ancestors.
        'X-Frame-Options' => 'DENY',
        'Cross-Origin-Opener-Policy' => 'same-origin',
        'Cross-Origin-Resource-Policy' => 'same-origin',
        'Permissions-Policy' => 'camera=(), geolocation=(), microphone=(), payment=()',
        'Referrer-Policy' => 'same-origin',
        'Cache-Control' => 'no-store',
    ];

    /** @param array<string, string> $headers */
    private function __construct(
        private readonly int $status,
        private readonly string $body,
        private readonly array $headers,
    ) {
    }

    /** @param array<string, string> $headers */
    public static function page(string $html, int $status = 200, array $headers = []): self
    {
        return new self($status, $html, ['Content-Type' => 'text/html; charset=utf-8'] + $headers);
    }

    /** An answer to a script, which needs no page. */
    public static function empty(int $status): self
    {
        return new self($status, '', []);
    }

    /** Sends the browser to another page, which it asks for with GET. */
    public static function see(string $page): self
    {
        return new self(303, '', ['Location' => $page]);
    }

    /** Whether somebody reads it. */
    public function isPage(): bool
    {
        return $this->body !== '';
    }

    public function send(): void
    {
        http_response_code($this->status);
        header_remove('X-Powered-By');
        foreach ($this->headers + self::HEADERS as $name => $value) {
            header("$name: $value");
        }
        echo $this->body;
    }
}
