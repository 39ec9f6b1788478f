//! Files, folders, links and pipes of somebody else where ours should be.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    output::assert_harmless,
    servers::Servers,
    support::{Output, Tool},
};

/// A user who is neither root nor whoever runs the tests.
pub const STRANGER: u32 = 65_534;

const NOON: &str = "--now=2026-03-10T12:00:00Z";
const AWAY: &str = "mysql://root@localhost/x?socket=/nowhere";

/// Only root can play two users.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Changes who may do what.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Who may do what.
pub fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// Makes a pipe with a name.
pub fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A snapshot of one connection, of a workstation whose name is asked for.
pub fn snapshot(tool: &Tool) -> Tool {
    let sessions = "{\"sessions\": {\"1\": {\"username\": \"anne\", \"hostname\": \"ipv4:10.9.8.7:50000\"}}}";
    tool.clone().args(["--input=-", "--server=nas", NOON]).stdin(sessions)
}

/// The same while MySQL is away: it has to go into the spool.
pub fn spooled(tool: &Tool, config: &str) -> Output {
    snapshot(tool).env("SESSIONSTAT_MYSQL_URL", AWAY).config(config).limit(Duration::from_secs(30)).run()
}

/// A snapshot that nobody took.
pub const INVENTED: &str = "{\"seen_at\":\"2026-03-10T11:00:00Z\",\"server\":\"nas\",\"rows\":[{\"login\":\"invented\",\"machine\":\"\",\"ip\":null}]}\n";

#[test]
fn a_spool_that_others_could_have_written_is_neither_read_nor_written() {
    let servers = Servers::start();
    let victim = tempfile::NamedTempFile::new().unwrap();
    let of = |tool: &Tool| tool.home().join("spool/samba-snapshot.spool");
    type Plant = fn(&Path, &Path);
    let mut plants: Vec<(&str, Plant)> = vec![
        ("a link", |spool, victim| symlink(victim, spool).unwrap()),
        ("a pipe", |spool, _| make_pipe(spool)),
        ("a folder", |spool, _| fs::create_dir(spool).unwrap()),
        ("another name", |spool, victim| {
            let other = spool.with_file_name("other");
            fs::write(&other, fs::read(victim).unwrap()).unwrap();
            set_mode(&other, 0o600);
            fs::hard_link(other, spool).unwrap();
        }),
        ("writable by all", |spool, victim| {
            fs::copy(victim, spool).unwrap();
            set_mode(spool, 0o666);
        }),
        ("in a folder of all", |spool, victim| {
            fs::copy(victim, spool).unwrap();
            set_mode(spool, 0o600);
            set_mode(spool.parent().unwrap(), 0o1777);
        }),
        ("in a folder of a group", |spool, victim| {
            fs::copy(victim, spool).unwrap();
            set_mode(spool, 0o600);
            set_mode(spool.parent().unwrap(), 0o2770);
        }),
        ("in a folder that is a link into one of all", |spool, victim| {
            let (folder, real) = (spool.parent().unwrap(), spool.parent().unwrap().with_file_name("real"));
            fs::rename(folder, &real).unwrap();
            symlink(&real, folder).unwrap();
            fs::copy(victim, spool).unwrap();
            set_mode(spool, 0o600);
            set_mode(&real, 0o777);
        }),
    ];
    if is_root() {
        plants.push(("a stranger's", |spool, victim| {
            fs::copy(victim, spool).unwrap();
            set_mode(spool, 0o600);
            chown(spool, Some(STRANGER), None).unwrap();
        }));
        plants.push(("in a stranger's folder", |spool, victim| {
            fs::copy(victim, spool).unwrap();
            set_mode(spool, 0o600);
            chown(spool.parent().unwrap(), Some(STRANGER), None).unwrap();
        }));
        plants.push(("a device", |spool, _| {
            let made = Command::new("mknod").arg(spool).args(["c", "1", "3"]).status().unwrap();
            assert!(made.success());
        }));
    }
    for (name, plant) in plants {
        fs::write(victim.path(), INVENTED).unwrap();
        let tool = servers.tool("samba-snapshot");
        plant(&of(&tool), victim.path());
        let run = spooled(&tool, "samba.resolve = [\"snapshot\"]\nmysql.retry_for = \"0s\"\n");
        assert!([73, 74].contains(&run.status), "{name}: {run:?}");
        assert!(
            run.stderr.contains("samba-snapshot.spool") || run.stderr.contains("(spool_dir)"),
            "{name}: {run:?}"
        );
        assert_eq!(fs::read_to_string(victim.path()).unwrap(), INVENTED, "{name}");
        // With MySQL, the present snapshot is stored, and what was planted is told and not believed.
        let run = snapshot(&tool).config("samba.resolve = [\"snapshot\"]\n").run();
        assert_ne!(run.status, 0, "{name}: {run:?}");
        let logins = servers.database.query("SELECT login FROM users_temp");
        assert_eq!(logins, [[Some("anne".to_owned())]], "{name}");
        servers.database.run("DELETE FROM users_temp");
        assert_harmless(&run, name);
        // Neither does a check wait for a pipe, or break.
        let check = tool.home().join("spool").display().to_string();
        let check = servers.tool("stats-report").config(&format!("spool_dir = \"{check}\"\n"));
        assert_harmless(&check.args(["check", "--all"]).run(), name);
    }
}

