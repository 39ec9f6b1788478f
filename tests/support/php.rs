//! Private PHP web servers: `php -S`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::server::{Server, find_program};

/// The Debian package with the program.
const PACKAGE: &str = "php-cli";

/// A private web server on a free port of the loopback interface, which serves a folder of PHP pages.
/// It dies with the value, or with the test process however that ends.
pub struct Php {
    server: Server,
    port: u16,
}

impl Php {
    /// Starts a server for the pages in `root`. PHP shows visitors every error that the pages let it show; the pages
    /// find `SESSIONSTAT_WEB_CONFIG` in their environment, which names the file of [`Self::configure`].
    #[track_caller]
    pub fn start(root: &Path) -> Self {
        let mut server = Server::prepare("php");
        let folder = server.folder().to_path_buf();
        fs::create_dir(folder.join("sessions")).expect("a folder for sessions");
        let mut arguments: Vec<OsString> = vec!["-i".into(), "PATH=/usr/bin:/bin".into()];
        arguments.push(format!("SESSIONSTAT_WEB_CONFIG={}", folder.join("web.php").display()).into());
        arguments.push(Self::program().into());
        for setting in [
            "display_errors=1",
            "error_reporting=-1",
            "log_errors=1",
            "opcache.enable=0",
            &format!("session.save_path={}", folder.join("sessions").display()),
        ] {
            arguments.extend(["-d".into(), setting.into()]);
        }
        arguments.extend(["-S".into(), "127.0.0.1:0".into(), "-t".into(), root.into()]);
        server.set_command("/usr/bin/env".into(), arguments);
        let log = folder.join("log");
        let port = || port_after(&log, "Development Server (http://127.0.0.1:");
        server.start(|| port().is_some());
        let port = port().expect("the port of php -S");
        Self { server, port }
    }

    /// The PHP program, also for scripts without a web server.
    #[track_caller]
    pub fn program() -> PathBuf {
        find_program(&["php"], PACKAGE).unwrap_or_else(|missing| panic!("{missing}"))
    }

    /// Writes the file that `SESSIONSTAT_WEB_CONFIG` names; pages read it with each request.
    #[track_caller]
    pub fn configure(&self, php: &str) {
        fs::write(self.folder().join("web.php"), php).expect("a configuration for the pages");
    }

    /// `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// How long the server has kept a processor busy so far, without the programs that it started; in the ticks of
    /// proc(5), mostly of 10 ms.
    #[track_caller]
    pub fn processor_ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("a running server");
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th value after it.
        let (_, values) = stat.rsplit_once(')').expect("a name in brackets");
        values.split_whitespace().skip(11).take(2).map(|value| value.parse::<u64>().expect("ticks")).sum()
    }

    /// The server's folder, which vanishes with it.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// What PHP and the pages wrote into the error log, without the lines about each request.
    pub fn errors(&self) -> String {
        let log = self.server.log();
        // PHP tells of each request, and adds its error to that line if there was one.
        let is_request = |line: &str| line.contains("] 127.0.0.1:") && !line.contains(" - ");
        let errors = log.lines().filter(|line| !is_request(line) && !line.contains("Development Server"));
        errors.map(|line| line.to_owned() + "\n").collect()
    }
}

/// The port that a server has told in its log, after these words.
pub(super) fn port_after(log: &Path, words: &str) -> Option<u16> {
    let log = fs::read_to_string(log).ok()?;
    let rest = log.split(words).nth(1)?;
    // The line must be whole: half a number is another number.
    let (number, _) = rest.split_once(|character: char| !character.is_ascii_digit())?;
    number.parse().ok()
}
