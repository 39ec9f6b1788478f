<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/views/registration.php';

serve([
    'GET' => static fn (Site $site): Response =>
        $site->page('Inscription', static fn () => View\registration(new Form(), $site->session->token())),

    'POST' => static function (Site $site): Response {
        $form = new Form($_POST);
        Registration::add($form, $site->users());
        if (!$form->isValid()) {
            return $site->page('Inscription', static fn () => View\registration($form, $site->session->token()), 422);
        }
        $site->session->tell('Votre compte est créé. Connectez-vous.');
        return Response::see('login.php');
    },
]);
