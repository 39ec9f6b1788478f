//! A private server process: in a folder of its own, gone with its test process however that ends.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to answer or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads until the pipe from the test process ends, then kills the server, with what it started, and removes the folder.
/// It is a process because a killed test process runs no code of its own any more.
const GUARDIAN: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
[ -e "$1/pid" ] && kill -KILL "-$(cat "$1/pid")"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$1" && exit
    sleep 0.1
done
"#;

/// Notes its process id, then becomes the server; without its folder it does not start.
const LAUNCHER: &str = r#"echo $$ >"$1/pid" && shift && exec "$@""#;

/// One server and its folder.
pub struct Server {
    /// What it is called in messages.
    name: &'static str,
    folder: PathBuf,
    /// Program and arguments.
    command: Vec<OsString>,
    process: Option<Child>,
    guardian: Child,
}

impl Server {
    /// A folder under guard; no server runs yet.
    pub fn prepare(name: &'static str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix(&format!("sessionstat-{name}-"))
            .tempdir()
            .expect("a temporary folder for a private server")
            .keep();
        let guardian = Command::new("sh")
            .args(["-c", GUARDIAN, "guardian"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()
            .expect("sh, the guardian of a private server");
        Self { name, folder, command: Vec::new(), process: None, guardian }
    }

    /// The folder of the server: data, socket, log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// What the server printed so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The process id of the running server.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("a running server").id()
    }

    /// Whether the server was started and neither killed nor stopped.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Gives the program and the arguments that every [`Self::start`] uses.
    pub fn set_command(&mut self, program: PathBuf, arguments: Vec<OsString>) {
        self.command = std::iter::once(program.into_os_string()).chain(arguments).collect();
    }

    /// Starts the server and waits until `answers`; panics with its log if it does not come up.
    #[track_caller]
    pub fn start(&mut self, answers: impl Fn() -> bool) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        let log =
            File::options().create(true).append(true).open(self.folder.join("log")).expect("a log file");
        let child = Command::new("sh")
            .args(["-c", LAUNCHER, "launcher"])
            .arg(&self.folder)
            .args(&self.command)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file, once more"))
            .stderr(log)
            .current_dir(&self.folder)
            .process_group(0)
            .spawn()
            .expect("sh, to start a private server");
        self.process = Some(child);
        let begin = Instant::now();
        while !answers() {
            let ended = self.process.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                panic!("{} ended while starting ({status}). Its log:\n{}", self.name, self.log());
            }
            if begin.elapsed() > PATIENCE {
                panic!("{} did not answer within {PATIENCE:?}. Its log:\n{}", self.name, self.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the server with SIGKILL; the data stay.
    pub fn kill(&mut self) {
        if let Some(child) = &mut self.process {
            child.kill().expect("to kill a server of ours");
        }
        self.reap();
    }

    /// Asks the server to stop (SIGTERM) and waits until it has; the data stay.
    #[track_caller]
    pub fn stop(&mut self) {
        let Some(child) = &mut self.process else {
            return;
        };
        let asked =
            Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &child.id().to_string()]).status();
        assert!(
            asked.is_ok_and(|status| status.success()),
            "{} is gone already. Its log:\n{}",
            self.name,
            self.log()
        );
        let begin = Instant::now();
        while self.process.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|ended| ended.is_none())) {
            assert!(begin.elapsed() < PATIENCE, "{} does not stop. Its log:\n{}", self.name, self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.reap();
    }

    /// Takes leave of an ended process, so that the guardian never kills a stranger with the same id.
    fn reap(&mut self) {
        if let Some(mut child) = self.process.take() {
            child.wait().expect("the end of a server of ours");
            fs::remove_file(self.folder.join("pid")).expect("to forget an ended server");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_file(self.folder.join("pid"));
        }
        drop(self.guardian.stdin.take());
        let _ = self.guardian.wait();
    }
}

/// Finds a program in PATH and in the administrator's folders, which are not in everybody's PATH.
///
/// # Errors
/// It is nowhere: says which Debian package has it and which command installs it.
pub fn find_program(names: &[&str], package: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .collect();
    for name in names {
        if let Some(found) = folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file())
        {
            return Ok(found);
        }
    }
    Err(format!(
        "{} is not installed: run the tests with `make test`, which installs what they need (Debian's package {package})",
        names.join(" or ")
    ))
}
