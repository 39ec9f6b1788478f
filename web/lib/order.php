<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\Answer;

/** What the company offers; the value is the name under which calls are counted. */
enum Service: string
{
    case Sale = 'vente';
    case Purchase = 'achat';

    public function label(): string
    {
        return ucfirst($this->value);
    }

    public function explanation(): string
    {
        return match ($this) {
            self::Sale => "Vous vendez un article\u{A0}: nous vous le prenons.",
            self::Purchase => "Vous achetez un article\u{A0}: nous vous le procurons.",
        };
    }
}

/** One call of a service. */
final class Order
{
    private const LONGEST_ARTICLE = 100;
    private const LARGEST_QUANTITY = 1000;

    private function __construct(
        public readonly Service $service,
        private readonly string $article,
        private readonly int $quantity,
    ) {
    }

    /** null: the form says why not. */
    public static function of(Service $service, Form $form): ?self
    {
        $article = $form->line('article', self::LONGEST_ARTICLE, 'Indiquez un article.');
        $quantity = $form->number('quantite', self::LARGEST_QUANTITY);
        return $form->isValid() ? new self($service, $article, $quantity) : null;
    }

    /** What the user reads when the call was let through. */
    public function confirmation(Answer $answer): string
    {
        $recorded = $this->service === Service::Sale ? 'Vente enregistrée' : 'Achat enregistré';
        $done = "$recorded\u{A0}: {$this->quantity} × {$this->article}.";
        return $answer->remaining === null
            ? $done
            : "$done Appels restants\u{A0}: {$answer->remaining} sur {$answer->limit}.";
    }
}
