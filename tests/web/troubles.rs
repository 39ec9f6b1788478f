//! Something that the site needs is away, or talks nonsense: nobody comes in by it, and nobody reads more of it than
//! that the service is interrupted.

use crate::{
    site::{PASSWORD, Site},
    visitor::Page,
};

const LAUNCHES: [&str; 2] = ["shell_exec", "proc_open"];

/// That the page is the one for interruptions, and tells nothing of the inside.
#[track_caller]
fn assert_interrupted(page: &Page) {
    assert_eq!(page.status, 503, "{}", page.body);
    assert_eq!(page.header("Retry-After"), "60");
    page.says("Le service est momentanément indisponible. Réessayez dans une minute ; rien n’est perdu.");
    for inside in ["SQLSTATE", "#0", "Stack", "Warning", ".php:", "/tmp", "redis", "ratelimit"] {
        assert!(!page.body.contains(inside), "{inside} in: {}", page.body);
    }
}

#[test]
fn while_redis_is_away_nobody_logs_in_or_calls_a_service() {
    for launch in LAUNCHES {
        let mut site = Site::start();
        site.set(|settings| settings.launch = launch);
        let mut zoe = site.zoe();
        zoe.get("services.php").expect(200);
        site.redis.kill();
        let mut visitor = site.visitor();
        assert_interrupted(&visitor.log_in("zoe@exemple.fr", PASSWORD));
        visitor.get("services.php").expect(303);
        assert_interrupted(&zoe.call("vente", "chaise", "1"));
        zoe.get("services.php").expect(200).says("Le nombre de connexions restantes n’est pas connu");
        let errors = site.php.errors();
        let line = "sessionstat: ratelimit-check: unreachable; the user has to wait";
        assert_eq!(errors.lines().filter(|error| error.contains(line)).count(), 3, "{errors}");
        // Those who only read are not concerned.
        site.visitor().get("accueil.php").expect(200);
        site.redis.restart();
        site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(303);
    }
}

#[test]
fn an_administrator_may_let_users_go_on_while_redis_is_away() {
    for launch in LAUNCHES {
        let mut site = Site::start();
        site.limits("on_error = \"allow\"");
        site.set(|settings| settings.launch = launch);
        site.user("Zoé", "Martin", "zoe@exemple.fr");
        site.redis.kill();
        let mut zoe = site.visitor();
        zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
        zoe.get("services.php").expect(200).says("Bonjour Zoé.");
        zoe.call("vente", "chaise", "1").expect(303);
        zoe.get("services.php").expect(200).says("Vente enregistrée : 1 × chaise.");
        let errors = site.php.errors();
        assert!(errors.contains("ratelimit-check: unreachable; the user goes on, as it says"), "{errors}");
    }
}

/// What a broken ratelimit-check prints and does.
const BROKEN: [&str; 14] = [
    "",
    "exit 1",
    "echo",
    "echo allowed 9",
    "echo true",
    "echo '{\"allowed\":true'",
    "echo '{}'",
    "echo '{\"allowed\":\"true\",\"limit\":10,\"remaining\":9,\"retry_after\":0,\"reset_after\":0}'",
    "echo '{\"allowed\":true}'",
    "echo '{\"allowed\":true,\"limit\":10,\"remaining\":\"9\",\"retry_after\":0,\"reset_after\":0}'",
    "echo '{\"allowed\":true,\"limit\":10,\"remaining\":9,\"retry_after\":0,\"reset_after\":0}'; echo more",
    "echo 'ratelimit-check: {\"allowed\":true,\"limit\":10,\"remaining\":9,\"retry_after\":0,\"reset_after\":0}'",
    "printf '{\"allowed\":tr'; kill -9 $$",
    "head -c 5000000 /dev/zero",
];

#[test]
fn a_ratelimit_check_that_is_missing_or_broken_lets_nobody_in() {
    let mut site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut programs: Vec<_> = BROKEN
        .iter()
        .enumerate()
        .map(|(index, body)| site.script(&format!("broken-{index}"), body))
        .collect();
    programs.extend(["/nonexistent/ratelimit-check", "/etc/passwd", "/"].map(Into::into));
    for launch in LAUNCHES {
        for program in &programs {
            let before = site.php.errors().lines().count();
            site.set(|settings| {
                settings.launch = launch;
                settings.check = program.clone();
            });
            let mut visitor = site.visitor();
            assert_interrupted(&visitor.log_in("zoe@exemple.fr", PASSWORD));
            visitor.get("services.php").expect(303);
            assert!(
                site.php.errors().lines().count() > before,
                "nothing in the log about {}",
                program.display()
            );
        }
    }
}

