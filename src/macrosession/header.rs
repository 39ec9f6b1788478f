//! The first line of a page: what it was compiled from, and whether that is still so.
//!
//! There is no other record of what was compiled: a page that is copied to another server is as fresh there as it was.
//!
//! A header reads `macrosession-compile VERSION source=NAME context=DIGEST content=DIGEST length=BYTES includes=NAMES
//! fingerprint=DIGEST`, on one line. Each word of it is made of letters, digits and `._-/%:,=` alone, so that nothing
//! from outside can end the comment that it stands in.

use std::{collections::HashSet, os::unix::ffi::OsStrExt, path::Path};

use super::language::{Include, Page, lexer::IncludeForm};

/// What each header begins with.
const NAME: &str = "macrosession-compile";

/// Where a header begins at the latest: after `<?php`, blanks and `/*`, perhaps after a few signs before these.
const LATEST_BEGINNING: usize = 64;

/// The digest of a text, a file or a list of them.
pub type Digest = u128;

/// A file that a template includes, as it is named there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Template or page.
    pub form: IncludeForm,
    /// The name as it stands in the template.
    pub name: Vec<u8>,
}

/// What the header of a page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The template's content.
    pub content: Digest,
    /// What the template includes; each once.
    pub includes: Vec<Included>,
    /// All that the page depends on.
    pub fingerprint: Digest,
}

/// The page's bytes, its header in them. `context` is the digest of the frozen values, if there are any.
///
/// Besides the digests, a header holds how long the page is without it: a page that was cut short, or edited by hand,
/// is mostly known by that, without reading it.
pub fn write(page: &Page, source: &Path, context: Option<Digest>, header: &Header) -> Vec<u8> {
    let context = context.map_or_else(|| "none".to_owned(), |digest| format!("{digest:032x}"));
    let includes: Vec<String> = header.includes.iter().map(word_of).collect();
    let words = |length: usize| {
        format!(
            "{NAME} {} source={} context={context} content={:032x} length={length} includes={} fingerprint={:032x}",
            env!("CARGO_PKG_VERSION"),
            plain(source.as_os_str().as_bytes()),
            header.content,
            includes.join(","),
            header.fingerprint,
        )
    };
    page.with_header(&words(page.with_header("").len()))
}

fn word_of(included: &Included) -> String {
    let form = match included.form {
        IncludeForm::Fond => "fond",
        IncludeForm::Php => "php",
    };
    format!("{form}:{}", plain(&included.name))
}

/// What the beginning of a page says.
#[derive(Debug, PartialEq, Eq)]
pub enum Beginning {
    /// This is no page of ours.
    Foreign,
    /// It is one of ours, by another version or not as it was written.
    Spoilt,
    /// More of it must be read.
    Cut,
    /// It is as it was written.
    Known(Header),
}

/// Reads the header of a page from its first bytes; `length` is that of the whole page.
pub fn read(first: &[u8], length: u64) -> Beginning {
    let line_end = memchr::memchr2(b'\n', b'\r', first);
    let line = &first[..line_end.unwrap_or(first.len())];
    let name = format!("/* {NAME} ");
    let window = &line[..line.len().min(LATEST_BEGINNING)];
    let Some(at) = memchr::memmem::find(window, name.as_bytes()).filter(|_| line.starts_with(b"<?")) else {
        return Beginning::Foreign;
    };
    let begin = at + "/* ".len();
    let Some(end) = memchr::memmem::find(&line[begin..], b" */") else {
        return if line_end.is_none() && (first.len() as u64) < length {
            Beginning::Cut
        } else {
            Beginning::Spoilt
        };
    };
    let text = &line[begin..begin + end];
    match str::from_utf8(text).ok().and_then(words).filter(|(_, rest)| rest + text.len() as u64 == length) {
        Some((header, _)) => Beginning::Known(header),
        None => Beginning::Spoilt,
    }
}

