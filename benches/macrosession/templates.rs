//! Templates like those that people write.

/// Text with the markup that a page has, 400 bytes or a little more.
const TEXT: &str = "<article class=\"news\">\n  <h2><a href=\"spip.php?article42\">La médiathèque ouvre le dimanche</a></h2>\n  \
    <p>À partir du mois de mars, la salle informatique accueille le public de 14 h à 18 h, sans inscription. \
    Les ateliers de la semaine gardent leurs horaires ; le calendrier complet est affiché à l'accueil et sur cette \
    page. Tarif : gratuit pour les habitants.</p>\n  <img src=\"local/image.jpg\" alt=\"\">\n</article>\n";

/// The macros of a page for members: 10 values, 4 tests, 3 comparisons, 3 filters; and the same by hand.
const MACROS: [(&str, &str); 20] = [
    ("#_SESSION{nom}.", "<?= htmlspecialchars($visiteur['nom'] ?? '') ?>."),
    ("<b title=\"#_SESSION{prenom}\">", "<b title=\"<?= htmlspecialchars($visiteur['prenom'] ?? '') ?>\">"),
    ("#_SESSION_SI{email}oui#_SESSION_SINON{}non#_SESSION_FIN.", IF_EMAIL),
    ("#_SESSION{email}</b>", "<?= htmlspecialchars($visiteur['email'] ?? '') ?></b>"),
    ("<i>#_SESSION{statut,==,0minirezo}</i>", "<i><?= ($visiteur['statut'] ?? '') == '0minirezo' ?></i>"),
    (
        "<i>#_SESSION{nom,strtoupper}</i>",
        "<i><?= htmlspecialchars(strtoupper($visiteur['nom'] ?? '')) ?></i>",
    ),
    ("#_SESSION{ville}.", "<?= htmlspecialchars($visiteur['ville'] ?? '') ?>."),
    ("#_SESSION_SI{ville}oui#_SESSION_SINON{}non#_SESSION_FIN.", IF_VILLE),
    ("<i>#_SESSION{id_auteur}</i>", "<i><?= htmlspecialchars($visiteur['id_auteur'] ?? '') ?></i>"),
    ("<i>#_SESSION{points,>=,100}</i>", "<i><?= ($visiteur['points'] ?? '') >= '100' ?></i>"),
    ("<i>#_SESSION{nom,strlen}</i>", "<i><?= strlen($visiteur['nom'] ?? '') ?></i>"),
    ("#_SESSION{points}.", "<?= htmlspecialchars($visiteur['points'] ?? '') ?>."),
    ("#_SESSION_SI{email}oui#_SESSION_SINON{}non#_SESSION_FIN.", IF_EMAIL),
    ("#_SESSION{bio}.", "<?= htmlspecialchars($visiteur['bio'] ?? '') ?>."),
    ("<i>#_SESSION{statut,!=,6forum}</i>", "<i><?= ($visiteur['statut'] ?? '') != '6forum' ?></i>"),
    ("<i>#_SESSION{bio,trim}</i>", "<i><?= htmlspecialchars(trim($visiteur['bio'] ?? '')) ?></i>"),
    ("#_SESSION{langue}.", "<?= htmlspecialchars($visiteur['langue'] ?? '') ?>."),
    ("#_SESSION_SI{ville}oui#_SESSION_SINON{}non#_SESSION_FIN.", IF_VILLE),
    ("#_SESSION{nom_site}.", "<?= htmlspecialchars($visiteur['nom_site'] ?? '') ?>."),
    ("#_SESSION{login}.", "<?= htmlspecialchars($visiteur['login'] ?? '') ?>."),
];
const IF_EMAIL: &str = "<?php if ($visiteur['email'] ?? '') { ?>oui<?php } else { ?>non<?php } ?>.";
const IF_VILLE: &str = "<?php if ($visiteur['ville'] ?? '') { ?>oui<?php } else { ?>non<?php } ?>.";

/// A page of 14 kB with the 20 macros: the template, and the page that somebody would write by hand.
pub fn for_members() -> (String, String) {
    let page = |which: fn(&(&'static str, &'static str)) -> &'static str| {
        MACROS.iter().map(|both| format!("{TEXT}{}{}\n", &TEXT[..250], which(both))).collect::<String>()
    };
    (page(|both| both.0), page(|both| both.1))
}

/// About a megabyte with a macro every 400 bytes.
pub fn usual() -> String {
    many(TEXT)
}

/// About a megabyte of macros with hardly a word between them.
pub fn dense() -> String {
    many("\n")
}

fn many(text: &str) -> String {
    let part: String = MACROS.iter().map(|(template, _)| format!("{text}{template}")).collect();
    part.repeat((1 << 20) / part.len())
}
