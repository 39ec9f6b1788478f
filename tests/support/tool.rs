//! The commands of this package, run as cron runs them: an empty environment, no terminal.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{LIMIT, Place, Redis};

const MYSQL_URL: &str = "SESSIONSTAT_MYSQL_URL";

/// One command with its arguments, on a host of its own: `lock_dir` and `spool_dir` are in a
/// folder of this value. A clone is the same host: it shares the folder.
#[derive(Clone)]
pub struct Tool {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    /// Its address depends on the account, and that on what the command is told to do.
    database: Option<Place>,
    input: Vec<u8>,
    config: Config,
    limit: Duration,
    home: Arc<TempDir>,
    /// A program that runs the command, and its arguments.
    wrapper: Vec<OsString>,
}

#[derive(Clone)]
enum Config {
    /// The two folders, then this.
    Added(String),
    /// This and nothing else.
    Exact(String),
    /// No `--config` at all.
    None,
}

impl Tool {
    /// The command of this package with that name, as the tests' build made it.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let test = std::env::current_exe().expect("the path of this test");
        let program = test.parent().and_then(Path::parent).expect("the target folder").join(name);
        assert!(program.is_file(), "no command {name} in this package: {} is not there", program.display());
        Self::program(program)
    }

    /// Any other program.
    pub fn program(program: impl Into<PathBuf>) -> Self {
        let home =
            tempfile::Builder::new().prefix("sessionstat-tool-").tempdir().expect("a temporary folder");
        for folder in ["lock", "spool"] {
            // Whatever the umask: a spool that others may write is none.
            DirBuilder::new().mode(0o700).create(home.path().join(folder)).expect("a folder for the command");
        }
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            database: None,
            input: Vec::new(),
            config: Config::Added(String::new()),
            limit: LIMIT,
            home: Arc::new(home),
            wrapper: Vec::new(),
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Adds an environment variable: there are no others.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Connects the command to a database with its own account ([`Place::account`]), or as `root` for what only
    /// administrators do: making tables, and erasing people.
    pub fn url(mut self, database: &Place) -> Self {
        self.environment.retain(|(name, _)| name != MYSQL_URL);
        self.database = Some(database.clone());
        self
    }

    /// Connects the command to a Redis with its own account.
    pub fn redis(self, redis: &Redis) -> Self {
        let url = redis.url_of(&self.name());
        self.env("SESSIONSTAT_REDIS_URL", url)
    }

    /// What the command finds in its configuration file, after `lock_dir` and `spool_dir`
    /// (where the text does not set them itself).
    pub fn config(mut self, text: &str) -> Self {
        self.config = Config::Added(text.to_owned());
        self
    }

    /// The whole configuration file, so that line numbers in messages are those of `text`.
    pub fn exact_config(mut self, text: &str) -> Self {
        self.config = Config::Exact(text.to_owned());
        self
    }

    /// Runs without `--config`.
    pub fn no_config(mut self) -> Self {
        self.config = Config::None;
        self
    }

    /// What the command reads from its standard input (else: nothing).
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Lets another program run the command, which it finds behind these arguments, as in `["/usr/bin/nice", "-n5"]`.
    pub fn under(mut self, wrapper: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.wrapper = wrapper.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        self
    }

    /// After this time (else: [`LIMIT`]) the command is killed and the test fails.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The program's file.
    pub fn path(&self) -> &Path {
        &self.program
    }

    /// The folder of this value, with the subfolders `lock` and `spool`; the command runs in it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs the command to its end.
    #[track_caller]
    pub fn run(&self) -> Output {
        self.start().wait()
    }

    /// The command as [`Self::start`] runs it, for tests that want its streams and its end for themselves.
    pub fn command(&self) -> Command {
        let mut line = self.wrapper.iter().map(OsString::as_os_str).chain([self.program.as_os_str()]);
        let mut command = Command::new(line.next().expect("a program"));
        command
            .args(line)
            .args(self.config_file().iter().flat_map(|file| [OsStr::new("--config"), file.as_os_str()]))
            .args(&self.arguments)
            .env_clear()
            .envs(self.database.iter().map(|database| (MYSQL_URL, database.url_as(&self.account(database)))))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home());
        command
    }

    /// Its account in a database, as [`Self::url`] has it.
    #[track_caller]
    pub fn account(&self, database: &Place) -> String {
        let is_administration =
            self.arguments.iter().any(|argument| argument == "--init-db" || argument == "--erase");
        if is_administration { "root".to_owned() } else { database.account(&self.name()) }
    }

    /// What the program is called.
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Starts the command.
    #[track_caller]
    pub fn start(&self) -> Running {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = self.input.clone();
        // A command need not read all of its input, and must not be kept waiting for it.
        std::thread::spawn(move || stdin.write_all(&input));
        let stdout = Printed::of(child.stdout.take().expect("a pipe"));
        let stderr = Printed::of(child.stderr.take().expect("a pipe"));
        let deadline = Instant::now() + self.limit;
        Running { child, stdout, stderr, deadline, tool: self.clone() }
    }

    fn config_file(&self) -> Option<PathBuf> {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let text = match &self.config {
            Config::None => return None,
            Config::Exact(text) => text.clone(),
            Config::Added(text) => {
                let missing = |key: &&str| !text.lines().any(|line| line.trim_start().starts_with(*key));
                let folder = |key: &str| self.home().join(key.trim_end_matches("_dir"));
                ["lock_dir", "spool_dir"]
                    .into_iter()
                    .filter(missing)
                    .map(|key| format!("{key} = \"{}\"\n", folder(key).display()))
                    .chain([text.clone()])
                    .collect()
            }
        };
        let file = self.home().join(format!("config-{}.toml", COUNT.fetch_add(1, Ordering::Relaxed)));
        File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .and_then(|mut open| open.write_all(text.as_bytes()))
            .expect("a configuration file");
        Some(file)
    }
}

/// What a command that has ended left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 + the signal of a killed command, as the shell has it.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// This output, if the command ended with that status; else the test fails with what it printed.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that all went well and that cron would have nothing to mail.
    #[track_caller]
    pub fn silent(self) {
        let nothing = Self { status: 0, stdout: String::new(), stderr: String::new() };
        assert_eq!(self, nothing);
    }
}

/// A command that runs; it is killed if the test fails meanwhile.
pub struct Running {
    child: Child,
    stdout: Printed,
    stderr: Printed,
    deadline: Instant,
    /// Keeps the folder while the command runs.
    tool: Tool,
}

impl Running {
    /// Waits for the end; kills the command and fails the test at its limit.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the state of a child") {
                break status;
            }
            if Instant::now() > self.deadline {
                let _ = self.child.kill();
                let (program, limit) = (self.tool.program.display(), self.tool.limit);
                panic!(
                    "{program} did not end within {limit:?} and was killed. stdout:\n{}\nstderr:\n{}",
                    self.stdout.text(),
                    self.stderr.text()
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        Output {
            status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// Kills the command with SIGKILL, if it still runs.
    #[track_caller]
    pub fn kill(mut self) -> Output {
        self.child.kill().expect("to kill a child");
        self.wait()
    }

    /// Whether the command has ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("the state of a child").is_some()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed on standard output so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.so_far()
    }

    /// What it printed on standard error so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.so_far()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One stream of a command, read as it comes so that the command never waits for us.
struct Printed {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Printed {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// All of an ended command's stream. A process that the command left behind may hold it open:
    /// then what came within a second.
    fn text(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.reader.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.so_far()
    }
}
