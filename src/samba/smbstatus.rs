//! Asks Samba who is connected.
//!
//! Owes its callers: a list that can be believed, or the failure that says why there is none. Samba that is not
//! running lists nobody: an empty list is believed only from an smbd that answers.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    failure::{Failure, Kind},
    forms, judge,
    program::{End, Run, run},
    session::Listing,
};
use crate::config::Samba;

#[cfg(test)]
mod tests;

/// The sessions of this moment. Never plain `--json`: listing the files of clients can abort smbstatus; never `-f`
/// (sessions of dead processes) nor `-n` (numeric names).
///
/// # Errors
/// The first failure, where the other forms of asking help no further.
pub fn collect(settings: &Samba) -> Result<Listing, Failure> {
    let asked = smbstatus(settings, &["-p", "--json"])?;
    let listing = match judge::of_run(&asked) {
        Ok(listing) => with_shares(listing, settings, &["-S", "--json"]),
        Err(failure) if json_is_not_to_be_had(&asked, &failure) => {
            log::info!("asking again without --json: {failure}");
            without_json(settings).ok_or(failure)?
        }
        Err(failure) => return Err(failure),
    };
    if listing.sessions.is_empty() {
        ping(settings)?;
    }
    Ok(listing)
}

/// Whether text may be had although `failure` speaks against JSON: Samba without a JSON library prints nothing, and
/// a login that is not UTF-8 cuts JSON, but not text.
fn json_is_not_to_be_had(asked: &Run, failure: &Failure) -> bool {
    match failure.kind {
        Kind::JsonTruncated => true,
        Kind::SmbstatusFailed => asked.end == End::Exit(0) && !judge::lacks_configuration(asked),
        Kind::NotRoot | Kind::Timeout | Kind::BadJson => false,
    }
}

fn without_json(settings: &Samba) -> Option<Listing> {
    let text = smbstatus(settings, &["-p"]).and_then(|asked| judge::of_run(&asked));
    match text {
        Ok(listing) => return Some(with_shares(listing, settings, &["-S"])),
        Err(failure) => log::info!("asking net: {failure}"),
    }
    let net = beside(&settings.smbstatus, "net").unwrap_or_else(|| settings.net.clone());
    let asked = run(&net, &["status", "sessions", "parseable"], settings.timeout)
        .map_err(|error| log::info!("cannot run {}: {error}", net.display()))
        .ok()?;
    // Where nobody is connected, it prints nothing.
    if asked.end == End::Exit(0)
        && asked.stdout.trim_ascii().is_empty()
        && !judge::lacks_configuration(&asked)
    {
        return Some(Listing::default());
    }
    judge::of_run(&asked).map_err(|failure| log::info!("{failure}")).ok()
}

/// Completes sessions without a time (before 4.20) by the times of their shares. Without them, the sessions are
/// still true.
fn with_shares(mut listing: Listing, settings: &Samba, arguments: &[&str]) -> Listing {
    if listing.sessions.iter().all(|session| session.created.is_some()) {
        return listing;
    }
    let shares = smbstatus(settings, arguments)
        .map_err(|failure| failure.to_string())
        .and_then(|asked| forms::read_shares(&asked.stdout).map_err(|none| none.to_string()));
    match shares {
        Ok(shares) => listing.shares.extend(shares),
        Err(why) => log::info!("some sessions have no time, since their shares are not known: {why}"),
    }
    listing
}

fn smbstatus(settings: &Samba, arguments: &[&str]) -> Result<Run, Failure> {
    run(&settings.smbstatus, arguments, settings.timeout).map_err(|error| {
        Failure::new(
            Kind::SmbstatusFailed,
            format!("cannot run {} ({error})", settings.smbstatus.display()),
            "install samba, or set [samba] smbstatus to where it is",
        )
    })
}

/// Makes sure that an smbd runs that may be believed when it lists nobody.
fn ping(settings: &Samba) -> Result<(), Failure> {
    let program = beside(&settings.smbstatus, "smbcontrol").unwrap_or_else(|| settings.smbcontrol.clone());
    let asked = match run(&program, &["smbd", "ping"], settings.timeout) {
        Ok(asked) => asked,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            log::info!("nobody is connected, if smbd runs: there is no {} to ask", program.display());
            return Ok(());
        }
        Err(error) => return Err(silent(&format!("cannot run {}: {error}", program.display()))),
    };
    if asked.end == End::Exit(0) && forms::lines(&asked.stdout).any(|line| line.starts_with(b"PONG")) {
        return Ok(());
    }
    let said = forms::lines(&asked.stderr)
        .chain(forms::lines(&asked.stdout))
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())
        .map_or_else(|| "no word from it".to_owned(), judge::excerpt);
    Err(silent(&format!("{}: {said}", asked.command)))
}

fn silent(why: &str) -> Failure {
    Failure::new(
        Kind::SmbstatusFailed,
        format!("smbd does not answer: {why}"),
        "an empty list is not believed; start smbd, or see why it hangs",
    )
}

/// `name` in the folder of `program`, where it is installed: programs of one Samba belong together.
fn beside(program: &Path, name: &str) -> Option<PathBuf> {
    // A bare name is looked up in PATH, and has no folder.
    let folder = program.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    Some(folder.join(name)).filter(|path| path.is_file())
}
