//! The ground that the other tests stand on holds: servers that are real, separate and never left
//! behind, and commands run in nothing but what the test gives them.

mod support;

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use mysql::Conn;
use mysql::prelude::Queryable;
use support::{Browser, Cluster, LIMIT, MariaDb, Php, Redis, Rewind, Tool, find_program, template, until};

#[test]
fn databases_are_separate_strict_and_dropped() {
    let server = MariaDb::shared();
    let (one, two) = (server.database(), server.database());
    for database in [&one, &two] {
        database.run("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9)); INSERT INTO t (name) VALUES ('Zoé'), (NULL), ('Ana')");
    }
    two.run("DELETE FROM t WHERE name = 'Ana'");
    assert_eq!(one.value("SELECT COUNT(*) FROM t"), "3");
    assert_eq!(
        one.query("SELECT id, name FROM t WHERE id < 3"),
        [[Some("1".to_owned()), Some("Zoé".to_owned())], [Some("2".to_owned()), None]]
    );
    assert_eq!(
        two.dump(&["t", "SELECT 'all', COUNT(*) FROM t"]),
        "# t\nNULL\nZoé\n# SELECT 'all', COUNT(*) FROM t\nall\t2\n"
    );
    assert!(one.conn().query_drop("INSERT INTO t (name) VALUES ('longer than nine')").is_err(), "not strict");
    let name = two.name().to_owned();
    drop(two);
    assert_eq!(
        one.value(&format!("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '{name}'")),
        "0"
    );
}

#[test]
fn tables_become_again_what_they_were() {
    let database = MariaDb::shared().database();
    database.run(
        "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(9), twice VARCHAR(18) AS (CONCAT(name, name)) VIRTUAL); \
         CREATE TABLE empty (id INT); INSERT INTO t (id, name) VALUES (7, 'Zoé')",
    );
    let tables = ["t", "empty"];
    let before = database.dump(&tables);
    let (one, all) = (Rewind::of(&database, &["t"]), Rewind::all(&database));
    assert_eq!(one.dump_but(&database, &["t.name"]), "# SELECT `id` FROM t\n7\n");
    let change = || database.run("UPDATE t SET name = 'Ana'; INSERT INTO empty VALUES (1)");
    change();
    one.back(&database);
    assert_eq!(database.dump(&tables), before.clone() + "1\n");
    change();
    all.back(&database);
    assert_eq!(database.dump(&tables), before);
}

#[test]
fn dump_is_the_same_for_the_same_rows() {
    let (one, two) = (MariaDb::shared().database(), MariaDb::shared().database());
    one.run("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT); INSERT INTO t (a) VALUES (1), (2)");
    two.run("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT) AUTO_INCREMENT = 50; INSERT INTO t (a) VALUES (2), (1)");
    assert_eq!(one.dump(&["t"]), two.dump(&["t"]));
    two.run("UPDATE t SET a = 3 WHERE a = 2");
    assert_ne!(one.dump(&["t"]), two.dump(&["t"]));
}

#[test]
#[should_panic(expected = "no_such_table")]
fn an_error_in_a_later_statement_of_a_script_fails_the_test() {
    MariaDb::shared().database().run("SELECT 1; INSERT INTO no_such_table VALUES (1); SELECT 2");
}

#[test]
fn an_account_has_the_rights_it_was_given_and_no_more() {
    let database = MariaDb::shared().database();
    database.run(&format!(
        "CREATE TABLE t (a INT); CREATE USER 'reader'@'localhost' IDENTIFIED BY 'secret'; \
         GRANT SELECT ON {}.* TO 'reader'@'localhost'",
        database.name()
    ));
    let mut reader = Conn::new(database.url_as("reader:secret").as_str()).expect("the account");
    assert_eq!(reader.query_first::<u32, _>("SELECT COUNT(*) FROM t").unwrap(), Some(0));
    assert!(reader.query_drop("INSERT INTO t VALUES (1)").unwrap_err().to_string().contains("denied"));
    assert!(Conn::new(database.url_as("reader:wrong").as_str()).is_err());
}