/// The header, and the length of the page without it.
fn words(text: &str) -> Option<(Header, u64)> {
    let mut words = text.strip_prefix(NAME)?.strip_prefix(' ')?.split(' ');
    if words.next()? != env!("CARGO_PKG_VERSION") {
        return None;
    }
    let mut value = |key: &str| words.next()?.strip_prefix(key)?.strip_prefix('=');
    let (_, _) = (value("source")?, value("context")?);
    let content = digest(value("content")?)?;
    let length = value("length")?.parse().ok()?;
    let includes = value("includes")?;
    let includes =
        includes.split(',').filter(|word| !word.is_empty()).map(included).collect::<Option<_>>()?;
    let fingerprint = digest(value("fingerprint")?)?;
    Some((Header { content, includes, fingerprint }, length))
}

fn digest(word: &str) -> Option<Digest> {
    (word.len() == 32).then(|| Digest::from_str_radix(word, 16).ok()).flatten()
}

fn included(word: &str) -> Option<Included> {
    let (form, name) = word.split_once(':')?;
    let form = match form {
        "fond" => IncludeForm::Fond,
        "php" => IncludeForm::Php,
        _ => return None,
    };
    Some(Included { form, name: bytes(name)? })
}

/// The includes of a template, each once, in the order of their first places.
pub fn each_once(includes: &[Include]) -> Vec<Included> {
    let mut seen = HashSet::new();
    let new =
        includes.iter().filter(|include| seen.insert((include.form == IncludeForm::Php, &include.name)));
    new.map(|include| Included { form: include.form, name: include.name.clone() }).collect()
}

/// `text` as one word: bytes that are neither letters or digits of ASCII nor `._-/` become `%2A`.
fn plain(text: &[u8]) -> String {
    let mut word = String::with_capacity(text.len());
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"._-/".contains(&byte) {
            word.push(char::from(byte));
        } else {
            word.push_str(&format!("%{byte:02X}"));
        }
    }
    word
}

/// What was made a word.
fn bytes(word: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macrosession::language::{Context, Rules, compile};

    fn page(header: &Header, source: &str) -> Vec<u8> {
        let compiled = compile(b"<p>text\n", &Rules::default(), &Context::default());
        write(&compiled.page.unwrap(), Path::new(source), Some(7), header)
    }

    fn header(names: &[&[u8]]) -> Header {
        let include = |name: &&[u8]| Included { form: IncludeForm::Fond, name: name.to_vec() };
        Header { content: 1, includes: names.iter().map(include).collect(), fingerprint: u128::MAX }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let php = Included { form: IncludeForm::Php, name: b"b.php".to_vec() };
        for mut header in [header(&[]), header(&[b"a", b"\xff,:% \n*/?>", b""])] {
            header.includes.push(php.clone());
            let page = page(&header, "a/b.html");
            assert_eq!(read(&page, page.len() as u64), Beginning::Known(header.clone()));
            // A page that is not whole.
            assert_eq!(read(&page, page.len() as u64 - 1), Beginning::Spoilt);
            for end in LATEST_BEGINNING..page.len() {
                let known = read(&page[..end], page.len() as u64);
                assert!(known == Beginning::Cut || known == Beginning::Known(header.clone()), "{end}");
            }
        }
    }

    #[test]
    fn nothing_from_outside_ends_the_comment_or_the_line() {
        let page = page(&header(&[b"*/ system('x'); /*\n?>"]), "x*/\n?>é.html");
        let line = page.split(|&byte| byte == b'\n').next().unwrap();
        let line = str::from_utf8(line).unwrap();
        assert_eq!(line.matches("*/").count(), 1, "{line}");
        assert!(line.contains(" source=x%2A/%0A%3F%3E%C3%A9.html "), "{line}");
        assert!(line.ends_with("<p>text"), "{line}");
    }

    #[test]
    fn other_files_are_not_pages_of_ours() {
        let of = |text: &[u8]| read(text, text.len() as u64);
        assert_eq!(of(b""), Beginning::Foreign);
        assert_eq!(of(b"<?php echo 1;"), Beginning::Foreign);
        assert_eq!(of(b"about /* macrosession-compile 0.1.0 */"), Beginning::Foreign);
        assert_eq!(of(b"<?php\n/* macrosession-compile 0.1.0 */"), Beginning::Foreign);
        assert_eq!(of(b"<?php /* macrosession-compile 0.0.1 x */ ?>"), Beginning::Spoilt);
        assert_eq!(of(b"<?php /* macrosession-compile \n */ ?>"), Beginning::Spoilt);
    }
}
