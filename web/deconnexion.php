<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';

serve([
    'POST' => static function (Site $site): Response {
        $site->visit->logOut(EndContext::User);
        $site->session->tell('Vous avez quitté votre session. À bientôt.');
        return Response::see('accueil.php');
    },
]);