#[test]
fn a_killed_server_comes_back_with_what_was_committed_and_no_more() {
    let mut server = MariaDb::start();
    let database = server.database();
    database.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)");
    let mut conn = database.conn();
    conn.query_drop("START TRANSACTION").unwrap();
    conn.query_drop("INSERT INTO t VALUES (2)").unwrap();
    server.kill();
    assert!(Conn::new(database.url().as_str()).is_err());
    server.restart();
    assert_eq!(database.dump(&["t"]), "# t\n1\n");
    server.stop();
    assert!(server.log().contains("Shutdown complete"));
    server.restart();
    assert_eq!(database.dump(&["t"]), "# t\n1\n");
}

#[test]
fn redis_answers_dies_and_comes_back_empty() {
    let mut server = Redis::start();
    let mut conn = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    redis::cmd("SET").arg("k").arg(1).exec(&mut conn).unwrap();
    server.kill();
    assert!(redis::cmd("GET").arg("k").exec(&mut conn).is_err());
    server.restart();
    let mut conn = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    assert_eq!(redis::cmd("DBSIZE").query::<u32>(&mut conn).unwrap(), 0);
    server.stop();
}

#[test]
fn redis_listens_on_a_port_asks_for_its_password_and_can_be_frozen() {
    let server = Redis::on_tcp(&["--requirepass", "secret"]);
    let client = redis::Client::open(server.url()).unwrap();
    let refused = redis::cmd("PING").exec(&mut client.get_connection().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("Authentication required"), "{refused}");
    let _: () = redis::cmd("SET").arg("k").arg(1).query(&mut server.connect(1)).unwrap();
    assert_eq!(server.keys(), []);
    assert_eq!(server.ask::<String>(&["PING"]), "PONG");
    server.freeze();
    let limit = Duration::from_millis(100);
    let mut conn = client.get_connection_with_timeout(limit);
    if let Ok(conn) = &mut conn {
        conn.set_read_timeout(Some(limit)).unwrap();
        assert!(redis::cmd("PING").exec(conn).unwrap_err().is_timeout());
    }
    server.thaw();
    assert_eq!(server.ask::<String>(&["PING"]), "PONG");
}

#[test]
fn a_redis_cluster_is_whole_and_a_sentinel_knows_its_server() {
    let cluster = Cluster::start();
    for node in &cluster.nodes {
        assert!(node.ask::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    }
    let master = Redis::on_tcp(&[]);
    let sentinel = Redis::sentinel("main", &master, &[]);
    let found: (String, u16) = sentinel.ask(&["SENTINEL", "get-master-addr-by-name", "main"]);
    assert_eq!(found, ("127.0.0.1".to_owned(), master.port()));
    let left: Vec<u32> = cluster.nodes.iter().map(Redis::pid).chain([sentinel.pid()]).collect();
    drop((cluster, sentinel));
    assert!(left.iter().all(|pid| !is_running(*pid)));
}

#[test]
fn dropped_servers_leave_nothing() {
    let (mariadb, redis) = (MariaDb::start(), Redis::start());
    let (php, browser) = (Php::start(Path::new("/")), Browser::start());
    let left = [
        (mariadb.pid(), mariadb.folder().to_owned()),
        (redis.pid(), redis.folder().to_owned()),
        (php.pid(), php.folder().to_owned()),
        (browser.pid(), browser.folder().to_owned()),
    ];
    assert!(left.iter().all(|(pid, folder)| is_running(*pid) && folder.exists()));
    drop((mariadb, redis, php, browser));
    assert!(left.iter().all(|(pid, folder)| !is_running(*pid) && !folder.exists()));
}

/// Starts itself once more, in the part of a test process that is killed while its servers run.
#[test]
fn servers_of_a_killed_test_process_leave_nothing() {
    const VICTIM: &str = "SESSIONSTAT_TEST_VICTIM";
    if std::env::var_os(VICTIM).is_some() {
        let (shared, redis) = (MariaDb::shared(), Redis::start());
        let (php, browser) = (Php::start(Path::new("/")), Browser::start());
        eprintln!("server {} {}", php.pid(), php.folder().display());
        eprintln!("server {} {}", browser.pid(), browser.folder().display());
        eprintln!("server {} {}", shared.pid(), shared.folder().display());
        eprintln!("server {} {}", redis.pid(), redis.folder().display());
        std::thread::sleep(LIMIT);
        return;
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers_of_a_killed_test_process_leave_nothing", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let left: Vec<(u32, String)> = BufReader::new(victim.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| {
            let (pid, folder) = line.strip_prefix("server ")?.split_once(' ')?;
            Some((pid.parse().ok()?, folder.to_owned()))
        })
        .take(4)
        .collect();
    assert_eq!(left.len(), 4, "the victim's servers did not start");
    assert!(left.iter().all(|(pid, folder)| is_running(*pid) && Path::new(folder).exists()));
    victim.kill().unwrap();
    victim.wait().unwrap();
    for (pid, folder) in left {
        until("the orphaned server's end", || !is_running(pid));
        until("the orphaned folder's removal", || !Path::new(&folder).exists());
    }
}