fn tool_spool(beside: &Path) -> PathBuf {
    beside.with_file_name("spool").join("samba-snapshot.spool")
}

#[test]
fn remembered_names_that_others_could_have_written_are_not_used() {
    let planted =
        "{\"nmblookup\":{\"10.9.8.7\":{\"machine\":\"INVENTED\",\"asked\":\"2026-03-10T11:59:00Z\"}}}";
    let sessions = "{\"sessions\": {\"1\": {\"username\": \"anne\", \"hostname\": \"ipv4:10.9.8.7:50000\"}}}";
    // Of a recording, nobody is asked for names.
    let asked = |tool: &Tool| {
        let smbstatus = tool.home().join("smbstatus");
        fs::write(&smbstatus, format!("#!/bin/sh\necho '{sessions}'\n")).unwrap();
        set_mode(&smbstatus, 0o755);
        let config = "[samba]\nresolve = [\"nmblookup\"]\nnmblookup = \"/bin/false\"\nresolve_cache = \"1h\"\n[mysql]\nretry_for = \"0s\"\n";
        let tool = tool.clone().arg(NOON).arg("--smbstatus").arg(&smbstatus);
        tool.env("SESSIONSTAT_MYSQL_URL", AWAY).config(config).run().expect(0);
        fs::read_to_string(tool_spool(&smbstatus)).unwrap()
    };
    let plant = |tool: &Tool| {
        let file = tool.home().join("spool/workstations.json");
        fs::write(&file, planted).unwrap();
        set_mode(&file, 0o600);
        file
    };
    // It is used, if it is ours.
    let tool = Tool::new("samba-snapshot");
    plant(&tool);
    assert!(asked(&tool).contains("INVENTED"), "has the form of the remembered names changed?");
    let tool = Tool::new("samba-snapshot");
    set_mode(&plant(&tool), 0o666);
    assert!(!asked(&tool).contains("INVENTED"));
    let tool = Tool::new("samba-snapshot");
    let file = plant(&tool);
    let other = tool.home().join("other");
    fs::rename(&file, &other).unwrap();
    symlink(&other, &file).unwrap();
    assert!(!asked(&tool).contains("INVENTED"));
    assert_eq!(fs::read_to_string(&other).unwrap(), planted, "a link was followed");
    if is_root() {
        let tool = Tool::new("samba-snapshot");
        chown(plant(&tool), Some(STRANGER), None).unwrap();
        assert!(!asked(&tool).contains("INVENTED"));
    }
}

