<?php

declare(strict_types=1);

namespace EtuServices;

use Sessionstat\Answer;

/** A login that was let through. */
final class Login
{
    private function __construct(public readonly User $user, private readonly Answer $answer)
    {
    }

    /**
     * First the password, then the limit: else strangers could use up somebody's logins. null: the form says why not.
     *
     * @throws Refused
     * @throws Problem
     */
    public static function attempt(Form $form, Users $users, Limits $limits, string $address): ?self
    {
        $email = $form->email('email');
        $password = $form->password('mot_de_passe', 'Indiquez votre mot de passe.');
        if (!$form->isValid()) {
            return null;
        }
        $limits->tryPassword($address);
        $user = $users->byEmail($email);
        // The database takes several spellings for one e-mail: they share their tries.
        $account = $user->email ?? $email;
        $limits->tryAccount($account);
        if (!Passwords::fits($password, $user)) {
            $limits->countWrongPassword($address, $account);
            $form->fail('mot_de_passe', 'L’adresse ou le mot de passe ne convient pas.');
            return null;
        }
        $answer = $limits->logIn($user);
        self::strengthen($user, $password, $users);
        return new self($user, $answer);
    }

    /** A hash of an older PHP is renewed while the password is known. Nobody is kept out if that fails. */
    private static function strengthen(User $user, #[\SensitiveParameter] string $password, Users $users): void
    {
        if (!Passwords::isOutdated($user)) {
            return;
        }
        try {
            $users->renewHash($user, Passwords::hash($password));
        } catch (\PDOException $failure) {
            Log::line("the password's hash of user {$user->id} cannot be renewed: " . $failure->getMessage());
        }
    }

    /** What the user reads first. */
    public function greeting(): string
    {
        $left = $this->answer->remaining;
        $rest = match (true) {
            $left === null => '',
            $left === 0 => ' C’était votre dernière connexion pour le moment.',
            default => ' Il vous reste ' . French::count($left, 'connexion') . " sur {$this->answer->limit}.",
        };
        return "Bonjour {$this->user->firstName}.$rest";
    }
}
