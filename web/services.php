<?php

declare(strict_types=1);

namespace EtuServices;

require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/views/services.php';

serve_users([
    'GET' => static function (Site $site, User $user): Response {
        $left = $site->limits()->loginsLeft($user);
        return $site->page('Services', static fn () => View\services([], $left, null, $site->session->token()));
    },

    'POST' => static function (Site $site, User $user): Response {
        $sent = $_POST['service'] ?? null;
        $service = Service::tryFrom(is_string($sent) ? $sent : '') ?? throw Problem::unknownService();
        $form = new Form($_POST);
        $wait = null;
        try {
            $order = Order::of($service, $form);
            if ($order !== null) {
                $site->session->tell($order->confirmation($site->limits()->call($service, $user)));
                return Response::see('services.php');
            }
        } catch (Refused $refused) {
            $wait = Wait::of($refused->answer, $site->now);
        }
        $left = $site->limits()->loginsLeft($user);
        $content = static fn () => View\services([$service->value => $form], $left, $wait, $site->session->token());
        return $site->page('Services', $content, $wait === null ? 422 : 429, $wait?->headers() ?? []);
    },
]);
