//! What can befall a run. How it comes about is in `strike`.

use crate::case::{Dice, Scene};

/// A server that a command talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    MySql,
    Redis,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Connections,
    Statements,
    /// Bytes of the command.
    Sent,
    /// Bytes of the server.
    Received,
}

/// A moment of a run: a part of what an undisturbed run says, from 0 to a little more than 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    pub measure: Measure,
    pub part: f64,
}

/// What becomes of the conversation with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nobody listens.
    Refused,
    Cut,
    /// What was asked is done, and the answer lost.
    AnswerLost,
    Silent,
    /// For so many milliseconds.
    Delayed(u64),
}

/// How a command is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Kill,
    Terminate,
    Interrupt,
}

/// What befalls a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing, but perhaps a wrong clock.
    None,
    /// The conversation with a server breaks, once or from there on.
    Line { server: Server, at: At, line: Line, lasts: bool, on_tcp: bool },
    /// The command gets a signal when so much has been said.
    Signal { server: Server, at: At, signal: Signal },
    /// The command gets a signal after a part of the time that an undisturbed run takes.
    SignalAfter { part: f64, signal: Signal },
    /// The server is killed, and started again at once or after the run.
    ServerKilled { server: Server, at: At, at_once: bool },
    /// The server refuses to write, for the whole run or from a moment on.
    ReadOnly { server: Server, at: Option<At> },
    /// Files of the command may have so many blocks of 512 bytes: as on a full disk, a write ends half way. MySQL may be
    /// away at the same time.
    ShortDisk { blocks: u64, is_mysql_away: bool },
    /// Nothing can be written to standard output.
    FullOutput,
    /// A system call fails, or is the last one.
    SystemCall { name: &'static str, number: u64, error: Option<&'static str> },
}

/// System calls about files that happen late enough to be the command's own.
const CALLS: [&str; 7] = ["fsync", "rename", "openat", "write", "mkdir", "unlink", "statx"];

impl Fault {
    /// A fault that makes sense there.
    pub fn draw(dice: &mut Dice, scene: Scene) -> Self {
        let servers: &[Server] = match (scene.has_mysql(), scene.has_redis()) {
            (true, true) => &[Server::MySql, Server::Redis],
            (true, false) => &[Server::MySql],
            (false, true) => &[Server::Redis],
            (false, false) => &[],
        };
        if servers.is_empty() || (scene.has_files() && dice.below(4) == 0) {
            return Self::of_host(dice, scene);
        }
        let server = dice.pick(servers);
        let at = At::draw(dice);
        match dice.below(20) {
            0..=8 => {
                let line = match dice.below(12) {
                    0 => Line::Refused,
                    1..=4 => Line::Cut,
                    5..=9 => Line::AnswerLost,
                    10 => Line::Silent,
                    _ => Line::Delayed(100 + dice.below(1_500)),
                };
                Self::Line { server, at, line, lasts: dice.below(2) == 0, on_tcp: dice.below(3) == 0 }
            }
            9..=12 => Self::Signal { server, at, signal: Signal::draw(dice) },
            13 => Self::SignalAfter { part: dice.part() * 1.1, signal: Signal::draw(dice) },
            14 => Self::ServerKilled { server, at, at_once: dice.below(2) == 0 },
            // Who makes the tables is an administrator, whom MySQL lets write all the same.
            15 | 16 if scene != Scene::Tables => {
                Self::ReadOnly { server, at: (dice.below(2) == 0).then_some(at) }
            }
            17 => Self::FullOutput,
            18 => Self::of_host(dice, scene),
            _ => Self::None,
        }
    }

    /// One that concerns the command alone.
    fn of_host(dice: &mut Dice, scene: Scene) -> Self {
        match dice.below(10) {
            0 | 1 => Self::SignalAfter { part: dice.part() * 1.1, signal: Signal::draw(dice) },
            2 | 3 => {
                let is_mysql_away = scene.has_mysql() && dice.below(2) == 0;
                Self::ShortDisk { blocks: dice.below(40), is_mysql_away }
            }
            4 => Self::FullOutput,
            _ => {
                let name = dice.pick(&CALLS);
                // Those before are the loader's.
                let first = if matches!(name, "openat" | "statx") { 4 } else { 1 };
                let error = dice.pick(&[Some("ENOSPC"), Some("EIO"), None, None]);
                let most = dice.pick(&[3, 10, 60]);
                Self::SystemCall { name, number: first + dice.below(most), error }
            }
        }
    }
}

impl At {
    fn draw(dice: &mut Dice) -> Self {
        let measure = dice.pick(&[
            Measure::Connections,
            Measure::Statements,
            Measure::Statements,
            Measure::Statements,
            Measure::Sent,
            Measure::Received,
        ]);
        Self { measure, part: dice.part() * 1.05 }
    }
}

impl Signal {
    fn draw(dice: &mut Dice) -> Self {
        dice.pick(&[Self::Kill, Self::Kill, Self::Kill, Self::Terminate, Self::Interrupt])
    }
}
