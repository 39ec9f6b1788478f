//! Somebody who is fast, and may write where the spool is or above it: folders and files that are others from one moment
//! to the next.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    files::{INVENTED, STRANGER, is_root, set_mode, snapshot, spooled},
    servers::Servers,
    support::{Tool, until},
};

const SPOOL: &str = "samba-snapshot.spool";

/// A folder outside that root and its owner alone can write, with files of the spool's names: it would be believed.
struct Outside {
    folder: PathBuf,
}

impl Outside {
    fn beside(home: &Path) -> Self {
        let folder = home.join("outside");
        fs::create_dir(&folder).unwrap();
        set_mode(&folder, 0o700);
        for (name, text) in
            [(SPOOL, INVENTED), ("samba-snapshot.rejected", "kept\n"), ("workstations.json", "{}")]
        {
            fs::write(folder.join(name), text).unwrap();
            set_mode(&folder.join(name), 0o600);
        }
        Self { folder }
    }

    #[track_caller]
    fn assert_untouched(&self, when: &str) {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        assert_eq!(read(SPOOL), INVENTED, "{when}");
        assert_eq!(read("samba-snapshot.rejected"), "kept\n", "{when}");
        assert_eq!(read("workstations.json"), "{}", "{when}");
        assert_eq!(fs::read_dir(&self.folder).unwrap().count(), 3, "{when}");
    }
}

/// Somebody who does the same again and again in a folder, and counts the rounds in the file `rounds` there.
struct Swapper {
    child: Child,
    folder: PathBuf,
}

impl Swapper {
    /// A stranger where two users can be played; else the one user there is, with the same rights to the folder.
    fn begin(folder: &Path, round: &str, is_stranger: bool) -> Self {
        let script =
            format!("n=0; while [ -e go ]; do {round}; n=$((n+1)); echo $n >>rounds; done 2>/dev/null");
        fs::write(folder.join("go"), "").unwrap();
        fs::write(folder.join("rounds"), "").unwrap();
        set_mode(&folder.join("rounds"), 0o666);
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
        if is_root() && is_stranger {
            shell.uid(STRANGER).gid(STRANGER);
        }
        Self { child: shell.spawn().unwrap(), folder: folder.to_owned() }
    }

    fn rounds(&self) -> usize {
        fs::read_to_string(self.folder.join("rounds")).unwrap().lines().count()
    }
}

impl Drop for Swapper {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.folder.join("go"));
        let _ = self.child.wait();
    }
}

/// The logins in the queue.
fn queued(servers: &Servers) -> Vec<String> {
    let rows = servers.database.query("SELECT DISTINCT login FROM users_temp ORDER BY 1");
    rows.into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}

/// A command whose spool is `tool/above/spool`.
fn within(servers: &Servers, above_mode: u32) -> (Tool, PathBuf) {
    let tool = servers.tool("samba-snapshot");
    let above = tool.home().join("above");
    fs::create_dir_all(above.join("spool")).unwrap();
    set_mode(&above.join("spool"), 0o700);
    set_mode(&above, above_mode);
    // The home of a tool is for its owner alone; a stranger has to come through.
    set_mode(tool.home(), 0o711);
    (tool, above)
}

fn config(above: &Path, more: &str) -> String {
    format!("spool_dir = \"{}\"\nsamba.resolve = [\"snapshot\"]\n{more}", above.join("spool").display())
}

/// Runs the command with MySQL there and away in turn, while somebody is at work.
#[track_caller]
fn runs(tool: &Tool, above: &Path, swapper: &Swapper, mut after: impl FnMut(bool, &crate::support::Output)) {
    let begin = Instant::now();
    let mut count = 0;
    while count < 24 || swapper.rounds() < 200 {
        let is_away = count % 2 == 0;
        count += 1;
        let run = match is_away {
            true => spooled(tool, &config(above, "mysql.retry_for = \"0s\"\n")),
            false => snapshot(tool).config(&config(above, "")).limit(Duration::from_secs(30)).run(),
        };
        after(is_away, &run);
        assert!(begin.elapsed() < Duration::from_secs(120), "nobody swapped anything");
    }
}

