<?php

declare(strict_types=1);

namespace EtuServices;

/** Something that this site needs is away for the moment; the message is for the log. */
final class Unavailable extends \RuntimeException
{
}

/** Why a visitor does not get the page that was asked for, in words for the visitor. */
final class Problem extends \RuntimeException
{
    /** How soon a visitor may try again while something is away, in seconds. */
    private const TRY_AGAIN = 60;

    /** @param array<string, string> $headers */
    private function __construct(
        public readonly int $status,
        public readonly string $title,
        public readonly string $text,
        public readonly array $headers = [],
    ) {
        parent::__construct($title);
    }

    /** @param list<string> $allowed */
    public static function wrongMethod(array $allowed): self
    {
        return new self(405, 'Méthode refusée', 'Cette page ne se demande pas de cette façon.', ['Allow' => implode(', ', $allowed)]);
    }

    public static function foreignForm(): self
    {
        return new self(
            403,
            'Formulaire périmé',
            'Ce formulaire ne vient pas de votre session, ou elle a pris fin. Revenez en arrière, rechargez la page, puis recommencez.'
        );
    }

    public static function tooLarge(): self
    {
        return new self(413, 'Envoi trop grand', 'Ce formulaire est beaucoup plus grand que prévu. Raccourcissez vos textes.');
    }

    public static function unknownService(): self
    {
        return new self(422, 'Service inconnu', 'Ce service n’existe pas. Choisissez-en un sur la page des services.');
    }

    public static function unavailable(): self
    {
        return new self(
            503,
            'Service interrompu',
            "Le service est momentanément indisponible. Réessayez dans une minute\u{A0}; rien n’est perdu.",
            ['Retry-After' => (string) self::TRY_AGAIN]
        );
    }

    public static function noReport(): self
    {
        return new self(
            503,
            'Statistiques indisponibles',
            'Les statistiques ne peuvent pas être lues pour le moment. Réessayez dans une minute.',
            ['Retry-After' => (string) self::TRY_AGAIN]
        );
    }

    public static function ours(): self
    {
        return new self(500, 'Erreur du site', 'Une erreur de notre part empêche d’afficher cette page. Elle a été notée.');
    }
}
