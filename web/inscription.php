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
        $wait = null;
        try {
            Registration::add($form, $site->users(), $site->limits(), $_SERVER['REMOTE_ADDR']);
        } catch (Refused $refused) {
            $wait = Wait::of($refused->answer, $site->now);
        }
        if ($wait !== null || !$form->isValid()) {
            $content = static fn () => View\registration($form, $site->session->token(), $wait);
            return $site->page('Inscription', $content, $wait === null ? 422 : 429, $wait?->headers() ?? []);
        }
        $site->session->tell('Votre compte est créé. Connectez-vous.');
        return Response::see('login.php');
    },
]);