#[test]
fn a_spool_below_a_folder_of_others_is_not_used_however_fast_they_swap_it() {
    let servers = Servers::start();
    // Everybody's, a group's, and a stranger's own.
    for (mode, owner) in [(0o777, 0), (0o775, 0), (0o755, STRANGER)] {
        if owner != 0 && !is_root() {
            continue;
        }
        let (tool, above) = within(&servers, mode);
        let outside = Outside::beside(tool.home());
        // What was put there before somebody opened the folder.
        let waiting = INVENTED.replace("invented", "waiting");
        let spool = above.join("spool").join(SPOOL);
        fs::write(&spool, &waiting).unwrap();
        set_mode(&spool, 0o600);
        if is_root() {
            let (user, group) = if owner == 0 { (0, STRANGER) } else { (owner, 0) };
            chown(&above, Some(user), Some(group)).unwrap();
        }
        // Also if the command were to make a folder meanwhile.
        let round = "mv -T spool real$n; ln -sT ../outside spool; rm -f spool; mv -T real$n spool";
        let swapper = Swapper::begin(&above, round, true);
        until("the first swaps", || swapper.rounds() > 3);
        runs(&tool, &above, &swapper, |is_away, run| {
            outside.assert_untouched(&format!("mode {mode:o}, MySQL away: {is_away}"));
            // The snapshot of a run that found MySQL is stored, whatever the spool is.
            assert_eq!(run.status, if is_away { 73 } else { 74 }, "{mode:o} {run:?}");
            assert!(run.stderr.contains("/above") && run.stderr.contains("on the way to it"), "{run:?}");
            assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
        });
        drop(swapper);
        assert_eq!(queued(&servers), ["anne"], "mode {mode:o}");
        // Nothing that waits is lost: once the way is right again, it is stored.
        assert_eq!(fs::read_to_string(&spool).unwrap(), waiting);
        set_mode(&above, 0o755);
        if is_root() {
            chown(&above, Some(0), Some(0)).unwrap();
        }
        snapshot(&tool).config(&config(&above, "")).run().expect(0);
        assert_eq!(queued(&servers), ["anne", "waiting"], "mode {mode:o}");
        servers.database.run("DELETE FROM users_temp");
    }
}

#[test]
fn a_spool_in_a_sticky_folder_is_used_and_nobody_else_can_swap_it() {
    let servers = Servers::start();
    let (tool, above) = within(&servers, 0o1777);
    let outside = Outside::beside(tool.home());
    // Who has but one user to play cannot be kept from his own folder.
    let round = if is_root() { "mv spool real; rm -rf spool; ln -s ../outside spool" } else { "true" };
    let swapper = Swapper::begin(&above, round, true);
    runs(&tool, &above, &swapper, |is_away, run| {
        assert_eq!(run.status, 0, "{run:?}");
        let spool = above.join("spool").join(SPOOL);
        assert_eq!(spool.exists(), is_away, "{run:?}");
        outside.assert_untouched("sticky");
    });
    drop(swapper);
    assert_eq!(queued(&servers), ["anne"]);
}

#[test]
fn a_spool_s_file_that_is_a_link_at_any_moment_leads_nowhere() {
    let servers = Servers::start();
    let (tool, above) = within(&servers, 0o755);
    let outside = Outside::beside(tool.home());
    let round = format!(
        "ln -sf ../../outside/{SPOOL} link; mv link {SPOOL}; ln -sf ../../outside/samba-snapshot.rejected link; \
         mv link samba-snapshot.rejected; rm -f {SPOOL} samba-snapshot.rejected; umask 077; echo torn >>{SPOOL}; \
         rm -f {SPOOL}; ln {0}/{SPOOL} {SPOOL}; rm -f {SPOOL}",
        "../../outside"
    );
    let swapper = Swapper::begin(&above.join("spool"), &round, false);
    until("the first swaps", || swapper.rounds() > 3);
    let mut refused = 0;
    runs(&tool, &above, &swapper, |is_away, run| {
        assert!([0, 73, 74].contains(&run.status), "{run:?}");
        refused += u32::from(run.status != 0);
        outside.assert_untouched(&format!("MySQL away: {is_away}"));
    });
    assert!(refused > 0, "nobody was ever in the way: no race has been run");
    drop(swapper);
    assert_eq!(queued(&servers), ["anne"]);
}

#[test]
fn a_check_tells_of_a_way_to_the_spool_that_others_can_change() {
    let servers = Servers::start();
    let (tool, above) = within(&servers, 0o777);
    let check = servers.tool("stats-report").config(&config(&above, "")).args(["check", "--all"]);
    let told = |run: crate::support::Output| {
        run.stdout.lines().filter(|line| line.contains("spool_dir")).map(str::to_owned).collect::<Vec<_>>()
    };
    let critical = told(check.run());
    assert!(
        critical
            .iter()
            .any(|line| line.contains("CRITICAL") && line.contains("chmod go-w") && line.contains("/above")),
        "{critical:?}"
    );
    set_mode(&above, 0o755);
    let fine = told(check.run());
    assert!(fine.iter().all(|line| !line.contains("CRITICAL")), "{fine:?}");
    drop(tool);
}
