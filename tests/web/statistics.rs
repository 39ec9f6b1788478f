//! The page of statistics: what stats-report says, with names that others may read.

use crate::site::Site;

/// A report: Zoé (1) by her id, Ali (2) by his address, somebody whose account is gone, and somebody unknown.
pub const REPORT: &str = r#"{"version":1,
  "logins":{
    "recent":[{"user":"1","at":"2026-03-01T09:15:00Z"},{"user":"ALI@exemple.fr","at":"2025-12-31T23:30:00Z"},
      {"user":"77","at":"2025-07-14T10:00:00+02:00"},{"user":"gone@exemple.fr","at":"2025-07-14T08:00:00Z"}],
    "top":[{"user":"ali@exemple.fr","count":1234},{"user":"1","count":2},{"user":"<script>x</script>","count":1}]},
  "services":{"by_service":[{"service":"vente","count":42},{"service":"<b>autre</b>","count":1}],"most_used":"vente",
    "least_active_users":[{"user":"1","count":0},{"user":"3","count":1}]}}"#;

fn site_with(report: &str) -> Site {
    let mut site = Site::start();
    std::fs::write(site.folder().join("report.json"), report).unwrap();
    let folder = site.folder().display().to_string();
    let program = site
        .script("report", &format!("printf '%s\\n' \"$@\" >'{folder}/asked'; cat '{folder}/report.json'"));
    site.set(|settings| settings.report = program);
    site
}

#[test]
fn the_figures_are_shown_with_names_and_never_with_addresses() {
    for launch in ["shell_exec", "proc_open"] {
        let mut site = site_with(REPORT);
        site.set(|settings| settings.launch = launch);
        let mut zoe = site.zoe();
        site.user("Ali", "Bey", "ali@exemple.fr");
        site.user("Émile", "Étienne-Dupont", "emile@exemple.fr");
        let page = zoe.get("statistiques.php").expect(200);
        page.says("Service le plus utilisé Vente")
            .says("Appels par service Service Appels Vente 42 <b>autre</b> 1")
            .says("Les plus connectés Ali B. 1 234 connexions Zoé M. 2 connexions Compte inconnu 1 connexion")
            .says("Dernières connexions Zoé M. 1er mars")
            .says("Ali B. 1er janvier")
            .says("Compte supprimé (nº 77) 14 juillet 2025 à 10:00 Compte inconnu 14 juillet 2025 à 10:00")
            .says("Ceux qui utilisent le moins les services Zoé M. 0 appel Émile É. 1 appel");
        assert!(!page.body.contains("@exemple.fr"), "{}", page.body);
        assert!(!page.body.contains("<b>autre") && !page.body.contains("<script>x"), "{}", page.body);
        let asked = std::fs::read_to_string(site.folder().join("asked")).unwrap();
        let toml = site.config_of("stats-report");
        assert_eq!(asked, format!("--config\n{}\nlogins\nservices\n--format\njson\n", toml.display()));
        site.assert_silent();
    }
}

#[test]
fn a_site_that_nobody_used_yet_says_so() {
    let site = site_with(
        r#"{"logins":{"recent":[],"top":[]},"services":{"by_service":[],"most_used":null,"least_active_users":[]}}"#,
    );
    let page = site.zoe().get("statistiques.php").expect(200);
    page.says("Service le plus utilisé Aucun appel Les plus connectés Personne pour le moment.");
    site.assert_silent();
}

#[test]
fn a_report_that_cannot_be_had_is_no_error_of_php() {
    for launch in ["shell_exec", "proc_open"] {
        for report in [
            "",
            "stats-report: cannot use MySQL",
            "[]",
            "{}",
            "{\"logins\":{}}",
            &REPORT.replace("by_service", "other"),
            &REPORT.replace("\"count\":42", "\"cont\":42"),
            &REPORT.replace("2026-03-01T09:15:00Z", "yesterday at noon o'clock"),
            &REPORT.replace("{\"user\":\"1\",\"count\":0}", "1"),
        ] {
            let mut site = site_with(report);
            site.set(|settings| settings.launch = launch);
            let page = site.zoe().get("statistiques.php").expect(503);
            page.says("Les statistiques ne peuvent pas être lues pour le moment. Réessayez dans une minute.");
            assert_eq!(page.header("Retry-After"), "60");
            let errors = site.php.errors();
            assert_eq!(errors.lines().count(), 1, "{errors}");
            assert!(errors.contains("EtuServices: report"), "{errors}");
        }
    }
}
