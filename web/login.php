<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/views/login.php';

serve([
    'GET' => static fn (Site $site): Response => $site->session->userId() === null
        ? $site->page('Connexion', static fn () => View\login(new Form(), null, $site->session->token()))
        : Response::see('services.php'),

    'POST' => static function (Site $site): Response {
        $form = new Form($_POST);
        $wait = null;
        $login = null;
        try {
            $login = Login::attempt($form, $site->users(), $site->limits(), $_SERVER['REMOTE_ADDR']);
        } catch (Refused $refused) {
            $wait = Wait::of($refused->answer, $site->now);
            if ($refused->userId !== null) {
                $site->visit->refuse($refused->userId);
            }
        }
        if ($login === null) {
            $content = static fn () => View\login($form, $wait, $site->session->token());
            return $site->page('Connexion', $content, $wait === null ? 422 : 429, $wait?->headers() ?? []);
        }
        $site->visit->logIn($login->user);
        $site->session->tell($login->greeting());
        return Response::see('services.php');
    },
]);
