<?php

declare(strict_types=1);

/*
 * For pages compiled from templates (lib/templates): whom their session macros speak of.
 */

namespace EtuServices;

require_once __DIR__ . '/macrosession.php';

/** Hands the visitor to the session macros of this page. Of a user whom nobody can look up they know the number. */
function show_to_visitor(Site $site): void
{
    $id = $site->session->userId();
    if ($id === null) {
        \Macrosession\visitor(null);
        return;
    }
    $user = $site->userIfKnown();
    if ($user === null) {
        \Macrosession\visitor(['id_auteur' => $id]);
        return;
    }
    \Macrosession\visitor([
        'id_auteur' => $user->id,
        'nom' => $user->lastName,
        'prenom' => $user->firstName,
        'email' => $user->email,
        'connexion' => $site->session->stay()->start,
    ]);
    \Macrosession\on_session_get($site->sessionData());
}
