<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';

// Asked by battement.js. That a page is open is no activity of the user: the session ends as if nobody had asked.
serve([
    'POST' => static function (Site $site): Response {
        $isWanted = $site->config->heartbeatSeconds() > 0;
        $user = $isWanted ? $site->user() : null;
        if ($user === null) {
            return Response::empty(403);
        }
        $site->visit->beat($user, $site->config->heartbeatSeconds());
        return Response::empty(204);
    },
], false);
