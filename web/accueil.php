<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/views/home.php';

serve([
    'GET' => static fn (Site $site): Response =>
        $site->page('Accueil', static fn () => View\home($site->session->userId() !== null)),
]);
