<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/views/statistics.php';

serve_users([
    'GET' => static function (Site $site): Response {
        try {
            $statistics = Statistics::read($site->config->statsReport(), $site->config->timezone());
        } catch (Unavailable $failure) {
            Log::line($failure->getMessage());
            throw Problem::noReport();
        }
        $names = $statistics->names($site->users());
        return $site->page('Statistiques', static fn () => View\statistics($statistics, $names, $site->now));
    },
]);