#[test]
fn an_exit_status_that_contradicts_the_answer_lets_nobody_in() {
    let mut site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let answer = "echo '{\"allowed\":true,\"limit\":10,\"remaining\":9,\"retry_after\":0,\"reset_after\":0}'";
    for end in ["exit 1", "exit 78", "kill -9 $$"] {
        let program = site.script("contradicts", &format!("{answer}; {end}"));
        site.set(|settings| {
            settings.launch = "proc_open";
            settings.check = program;
        });
        assert_interrupted(&site.visitor().log_in("zoe@exemple.fr", PASSWORD));
    }
    let program = site.script("agrees", answer);
    site.set(|settings| settings.check = program);
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(303);
}

#[test]
fn while_mysql_is_away_pages_say_so_and_the_log_has_one_line() {
    let mut site = Site::start();
    let mut zoe = site.zoe();
    site.set(|settings| settings.more = "'database' => ['socket' => '/nonexistent/socket'],".to_owned());
    let mut visitor = site.visitor();
    visitor.get("login.php").expect(200);
    site.assert_silent();
    assert_interrupted(&visitor.log_in("zoe@exemple.fr", PASSWORD));
    let errors = site.php.errors();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(
        errors.contains("EtuServices: MySQL: SQLSTATE[HY000] [2002] No such file or directory"),
        "{errors}"
    );
    assert_interrupted(&zoe.get("services.php"));
    assert_interrupted(&zoe.call("vente", "chaise", "1"));
    zoe.get("accueil.php").expect(200);
}

#[test]
fn a_mistake_in_the_configuration_is_named_in_the_log_only() {
    let site = Site::start();
    let file = site.folder().join("web.php");
    for (text, message) in [
        ("<?php return ['lunch' => 'shell_exec'];", "the key 'lunch' is not known: see config.sample.php"),
        ("<?php return ['launch' => 'exec'];", "'launch' must be one of: shell_exec, proc_open"),
        (
            "<?php return ['timezone' => 'Paris'];",
            "'timezone' is not the name of a time zone, as Europe/Paris is",
        ),
        (
            "<?php return ['idle_minutes' => 0];",
            "'idle_minutes', 'check_seconds' and 'report_seconds' must be 1 or more",
        ),
        (
            "<?php return ['idle_minutes' => '60'];",
            "'idle_minutes' must be of type integer: see config.sample.php",
        ),
        (
            "<?php return ['database' => ['port' => '1']];",
            "'port' must be of type integer: see config.sample.php",
        ),
        (
            "<?php return ['database' => ['name' => 'a;host=b']];",
            "'host', 'socket' and 'name' of 'database' must not",
        ),
        ("<?php return ['launch' => null];", "'launch' must be of type string: see config.sample.php"),
        ("", "does not return an array: see config.sample.php"),
    ] {
        site.php.configure(text);
        let before = site.php.errors().len();
        assert_interrupted(&site.visitor().get("accueil.php"));
        let errors = site.php.errors().split_off(before);
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.contains(message) && errors.contains(file.to_str().unwrap()), "{errors}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_interrupted(&site.visitor().get("accueil.php"));
    assert!(site.php.errors().contains("copy config.sample.php there, or name another file"));
    // Even a file that PHP cannot read shows nothing of itself.
    site.php.configure("<?php return ['password' => 'hunter2'");
    let page = site.visitor().get("accueil.php").expect(500);
    page.says("Une erreur de notre part empêche d’afficher cette page. Elle a été notée.");
    assert!(!page.body.contains("hunter2") && !page.body.contains("web.php"), "{}", page.body);
}

#[test]
fn without_a_place_for_sessions_the_site_says_that_it_is_interrupted() {
    let site = Site::start();
    std::fs::remove_dir_all(site.folder().join("sessions")).unwrap();
    assert_interrupted(&site.visitor().get("accueil.php"));
    assert!(site.php.errors().contains("PHP cannot start a session: check session.save_path"));
}
