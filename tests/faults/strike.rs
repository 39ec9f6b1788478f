//! How a fault comes about.

use std::{
    ffi::OsString,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal as Number, kill_process};

use crate::{
    fault::{At, Fault, Line, Measure, Server, Signal},
    servers::Servers,
    support::{
        Output, Tool, find_program,
        proxy::{Harm, Point, Proxy, Said, Trouble},
    },
};

/// What an undisturbed run says to its servers, and how long it takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usual {
    pub mysql: Said,
    pub redis: Said,
    pub took: Duration,
}

/// A run that is over.
#[derive(Debug)]
pub struct End {
    pub output: Output,
    pub took: Duration,
    /// Whether it was ended from outside.
    pub was_killed: bool,
    /// Whether the moment of the fault came before the run was over; none: nobody can know.
    pub was_struck: Option<bool>,
}

/// Runs the command through proxies that do nothing, to learn what is usual.
pub fn usual(servers: &Servers, tool: &Tool) -> Usual {
    let mysql = servers.mariadb.as_ref().map(|_| servers.proxy(Server::MySql, false, Vec::new()));
    let redis = servers.redis.as_ref().map(|_| servers.proxy(Server::Redis, false, Vec::new()));
    let mut tool = servers.direct(tool.clone());
    for (proxy, server) in [(&mysql, Server::MySql), (&redis, Server::Redis)] {
        if let Some(proxy) = proxy {
            tool = servers.through(proxy, server, tool);
        }
    }
    let begin = Instant::now();
    let run = tool.run();
    assert!(run.status <= 1, "the undisturbed run: {run:?}");
    let said = |proxy: Option<Proxy>| proxy.map(|proxy| proxy.said()).unwrap_or_default();
    Usual { mysql: said(mysql), redis: said(redis), took: begin.elapsed() }
}

