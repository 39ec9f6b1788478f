//! `web/lib/session_get.php`: what a page asks MySQL and ratelimit-check, how often, and what becomes of it if one of
//! them is away.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::PathBuf,
    time::{Duration, Instant},
};

use mysql::prelude::Queryable;
use serde_json::{Value, json};

use crate::{
    provider::{ALL, Page, WAYS, all, database, with_tables},
    support::{MariaDb, Redis, Tool},
};

#[test]
fn logins_are_noted_however_a_site_uses_pdo() {
    let database = database();
    let mut page = Page::new(&database);
    for (index, way) in WAYS.iter().enumerate() {
        page.connect_with(way);
        let (user, session) = (100 + index, format!("['id_auteur' => {}, 'login' => 'zoe']", 100 + index));
        let code = format!(
            "$times = new Sessionstat\\LoginTimes($connect);
             say([$times->note({user}, 1774431000), $times->note({user}, 1774517400), $times->note(0), $times->note(-1)]);
             say(ask($data, {session}, 'derniere_connexion', 'credit_minutes'));"
        );
        let expected = [json!([true, true, false, false]), json!(["2026-03-25 10:30:00", 125])];
        assert_eq!(page.values(&code), expected, "{way}");
    }
    assert_eq!(database.value("SELECT COUNT(*) FROM user_login WHERE user_id < 1"), "0");
    page.values("say((new Sessionstat\\LoginTimes($connect))->note(7));");
    let late = "SELECT ABS(last_at - UNIX_TIMESTAMP()) < 60 AND previous_at IS NULL FROM user_login WHERE user_id = 7";
    assert_eq!(database.value(late), "1");
}

#[test]
fn a_page_costs_one_query_and_one_run_at_most() {
    let server = MariaDb::start();
    let database = server.database();
    with_tables(&database);
    database.run("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1");
    let mut page = Page::new(&database);
    // So the page's statements differ from ours in the log.
    page.connect_with("[PDO::ATTR_EMULATE_PREPARES => false]");
    let queries = || {
        let sql = "SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Execute'";
        database.value(sql).parse::<u64>().unwrap()
    };
    let connections = || {
        let sql = "SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Connect' AND argument LIKE '%Socket%'";
        database.value(sql).parse::<u64>().unwrap()
    };
    let zoe = "['id_auteur' => 42, 'login' => 'zoe']";
    let ask = |fields: &str, times: &str| {
        let code = format!("for ($i = 0; $i < {times}; $i++) {{ ask($data, {zoe}, {fields}); }} say(1);");
        let before = (queries(), page.runs().len());
        page.values(&code);
        (queries() - before.0, page.runs().len() - before.1)
    };
    assert_eq!(ask(ALL, "20"), (1, 1));
    assert_eq!(ask("'appels_limite', 'appels_restants'", "20"), (0, 1));
    assert_eq!(ask("'heures_semaine', 'derniere_connexion', 'credit_minutes'", "20"), (1, 0));
    let before = connections();
    assert_eq!(ask("'nom', 'statut', 'credit', '', '0', 'appels'", "20"), (0, 0));
    // Ours, to count; none for the page.
    assert_eq!(connections() - before, 3);
    assert_eq!(page.runs()[0], "--peek --format json -- 42");
    // What is null is not asked for again, either.
    let nobody =
        "ask($data, ['id_auteur' => 99], 'credit_minutes', 'credit_minutes', 'derniere_connexion'); say(1);";
    let before = queries();
    page.values(nobody);
    assert_eq!(queries() - before, 1);
}

#[test]
fn a_page_reads_only_what_its_site_has() {
    let database = database();
    let mut page = Page::new(&database);
    let with = |page: &mut Page, arguments: &str| {
        page.data =
            format!("new Sessionstat\\SessionData($connect, new DateTimeZone('Europe/Paris'){arguments})");
    };
    let ask =
        format!("say(ask($data, ['id_auteur' => 42, 'login' => 'zoe', 'connexion' => 1774517400], {ALL}));");
    let login = "2026-03-25 10:30:00";
    with(&mut page, ", ['logins'], $limits, 'service'");
    database.run("RENAME TABLE epn_user TO gone_user, epn_booking TO gone_booking");
    assert_eq!(page.values(&ask), [json!([null, null, null, null, null, login, 7, 10])]);
    assert_eq!(page.runs(), ["--peek --rule service --format json -- 42"]);
    database.run("RENAME TABLE gone_user TO epn_user, gone_booking TO epn_booking, user_login TO gone_login");
    with(&mut page, ", ['epn']");
    let credit = "2\u{a0}h\u{a0}5\u{a0}min";
    assert_eq!(page.values(&ask), [json!([125, credit, 3, 0, "0\u{a0}min", null, null, null])]);
    with(&mut page, ", []");
    page.connect = "exit('connected')".to_owned();
    assert_eq!(page.values(&ask), [json!(vec![Value::Null; 8])]);
    with(&mut page, ", ['epn', 'users_log']");
    page.data = format!(
        "(static function () use ($connect) {{ try {{ {}; }} catch (InvalidArgumentException $e) {{ say(1); }} }})()",
        page.data
    );
    assert_eq!(page.values(""), [json!(1)]);
}

