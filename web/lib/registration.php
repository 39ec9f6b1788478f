<?php

declare(strict_types=1);

namespace EtuServices;

/** A new account. */
final class Registration
{
    private const LONGEST_NAME = 100;

    /**
     * Adds the account if the form is valid; else the form says why not. That there is an account already is told, as a
     * site without mail cannot do without, but no more often than an address may try passwords.
     *
     * @throws Refused
     * @throws Problem
     */
    public static function add(Form $form, Users $users, Limits $limits, string $address): void
    {
        $firstName = $form->line('prenom', self::LONGEST_NAME, 'Indiquez votre prénom.');
        $lastName = $form->line('nom', self::LONGEST_NAME, 'Indiquez votre nom.');
        $email = $form->email('email');
        $password = $form->password('mot_de_passe', 'Choisissez un mot de passe.');
        if (Form::length($password) < Passwords::SHORTEST) {
            $form->fail('mot_de_passe', "Ce mot de passe est trop court\u{A0}: 10 caractères au moins.");
        }
        $again = $form->password('confirmation', 'Tapez le mot de passe une seconde fois.');
        if (!hash_equals($password, $again)) {
            $form->fail('confirmation', 'Les deux mots de passe ne sont pas les mêmes.');
        }
        if (!$form->isValid()) {
            return;
        }
        $limits->tryPassword($address);
        try {
            $users->add($lastName, $firstName, $email, Passwords::hash($password));
        } catch (EmailTaken) {
            $limits->countWrongPassword($address, null);
            $form->fail('email', 'Il y a déjà un compte avec cette adresse.');
        }
    }
}