/// Runs the command while the fault befalls it. All is as it was when this returns, but for what the run has done.
pub fn strike(servers: &Servers, tool: Tool, fault: Fault, usual: &Usual) -> End {
    let direct = servers.direct(tool.clone());
    let point = |server, at| point(at, if server == Server::MySql { &usual.mysql } else { &usual.redis });
    match fault {
        Fault::None => ended(&direct, |_| {}),
        Fault::Line { server, at, line, lasts, on_tcp } => {
            let harm = match line {
                Line::Refused => Harm::Refuse,
                Line::Cut => Harm::Cut,
                Line::AnswerLost => Harm::Lose,
                Line::Silent => Harm::Silence,
                Line::Delayed(milliseconds) => Harm::Delay(Duration::from_millis(milliseconds)),
            };
            // What is delayed again and again, byte by byte, comes to no end within a test's time.
            let lasts = lasts && !matches!(line, Line::Delayed(_));
            let trouble = if lasts { Trouble::from_there_on } else { Trouble::once };
            let proxy = servers.proxy(server, on_tcp, vec![trouble(point(server, at), harm)]);
            behind(&proxy, &servers.through(&proxy, server, direct), |_| {})
        }
        Fault::Signal { server, at, signal } => {
            let victim = Arc::new(AtomicI32::new(0));
            let known = Arc::clone(&victim);
            let act = Box::new(move || {
                let mut pid = known.load(Ordering::SeqCst);
                while pid == 0 {
                    thread::yield_now();
                    pid = known.load(Ordering::SeqCst);
                }
                send(signal, pid);
            });
            let proxy = servers.proxy(server, false, vec![Trouble::once(point(server, at), Harm::Act(act))]);
            behind(&proxy, &servers.through(&proxy, server, direct), |pid| {
                victim.store(pid, Ordering::SeqCst)
            })
        }
        Fault::SignalAfter { part, signal } => ended(&direct, |pid| {
            thread::sleep(usual.took.mul_f64(part));
            send(signal, pid);
        }),
        Fault::ServerKilled { server, at, at_once } => {
            let kill = Arc::new(Mutex::new(servers.kill(server)));
            let killer = Arc::clone(&kill);
            let act = Box::new(move || {
                let kill = &mut *killer.lock().unwrap();
                kill(true);
                if at_once {
                    kill(false);
                }
            });
            let proxy = servers.proxy(server, false, vec![Trouble::once(point(server, at), Harm::Act(act))]);
            let end = behind(&proxy, &servers.through(&proxy, server, direct), |_| {});
            kill.lock().unwrap()(false);
            end
        }
        Fault::ReadOnly { server, at } => {
            let set = servers.read_only(server);
            let end = match at {
                None => {
                    set(true);
                    ended(&direct, |_| {})
                }
                Some(at) => {
                    let act = Box::new(move || set(true));
                    let proxy =
                        servers.proxy(server, false, vec![Trouble::once(point(server, at), Harm::Act(act))]);
                    behind(&proxy, &servers.through(&proxy, server, direct), |_| {})
                }
            };
            servers.read_only(server)(false);
            end
        }
        Fault::ShortDisk { blocks, is_mysql_away } => {
            // Without the trap, it would be a signal and not an error.
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
            let refuse = Trouble::once(Point::Connection(0), Harm::Refuse);
            let away = is_mysql_away.then(|| servers.proxy(Server::MySql, false, vec![refuse]));
            let tool = match &away {
                Some(proxy) => servers.through(proxy, Server::MySql, direct),
                None => direct,
            };
            ended(&tool.under(["/bin/sh", "-c", &script, "sh"]), |_| {})
        }
        Fault::FullOutput => ended(&direct.under(["/bin/sh", "-c", "exec \"$@\" >/dev/full", "sh"]), |_| {}),
        Fault::SystemCall { name, number, error } => {
            let what = error.map_or("signal=KILL".to_owned(), |error| format!("error={error}"));
            let inject = format!("inject={name}:{what}:when={number}");
            let strace = find_program(&["strace"], "strace").unwrap_or_else(|missing| panic!("{missing}"));
            let before: [OsString; 8] = [
                strace.into(),
                "-f".into(),
                "-qq".into(),
                "-o".into(),
                "/dev/null".into(),
                "-e".into(),
                inject.into(),
                "--".into(),
            ];
            ended(&direct.under(before), |_| {})
        }
    }
}

/// Runs the command; `meanwhile` is given its process id.
fn ended(tool: &Tool, meanwhile: impl FnOnce(i32)) -> End {
    let begin = Instant::now();
    let running = tool.start();
    meanwhile(running.pid().cast_signed());
    let output = running.wait();
    // The shell's way to say that a signal ended it.
    let was_killed = [128 + 9, 128 + 15, 128 + 2].contains(&output.status);
    End { output, took: begin.elapsed(), was_killed, was_struck: None }
}

/// The same behind a proxy that has something to do.
fn behind(proxy: &Proxy, tool: &Tool, meanwhile: impl FnOnce(i32)) -> End {
    let end = ended(tool, meanwhile);
    End { was_struck: Some(proxy.has_struck()), ..end }
}

/// The command is a child of ours that nobody has waited for yet: the id is still its own.
fn send(signal: Signal, pid: i32) {
    let number = match signal {
        Signal::Kill => Number::KILL,
        Signal::Terminate => Number::TERM,
        Signal::Interrupt => Number::INT,
    };
    let _ = kill_process(Pid::from_raw(pid).unwrap(), number);
}

fn point(At { measure, part }: At, usual: &Said) -> Point {
    let of = |total: u64| (total as f64 * part) as u64;
    let count = |total: usize| of(total as u64) as usize;
    match measure {
        Measure::Connections => Point::Connection(count(usual.connections)),
        Measure::Statements => Point::Statement(count(usual.statements)),
        Measure::Sent => Point::Sent(of(usual.sent)),
        Measure::Received => Point::Received(of(usual.received)),
    }
}
