//! Runs one program within limits of time and size.
//!
//! Owes its callers: it returns soon after the limit whatever the program does, leaves no zombie, and ends the
//! program together with the children it started.

use std::{
    ffi::OsStr,
    io::{self, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::config;

/// Most bytes of output, and of messages, that are read: 64 MiB, some 100 000 sessions of smbstatus.
pub const MOST_OUTPUT: usize = 64 << 20;

/// How long a killed program may take to be gone.
const LAST_RITES: Duration = Duration::from_secs(2);

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exit(i32),
    /// By a signal that was not ours.
    Signal,
    /// We killed it at its time limit.
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// We killed it because it printed more than [`MOST_OUTPUT`].
    TooMuch,
}

/// What a program printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command line, for messages.
    pub command: String,
    /// Standard output; empty where we killed it.
    pub stdout: Vec<u8>,
    /// Standard error; empty where we killed it.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// Runs `command`, whose input and environment are the caller's, and waits for it at most `limit`. The variables that may
/// hold passwords are not passed on.
///
/// # Errors
/// It cannot be started.
pub fn run(mut command: Command, limit: Duration) -> io::Result<Run> {
    let started = Instant::now();
    for variable in config::SECRET_VARIABLES {
        command.env_remove(variable);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn()?;
    let (sender, receiver) = mpsc::channel();
    let readers = [
        child.stdout.take().map(|pipe| drain(pipe, true, sender.clone())),
        child.stderr.take().map(|pipe| drain(pipe, false, sender)),
    ];
    if let Some(error) = readers.into_iter().flatten().find_map(Result::err) {
        kill(&mut child);
        return Err(error);
    }

    let left = || limit.saturating_sub(started.elapsed());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut end = None;
    for _ in 0..2 {
        match receiver.recv_timeout(left()) {
            Ok((_, bytes)) if bytes.len() > MOST_OUTPUT => end = Some(End::TooMuch),
            Ok((true, bytes)) => stdout = bytes,
            Ok((false, bytes)) => stderr = bytes,
            Err(_) => end = Some(End::TimedOut { after: limit }),
        }
        if end.is_some() {
            break;
        }
    }
    let end = match end {
        Some(end) => end,
        None => match wait(&mut child, left())? {
            Some(status) => status.code().map_or(End::Signal, End::Exit),
            None => End::TimedOut { after: limit },
        },
    };
    if matches!(end, End::TimedOut { .. } | End::TooMuch) {
        kill(&mut child);
        (stdout, stderr) = (Vec::new(), Vec::new());
    }
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    Ok(Run { command: words.join(" "), stdout, stderr, end })
}

/// Reads `pipe` to its end, or to just above the limit, in a thread: both pipes must be emptied at once.
fn drain(
    pipe: impl Read + Send + 'static,
    is_stdout: bool,
    sender: mpsc::Sender<(bool, Vec<u8>)>,
) -> io::Result<()> {
    let read = move || {
        let mut bytes = Vec::new();
        // What was read before an error counts: the exit code and the content tell whether it is whole.
        if let Err(error) = pipe.take(MOST_OUTPUT as u64 + 1).read_to_end(&mut bytes) {
            log::debug!("reading a program's output: {error}");
        }
        // Nobody listens any more after the time limit.
        let _ = sender.send((is_stdout, bytes));
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// Reaps `child` if it ends within `limit`. It has closed its output: mostly it is gone already.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends `child` and all that it started, and reaps it.
fn kill(child: &mut Child) {
    // It leads a group of its own, and as long as it is not reaped its number is not another's.
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(Err(error)) = group.map(|group| kill_process_group(group, Signal::KILL)) {
        log::debug!("killing process group {}: {error}", child.id());
    }
    match wait(child, LAST_RITES) {
        Ok(Some(_)) => {}
        Ok(None) => log::warn!("process {} does not die; it may hang in the kernel", child.id()),
        Err(error) => log::debug!("waiting for process {}: {error}", child.id()),
    }
}
