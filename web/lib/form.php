<?php

declare(strict_types=1);

namespace EtuServices;

/**
 * The fields of a sent form, and what is wrong with each. A browser may send anything under any name: arrays, bytes that
 * are no text, a book in the field for the name. Nothing of it is an error of the site; each gets its message.
 */
final class Form
{
    /** Controls and line ends, and the marks that turn the direction of writing: they would spoil other pages. */
    private const FORBIDDEN = '/[\p{Cc}\p{Zl}\p{Zp}\x{202A}-\x{202E}\x{2066}-\x{2069}]/u';
    /** What an e-mail address may have, as in the table. */
    private const LONGEST_EMAIL = 191;

    /** @var array<string, string> */
    private array $values = [];
    /** @var array<string, string> */
    private array $errors = [];

    /** @param array<mixed> $sent */
    public function __construct(private readonly array $sent = [])
    {
    }

    /** One line of text of 1 to $longest characters, without the blanks around it. */
    public function line(string $name, int $longest, string $missing): string
    {
        $text = $this->utf8($name);
        $text = (string) preg_replace('/^[\s\p{Z}]+|[\s\p{Z}]+$/u', '', $text);
        if (preg_match(self::FORBIDDEN, $text) === 1) {
            $this->fail($name, "Ce texte contient un retour à la ligne ou un caractère invisible\u{A0}: retirez-le.");
            return '';
        }
        $this->values[$name] = $text;
        if ($text === '') {
            $this->fail($name, $missing);
        } elseif (self::length($text) > $longest) {
            $this->fail($name, "Ce texte est trop long\u{A0}: $longest caractères au plus.");
        }
        return $text;
    }

    public function email(string $name): string
    {
        $email = $this->line($name, self::LONGEST_EMAIL, 'Indiquez votre adresse électronique.');
        if ($this->error($name) === null && filter_var($email, FILTER_VALIDATE_EMAIL, FILTER_FLAG_EMAIL_UNICODE) === false) {
            $this->fail($name, "Cette adresse n’est pas valable. Exemple\u{A0}: prenom.nom@exemple.fr");
        }
        return $email;
    }

    /** A password as it was typed; it is never shown again. */
    public function password(string $name, string $missing): string
    {
        $password = $this->utf8($name);
        if ($password === '') {
            $this->fail($name, $missing);
        } elseif (strlen($password) > Passwords::LONGEST) {
            $this->fail($name, "Ce mot de passe est trop long\u{A0}: 72 octets au plus (une lettre accentuée en prend 2).");
        } elseif (preg_match('/\p{Cc}/u', $password) === 1) {
            $this->fail($name, "Ce mot de passe contient un caractère invisible\u{A0}: retirez-le.");
        }
        return $password;
    }

    /** A whole number between 1 and $largest. */
    public function number(string $name, int $largest): int
    {
        $text = $this->line($name, 20, 'Indiquez une quantité.');
        $number = ctype_digit($text) && strlen($text) <= strlen((string) $largest) ? (int) $text : 0;
        if ($this->error($name) === null && ($number < 1 || $number > $largest)) {
            $this->fail($name, "Indiquez un nombre entier de 1 à $largest.");
        }
        return $number;
    }

    /** Says what is wrong with a field; the first message stays. */
    public function fail(string $name, string $message): void
    {
        $this->errors[$name] ??= $message;
    }

    public function isValid(): bool
    {
        return $this->errors === [];
    }

    public function error(string $name): ?string
    {
        return $this->errors[$name] ?? null;
    }

    /** Whether the reader should begin with this field: it is the first with an error. */
    public function isFirstError(string $name): bool
    {
        return array_key_first($this->errors) === $name;
    }

    /** What to show in the field again. */
    public function value(string $name): string
    {
        return $this->values[$name] ?? '';
    }

    /** The number of characters of a UTF-8 text. */
    public static function length(string $text): int
    {
        return (int) preg_match_all('/./us', $text);
    }

    private function utf8(string $name): string
    {
        $value = $this->sent[$name] ?? '';
        if (!is_string($value)) {
            $this->fail($name, 'Ce champ attend un texte.');
            return '';
        }
        if (preg_match('//u', $value) !== 1) {
            $this->fail($name, "Ce texte n’est pas lisible (il n’est pas en UTF-8)\u{A0}: tapez-le de nouveau.");
            return '';
        }
        return $value;
    }
}