#[test]
fn two_at_once_get_one_whole_template() {
    let target = tempfile::tempdir().unwrap();
    let folders = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| template(target.path())));
        both.map(|thread| thread.join().unwrap())
    });
    assert_eq!(folders[0], folders[1]);
    assert!(folders[0].join("mysql/global_priv.frm").exists());
}

#[test]
fn a_missing_program_is_named_with_the_way_to_get_it() {
    let message = find_program(&["no-such-server"], "some-package").unwrap_err();
    for part in ["no-such-server", "make test", "some-package"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_command_gets_what_the_test_gives_and_nothing_else() {
    let run = Tool::program("/usr/bin/env").no_config().env("TZ", "UTC").run().expect(0);
    assert_eq!(run.stdout, "TZ=UTC\n");
    assert_eq!(run.stderr, "");
    let cat = Tool::program("/bin/cat").no_config().stdin("enfin\n").run();
    assert_eq!((cat.status, cat.stdout.as_str()), (0, "enfin\n"));
    Tool::program("/bin/true").stdin(vec![0; 1 << 20]).run().silent();
}

#[test]
fn the_configuration_is_private_and_keeps_the_command_in_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("show");
    std::fs::write(&script, "#!/bin/sh\nstat -c %a \"$2\"; cat \"$2\"; pwd\n").unwrap();
    std::fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    let show = Tool::program(&script).config("spool_dir = \"/else\"\n[epn]\ngap_minutes = 9\n");
    let home = show.home().display();
    assert_eq!(
        show.run().expect(0).stdout,
        format!("600\nlock_dir = \"{home}/lock\"\nspool_dir = \"/else\"\n[epn]\ngap_minutes = 9\n{home}\n")
    );
    assert_eq!(show.clone().exact_config("[oops").run().stdout, format!("600\n[oops{home}\n"));
}

#[test]
fn a_command_can_be_watched_and_killed() {
    let mut running =
        Tool::program("/bin/sh").no_config().args(["-c", "echo up; echo there >&2; exec sleep 600"]).start();
    until("the command's first words", || {
        running.stdout_so_far() == "up\n" && running.stderr_so_far() == "there\n"
    });
    assert!(!running.is_over());
    let output = running.kill();
    assert_eq!((output.status, output.stdout.as_str()), (137, "up\n"));
}

#[test]
#[should_panic(expected = "partial words")]
fn a_command_that_does_not_end_fails_its_test_with_what_it_printed() {
    let endless = Tool::program("/bin/sh").no_config().args(["-c", "echo partial words; exec sleep 600"]);
    endless.limit(Duration::from_millis(200)).run();
}

#[test]
fn a_command_started_by_a_command_does_not_hold_up_the_test() {
    let parent = Tool::program("/bin/sh").no_config().args(["-c", "sleep 5 & echo gone"]);
    assert_eq!(parent.run().stdout, "gone\n");
}

fn is_running(pid: u32) -> bool {
    // An ended process stays visible as Z until its parent has asked for its status.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}
