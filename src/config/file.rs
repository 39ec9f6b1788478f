//! Reading and checking the TOML file. Errors read `FILE:LINE: KEY: what is wrong`.

use std::{
    env,
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
    time::Duration,
};

use toml::de::DeTable;

use super::{Config, DEFAULT_PATH, Secret, secret};
use crate::failure::{Failure, OrFail, Result, Status};

const DAY: Duration = Duration::from_secs(86_400);
/// The longest that a connection record may be kept: a hundred years.
const LONGEST_RECORD: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Reads `path` and checks what it says.
pub(super) fn read(path: &Path) -> Result<Config> {
    checked(path, contents(path))
}

/// The same for a file that need not be there.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Config>> {
    match contents(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => checked(path, read).map(Some),
    }
}

/// The text, and what the file was while it was read.
fn contents(path: &Path) -> io::Result<(String, Metadata)> {
    let mut file = File::open(path)?;
    let seen = file.metadata()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok((text, seen))
}

fn checked(path: &Path, read: io::Result<(String, Metadata)>) -> Result<Config> {
    let (text, seen) =
        read.or_fail(Status::Config, || format!("cannot read the configuration {}", path.display()))?;
    // Root runs the programs that it names.
    if seen.is_file() && seen.mode() & 0o002 != 0 {
        return Err(Failure::new(
            Status::Config,
            format!("{}: others can write the configuration; chmod o-w it", path.display()),
        ));
    }
    let config = of_text(&text, path)?;
    let urls = [("mysql.url", Some(&config.mysql.url)), ("redis.url", Some(&config.redis.url))];
    for (key, url) in urls.into_iter().chain([("moodle.url", config.moodle.url.as_ref())]) {
        if url.is_some_and(Secret::holds_password) && secret::readable_by_others(&seen) {
            return Err(Wrong::at(
                &text,
                key,
                "holds a password and others can read the file; chmod o-rwx it, or use password_file",
            )
            .in_file(path));
        }
    }
    // The environment may name another server, and win.
    if let Some(key) = config.redis.unused_key()
        && env::var_os("SESSIONSTAT_REDIS_URL").is_none_or(|url| url.is_empty())
    {
        let what = "nothing is encrypted; write rediss:// in url, or leave this out";
        return Err(Wrong::at(&text, key, what).in_file(path));
    }
    Ok(config)
}

/// What the text of the file `path` says.
pub(super) fn of_text(text: &str, path: &Path) -> Result<Config> {
    let parsed = parse(text).map_err(|wrong| wrong.in_file(path))?;
    Ok(Config { file: Some(path.to_owned()), ..parsed })
}

/// Something wrong in the file.
#[derive(Debug)]
struct Wrong {
    line: Option<usize>,
    key: String,
    message: String,
}

impl Wrong {
    /// Something wrong with a key (`section.name`, or a name at the top level) that the file sets.
    fn at(text: &str, key: &str, message: impl Into<String>) -> Self {
        Self { line: line_of_key(text, key), key: key.to_owned(), message: message.into() }
    }

    fn in_file(self, path: &Path) -> Failure {
        let line = self.line.map(|line| format!("{line}: ")).unwrap_or_else(|| " ".to_owned());
        // The last name is the key, all before it the table.
        let key = match self.key.rsplit_once('.') {
            Some((section, name)) => format!("[{section}] {name}: "),
            None if self.key.is_empty() => String::new(),
            None => format!("{}: ", self.key),
        };
        Failure::new(Status::Config, format!("{}:{line}{key}{}", path.display(), self.message))
    }
}

/// What is wrong with a key (`section.name`) of `file`, found only after the file was read.
pub(super) fn complaint(file: Option<&Path>, key: &str, message: &str) -> Failure {
    let path = file.unwrap_or(Path::new(DEFAULT_PATH));
    let text = fs::read_to_string(path).unwrap_or_default();
    Wrong::at(&text, key, message).in_file(path)
}

fn parse(text: &str) -> std::result::Result<Config, Wrong> {
    let config = match without_comments(text).map(|settings| read_toml(&settings)) {
        Some(Ok(config)) => config,
        // Only in the whole text do mistakes stand on the lines that people see.
        Some(Err(_)) | None => read_toml(text)?,
    };
    check(&config, text)?;
    Ok(config)
}

fn read_toml(text: &str) -> std::result::Result<Config, Wrong> {
    let syntax = |error: toml::de::Error| Wrong {
        line: error.span().map(|span| line_at(text, span.start)),
        key: String::new(),
        // Only the message: the error's full text quotes the line, which may hold a secret.
        message: error.message().to_owned(),
    };
    let document = toml::Deserializer::parse(text).map_err(syntax)?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        let key = if path == "." { String::new() } else { path };
        let inner = error.into_inner();
        Wrong {
            line: inner.span().map(|span| line_at(text, span.start)).or_else(|| line_of_key(text, &key)),
            key,
            message: inner.message().replace("unknown field", "unknown key"),
        }
    })
}

