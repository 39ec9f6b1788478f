//! The programs that are compared, and how each is built.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{Redis, find_program};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/ratelimit-check");
const MUSL: &str = "x86_64-unknown-linux-musl";

/// The whole sample, with a rule that lets all turns through.
const HEADER: &str = "\n[ratelimit.rules.login]\n";
const RULE: &str = "\n[ratelimit.rules.login]\nlimit = 10000\nwindow = \"1s\"\n";

/// A program with its arguments and its environment.
#[derive(Clone)]
pub struct Contender {
    /// What it is called in the tables.
    pub name: &'static str,
    /// What it is given.
    pub arguments: Vec<OsString>,
    program: PathBuf,
    redis: String,
    config: PathBuf,
}

impl Contender {
    /// The command, ready to run.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        command.env("SESSIONSTAT_REDIS_URL", &self.redis).env("SESSIONSTAT_CONFIG", &self.config);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs it once; it has to go well.
    pub fn run(&self) {
        let status = self.command().status().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert!(status.success(), "{}: {status}", self.name);
    }

    /// What it answers to this input.
    pub fn run_with(&self, input: &[u8]) -> String {
        let mut child =
            self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let mut answers = String::new();
        child.stdout.take().expect("a pipe").read_to_string(&mut answers).expect("answers");
        writer.join().expect("a writer").expect("all input is read");
        assert!(child.wait().expect("an end").success(), "{}", self.name);
        answers
    }

    /// The same with other arguments.
    #[must_use]
    pub fn with_arguments(self, arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(OsString::from).collect(), ..self }
    }

    /// The same with another configuration.
    #[must_use]
    pub fn with_config(self, config: PathBuf) -> Self {
        Self { config, ..self }
    }

    /// The command line for a shell.
    pub fn line(&self) -> String {
        let words = self.arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
        std::iter::once(self.program.display().to_string()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

/// Everything built and recorded.
pub struct Bench {
    folder: PathBuf,
    redis: String,
    socket: PathBuf,
}

impl Bench {
    /// Builds what is missing, beside the data of `redis`.
    pub fn prepare(redis: &Redis) -> Self {
        let folder = redis.folder().join("bench");
        fs::create_dir(&folder).expect("a folder");
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/sessionstat.toml");
        let config = fs::read_to_string(sample).expect("the sample").replace(HEADER, RULE);
        fs::write(folder.join("sessionstat.toml"), config).expect("a configuration");
        let bench = Self { folder, redis: redis.url(), socket: redis.socket() };
        bench.install("plain", &target().join("release/ratelimit-check"));
        build(&["--target", MUSL]);
        bench.install("musl", &target().join(MUSL).join("release/ratelimit-check"));
        // Redis learns the script.
        bench.ours()[0].run();
        bench.record();
        bench.compile("floor", &["-DWITHOUT_LIBC", "-nostdlib", "-ffreestanding", "-fno-stack-protector"]);
        bench.compile("static", &[]);
        bench
    }

    /// A configuration of its own.
    pub fn config(&self, text: &str) -> PathBuf {
        let file = self.folder.join("own.toml");
        fs::write(&file, text).expect("a configuration");
        file
    }

    /// A copy, written as an installation writes it: what the linker wrote here and there is in smaller pieces in memory.
    fn install(&self, name: &str, built: &Path) {
        let place = self.folder.join(name);
        fs::read(built)
            .and_then(|bytes| fs::write(&place, bytes))
            .and_then(|()| fs::set_permissions(&place, fs::Permissions::from_mode(0o755)))
            .unwrap_or_else(|error| panic!("{}: {error}", built.display()));
    }

    /// Lets ratelimit-check ask its question here, for the programs in C.
    fn record(&self) {
        let socket = self.folder.join("recorder");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let asker =
            Contender { redis: format!("redis+unix://{}", socket.display()), ..self.ours()[0].clone() };
        let mut child = asker.command().stderr(Stdio::null()).spawn().expect("a process");
        let (mut stream, _) = listener.accept().expect("a question");
        let mut question = vec![0; 1 << 16];
        let length = stream.read(&mut question).expect("a question");
        drop(stream);
        child.wait().expect("an end");
        let bytes: String = question[..length].iter().map(|byte| format!("\\{byte:03o}")).collect();
        let header = format!(
            "#define SOCKET \"{}\"\n#define QUESTION \"{bytes}\"\n#define QUESTION_LENGTH {length}\n",
            self.socket.display()
        );
        fs::write(self.folder.join("question.h"), header).expect("a header");
    }

    fn compile(&self, name: &str, flags: &[&str]) {
        let status = Command::new("cc")
            .args(["-O2", "-static", "-I"])
            .arg(&self.folder)
            .args(flags)
            .arg("-o")
            .arg(self.folder.join(name))
            .arg(Path::new(HERE).join("client.c"))
            .status()
            .expect("a C compiler");
        assert!(status.success(), "client.c does not compile");
    }

    fn contender(&self, name: &'static str, program: PathBuf, arguments: &[&str]) -> Contender {
        Contender {
            name,
            program,
            arguments: arguments.iter().map(OsString::from).collect(),
            redis: self.redis.clone(),
            config: self.folder.join("sessionstat.toml"),
        }
    }

    /// ratelimit-check, as `make musl` and as `cargo build --release` make it.
    pub fn ours(&self) -> [Contender; 2] {
        [
            self.contender("ratelimit-check, make musl", self.folder.join("musl"), &["bench"]),
            self.contender("ratelimit-check, cargo build --release", self.folder.join("plain"), &["bench"]),
        ]
    }

    /// What takes less than a few milliseconds; the floor first.
    pub fn quick(&self) -> Vec<Contender> {
        let [musl, plain] = self.ours();
        vec![
            self.contender("C without libc: the floor", self.folder.join("floor"), &[]),
            musl,
            self.contender("C, static glibc", self.folder.join("static"), &[]),
            plain,
        ]
    }

    /// What it replaces.
    pub fn slow(&self) -> Vec<Contender> {
        let python = find_program(&["/usr/bin/python3"], "python3-redis").expect("Python");
        let exercise = format!("{HERE}/exercise.py");
        let socket = self.socket.display().to_string();
        vec![self.contender("Python, redis-py: GET, INCR", python, &[&exercise, &socket, "bench"])]
    }

    /// What a page starts.
    pub fn pages(&self) -> Vec<Contender> {
        let quick = self.quick();
        vec![quick[0].clone(), quick[1].clone(), quick[3].clone()]
    }
}

/// The folder of all builds.
fn target() -> PathBuf {
    let bench = std::env::current_exe().expect("the path of this program");
    bench.ancestors().nth(3).expect("target/release/deps").to_owned()
}

fn build(flags: &[&str]) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--locked", "--bin", "ratelimit-check"])
        .args(flags)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo");
    assert!(status.success(), "no build for musl: rustup target add {MUSL}");
}