#[test]
fn two_pages_of_one_process_and_two_visitors_of_one_page_share_nothing() {
    let database = database();
    let page = Page::new(&database);
    let fields = "'credit_minutes', 'appels_restants'";
    let again = page.data.clone();
    let code = format!(
        "$zoe = ['id_auteur' => 42, 'login' => 'zoe']; $hugo = ['id_auteur' => 43, 'login' => 'hugo'];
         say(ask($data, $zoe, {fields})); say(ask($data, $hugo, {fields})); say(ask($data, $zoe, {fields}));
         (new PDO('mysql:unix_socket={};dbname={}', 'root', ''))->exec('UPDATE epn_user SET credit_minutes = 1');
         say(ask($data, $zoe, {fields}));
         $data = {again};
         say(ask($data, $zoe, {fields}));",
        database.socket().display(),
        database.name(),
    );
    let values = page.values(&code);
    assert_eq!(values, [json!([125, 7]), json!([-25, 7]), json!([125, 7]), json!([125, 7]), json!([1, 7])]);
    let users: Vec<_> = page.runs().iter().map(|run| run.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(users, ["42", "43", "42", "42"]);
}

#[test]
fn other_fields_and_other_pipelines_pass_untouched() {
    let database = database();
    let page = Page::new(&database);
    let values = page.values(
        "say($data(['champ' => 'nom', 'visiteur_session' => ['id_auteur' => 42, 'x' => [1]], 'more' => 1]));
         say($data(['champ' => ['credit_minutes'], 'visiteur_session' => ['id_auteur' => 42]]));
         say($data(['champ' => 'credit_minutes', 'visiteur_session' => null]));
         say($data([]));",
    );
    assert_eq!(
        values,
        [
            json!({"champ": "nom", "visiteur_session": {"id_auteur": 42, "x": [1]}, "more": 1}),
            json!({"champ": ["credit_minutes"], "visiteur_session": {"id_auteur": 42}}),
            json!({"champ": "credit_minutes", "visiteur_session": null}),
            json!([]),
        ]
    );
}

#[test]
fn whatever_fails_is_one_line_in_the_log_and_no_data() {
    let database = database();
    database.run("DROP TABLE user_login");
    let strict = "set_error_handler(static function ($level, $text) { throw new ErrorException($text); });";
    let ask = format!("say(ask($data, ['id_auteur' => 42, 'login' => 'zoe'], {ALL}, {ALL}));");
    let known = json!([null, null, null, null, null, null, 7, 10]);
    let mut page = Page::new(&database);
    for way in WAYS {
        page.connect_with(way);
        for strict in ["", strict] {
            let (values, log) = page.run(&format!("{strict} {ask}"));
            assert_eq!(all(&values[0]), all(&known), "{way}");
            assert_eq!(log.lines().count(), 1, "{way}: {log}");
            assert!(log.starts_with("sessionstat: data of the visitor cannot be read from MySQL: "), "{log}");
            assert!(log.contains(".user_login' doesn't exist"), "{way}: {log}");
            let (values, log) =
                page.run(&format!("{strict} say((new Sessionstat\\LoginTimes($connect))->note(42));"));
            assert_eq!((values, log.lines().count()), (vec![json!(false)], 1), "{way}: {log}");
            assert!(log.starts_with("sessionstat: the time of a login cannot be written: "), "{log}");
        }
    }
    for connect in [
        "throw new Exception(\"no\\nway\")",
        "null",
        "new PDO('mysql:unix_socket=/nonexistent')",
        "exec('true')",
    ] {
        page.connect = format!("(static function () {{ return {connect}; }})()");
        if connect.starts_with("throw") {
            page.connect = format!("(static function () {{ {connect}; }})()");
        }
        let (values, log) = page.run(&ask);
        assert_eq!(all(&values[0]), all(&known), "{connect}");
        assert_eq!(log.lines().count(), 1, "{connect}: {log}");
    }
}

#[test]
fn without_redis_or_its_program_only_the_calls_are_unknown() {
    let database = database();
    let page = Page::new(&database);
    let ask = format!("say(ask($data, ['id_auteur' => 42, 'login' => 'zoe'], {ALL}, {ALL}));");
    for (program, words) in [
        ("echo '{\"allowed\":false,\"error\":\"unreachable\"}'; exit 69", "unreachable"),
        // An administrator may let users go on: nobody knows how often.
        ("echo '{\"allowed\":true,\"user\":\"42\",\"error\":\"timeout\"}'; exit 69", "timeout"),
        ("exit 1", "it printed nothing"),
    ] {
        page.program(program);
        let (values, log) = page.run(&ask);
        assert_eq!(values[0][0], 125);
        assert_eq!(all(&values[0])[6..], [Value::Null, Value::Null]);
        assert!(log.lines().count() == 1 && log.contains(words), "{log}");
    }
    // No limit is no trouble.
    page.program(r#"echo '{"allowed":true,"rule":null,"user":"42","limit":null,"remaining":null,"retry_after":0,"reset_after":0}'"#);
    assert_eq!(all(&page.values(&ask)[0])[6..], [Value::Null, Value::Null]);
}

#[test]
fn the_real_program_says_what_is_left_and_counts_nothing() {
    let database = database();
    let redis = Redis::start();
    let page = Page::new(&database);
    let toml = page.folder().join("sessionstat.toml");
    fs::write(
        &toml,
        format!(
            "[redis]\nurl = \"{}\"\n[ratelimit.rules.login]\nlimit = 4\nwindow = \"10m\"\n",
            redis.url_of("ratelimit-check")
        ),
    )
    .unwrap();
    fs::set_permissions(&toml, fs::Permissions::from_mode(0o600)).unwrap();
    let program: PathBuf = Tool::new("ratelimit-check").path().to_owned();
    page.program(&format!("exec '{}' --config '{}' \"$@\"", program.display(), toml.display()));
    let (user, fields) = ("['id_auteur' => 42]", "'appels_restants', 'appels_limite'");
    let again = page.data.clone();
    let code = format!(
        "say(ask($data, {user}, {fields})); $limits->check('42'); $data = {again};
         say(ask($data, {user}, {fields})); $data = {again}; say(ask($data, {user}, {fields}));"
    );
    assert_eq!(page.values(&code), [json!([4, 4]), json!([3, 4]), json!([3, 4])]);
}

#[test]
fn a_database_that_hangs_costs_a_bounded_time() {
    let database = database();
    let mut page = Page::new(&database);
    let ask = format!("say(ask($data, ['id_auteur' => 42, 'login' => 'zoe'], {ALL}, {ALL}));");
    let known = json!([null, null, null, null, null, null, 7, 10]);
    let hangs = |page: &Page| {
        let began = Instant::now();
        let (values, log) = page.run(&ask);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        assert_eq!(all(&values[0]), all(&known));
        assert_eq!(log.lines().count(), 1, "{log}");
    };
    let usual = page.connect.clone();
    for (way, table) in WAYS.iter().zip(["epn_user", "epn_booking", "user_login"]) {
        page.connect_with(way);
        let mut keeper = database.conn();
        keeper.query_drop(format!("LOCK TABLES {table} WRITE")).unwrap();
        hangs(&page);
        let (values, log) = page.run("say((new Sessionstat\\LoginTimes($connect))->note(42));");
        let is_free = table != "user_login";
        assert_eq!((values, log.is_empty()), (vec![json!(is_free)], is_free), "{log}");
    }
    // A query that takes for ever.
    page.connect = usual.clone();
    database.run("ALTER TABLE user_login RENAME TO kept_login");
    database.run("CREATE VIEW user_login AS SELECT user_id, last_at + SLEEP(600) AS last_at, previous_at FROM kept_login");
    hangs(&page);
    // Nobody answers at all.
    let socket = page.folder().join("silent");
    let _silent = UnixListener::bind(&socket).unwrap();
    page.connect = format!("new PDO('mysql:unix_socket={}', 'root', '', [])", socket.display());
    hangs(&page);
    // What PHP waits for elsewhere is as it was.
    let code = "ask($data, ['id_auteur' => 1], 'credit_minutes'); say(ini_get('mysqlnd.net_read_timeout'));";
    assert_eq!(page.run(code).0, [json!("86400")]);
}