/// The lines that set something. Most of an annotated file is comments, at each character of which the parser looks
/// several times; ratelimit-check reads the file for every page of a site. None where a line that begins with # may be
/// part of a long text.
fn without_comments(text: &str) -> Option<String> {
    let mut settings = String::with_capacity(text.len() / 4);
    for line in
        text.split_inclusive('\n').filter(|line| !matches!(line.as_bytes().first(), Some(b'#' | b'\n')))
    {
        if line.contains("\"\"\"") || line.contains("'''") {
            return None;
        }
        settings.push_str(line);
    }
    Some(settings)
}

/// What types cannot say.
fn check(config: &Config, text: &str) -> std::result::Result<(), Wrong> {
    let Config { mysql, redis, samba, epn, ratelimit, aggregate, moodle, macrosession, report, .. } = config;
    let wrong = |key: &str, message: String| Err(Wrong::at(text, key, message));
    for (key, limit) in [
        ("mysql.connect_timeout", mysql.connect_timeout),
        ("mysql.timeout", mysql.timeout),
        ("samba.timeout", samba.timeout),
    ] {
        if limit.is_zero() {
            return wrong(key, "a limit of no time at all leaves none for an answer".to_owned());
        }
    }
    for (key, value, least, most) in [
        ("samba.spool_mib", samba.spool_mib, 0, 1 << 20),
        ("epn.snapshot_minutes", epn.snapshot_minutes.into(), 1, 60),
        ("epn.gap_minutes", epn.gap().into(), epn.snapshot_minutes.into(), 720),
        ("epn.batch_rows", epn.batch_rows as u64, 100, 1_000_000),
        ("epn.verify_days", epn.verify_days.into(), 0, 36_500),
    ] {
        if !(least..=most).contains(&value) {
            return wrong(key, format!("{value} is not between {least} and {most}"));
        }
    }
    if let Some((key, message)) = redis
        .complaint()
        .or_else(|| aggregate.complaint())
        .or_else(|| moodle.complaint())
        .or_else(|| report.complaint())
        .or_else(|| macrosession.complaint())
    {
        return wrong(key, message.to_owned());
    }
    if let Some((key, message)) = ratelimit.complaint() {
        return wrong(&key, message);
    }
    if epn.longest_use.is_zero() || epn.longest_use > LONGEST_RECORD {
        return wrong("epn.longest_use", "not between a second and a hundred years".to_owned());
    }
    if !(DAY..=LONGEST_RECORD).contains(&epn.keep_log) {
        return wrong("epn.keep_log", "not between a day and a hundred years".to_owned());
    }
    Ok(())
}

/// The line, from 1, on which the byte `offset` stands.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// The line on which `section.name` is set.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut names = key.split('.').peekable();
    while let Some(name) = names.next() {
        let (found, value) = table.iter().find(|(known, _)| known.get_ref() == name)?;
        if names.peek().is_none() {
            return Some(line_at(text, found.span().start));
        }
        table = value.get_ref().as_table()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse(text).unwrap_err().in_file(Path::new("f.toml")).to_string()
    }

    #[test]
    fn mistakes_name_file_line_and_key() {
        assert_eq!(
            message("\n[epn]\ngap_minute = 3\n"),
            "f.toml:3: [epn] gap_minute: unknown key `gap_minute`, expected one of `snapshot_minutes`, `gap_minutes`, `unmatched_keep_days`, `keep_log`, `batch_rows`, `longest_use`, `verify_days`"
        );
        assert_eq!(
            message("[epn]\nsnapshot_minutes = \"five\"\n"),
            "f.toml:2: [epn] snapshot_minutes: invalid type: string \"five\", expected u32"
        );
        assert_eq!(
            message("[epn]\nsnapshot_minutes = 90\n"),
            "f.toml:2: [epn] snapshot_minutes: 90 is not between 1 and 60"
        );
        assert_eq!(
            message("[general]\ntimezone = \"Europe/Pari\"\n"),
            "f.toml:2: [general] timezone: failed to parse timezone: 'Europe/Pari'"
        );
        assert_eq!(
            message("[mysql]\nretry_for = 30\n"),
            "f.toml:2: [mysql] retry_for: invalid type: integer `30`, expected a string"
        );
    }

    #[test]
    fn a_syntax_error_does_not_quote_the_line() {
        let text = message("[mysql]\nurl = \"mysql://u:hunter2@h/d\n");
        assert!(text.starts_with("f.toml:2: ") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn comments_are_left_out_and_lines_keep_their_numbers() {
        let message = message("# one\n# two = \"\n[epn]\n # three\nsnapshot_minutes = 90 # four\n#");
        assert_eq!(message, "f.toml:5: [epn] snapshot_minutes: 90 is not between 1 and 60");
        let text = "[samba]\nwinbind_separator = \"\"\"\n#\"\"\"\n";
        assert_eq!(parse(text).unwrap().samba.winbind_separator, "#");
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let config = parse("").unwrap();
        assert_eq!(config.epn.gap(), 15);
        assert_eq!(parse("[epn]\nsnapshot_minutes = 10\n").unwrap().epn.gap(), 30);
    }
}