#[test]
fn the_umask_makes_nothing_more_open_than_it_is_meant_to_be() {
    let servers = Servers::start();
    for umask in ["000", "022", "077"] {
        let script = format!("umask {umask} && exec \"$@\"");
        let masked = |command: &str| {
            let program = Tool::new(command);
            Tool::program("/bin/sh")
                .no_config()
                .url(&servers.database)
                .redis(&servers.redis)
                .args(["-c", &script, "sh"])
                .arg(program.path())
        };
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let file = at("config.toml");
        let text = format!(
            "lock_dir = \"{0}/new/lock\"\nspool_dir = \"{0}/new/spool\"\n[mysql]\nretry_for = \"0s\"\n[samba]\nresolve = [\"nmblookup\"]\nnmblookup = \"/bin/false\"\n",
            home.path().display()
        );
        fs::write(&file, text).unwrap();
        let given = |command: &str| masked(command).arg("--config").arg(&file);
        let away = given("samba-snapshot").env("SESSIONSTAT_MYSQL_URL", AWAY);
        snapshot(&away).run().expect(0);
        given("epn-ingest").arg(NOON).run().expect(0);
        given("stats-report").args(["runs", "--output"]).arg(at("report.txt")).run().expect(0);
        given("stats-report").args(["runs", "--format=csv", "--output"]).arg(at("csv")).run().expect(0);
        fs::create_dir(at("site")).unwrap();
        fs::write(at("site/a.html"), "#_SESSION{nom}").unwrap();
        given("macrosession-compile").arg(at("site")).arg(at("www")).run().expect(0);
        let private = |name: &str| assert_eq!(mode(&at(name)) & 0o077, 0, "{name}, umask {umask}");
        for name in ["new/spool", "new/spool/samba-snapshot.spool", "new/spool/workstations.json"] {
            if at(name).exists() || name.ends_with(".spool") {
                private(name);
            }
        }
        let expected = if umask == "077" { 0 } else { 0o044 };
        let mut folders = vec![home.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                assert_eq!(mode(&path) & 0o022, 0, "{} {:o}, umask {umask}", path.display(), mode(&path));
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        for name in ["report.txt", "new/lock/sessionstat-epn-ingest.lock"] {
            assert_eq!(mode(&at(name)) & 0o077, expected, "{name}, umask {umask}");
        }
    }
}

#[test]
fn a_lock_is_taken_nowhere_where_anybody_could_take_it_away() {
    let servers = Servers::start();
    let tool = servers.tool("epn-ingest").arg(NOON);
    let folder = tool.home().join("lock");
    set_mode(&folder, 0o777);
    let run = tool.run().expect(73);
    assert!(
        run.stderr.contains("anybody can remove a lock in") && run.stderr.contains("chmod +t"),
        "{run:?}"
    );
    // As /run/lock is: another user's lock is nobody's harm, and its owner need not be root.
    set_mode(&folder, 0o1777);
    let lock = folder.join("sessionstat-epn-ingest.lock");
    File::create(&lock).unwrap();
    set_mode(&lock, 0o644);
    if is_root() {
        chown(&lock, Some(STRANGER), None).unwrap();
    }
    tool.run().silent();
    fs::remove_file(&lock).unwrap();
    let elsewhere = tool.home().join("elsewhere");
    for plant in [0, 1, 2] {
        match plant {
            0 => symlink(&elsewhere, &lock).unwrap(),
            1 => make_pipe(&lock),
            _ => fs::create_dir(&lock).unwrap(),
        }
        let run = tool.clone().limit(Duration::from_secs(30)).run().expect(73);
        assert!(run.stderr.contains("sessionstat-epn-ingest.lock (remove it, or set lock_dir)"), "{run:?}");
        assert!(!elsewhere.exists());
        fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock)).unwrap();
    }
}

#[test]
fn a_configuration_or_a_password_that_anybody_could_write_is_refused() {
    let tool = Tool::new("ratelimit-check").no_config().arg("anne").limit(Duration::from_secs(30));
    let file = tool.home().join("own.toml");
    fs::write(&file, "").unwrap();
    set_mode(&file, 0o666);
    let run = tool.clone().arg("--config").arg(&file).run().expect(78);
    assert!(run.stderr.contains("own.toml: others can write the configuration; chmod o-w it"), "{run:?}");
    let password = tool.home().join("password");
    fs::write(&file, format!("[redis]\npassword_file = \"{}\"\n", password.display())).unwrap();
    set_mode(&file, 0o644);
    let refused = |why: &str| {
        let run = tool.clone().arg("--config").arg(&file).run().expect(78);
        assert!(run.stderr.contains("/password: ") && run.stderr.contains(why), "{why}: {run:?}");
    };
    make_pipe(&password);
    refused("not a file");
    fs::remove_file(&password).unwrap();
    fs::create_dir(&password).unwrap();
    refused("not a file");
    fs::remove_dir(&password).unwrap();
    symlink("/dev/zero", &password).unwrap();
    refused("not a file");
    fs::remove_file(&password).unwrap();
    fs::write(&password, "x").unwrap();
    set_mode(&password, 0o602);
    refused("can be written by others");
    // A link to a file that is kept is how secrets are handed out on many hosts.
    set_mode(&password, 0o600);
    let kept = tool.home().join("kept");
    fs::rename(&password, &kept).unwrap();
    symlink(&kept, &password).unwrap();
    let run = tool.arg("--config").arg(&file).env("SESSIONSTAT_REDIS_URL", "redis://127.0.0.1:1/").run();
    assert!(!run.stderr.contains("/password: "), "{run:?}");
}
