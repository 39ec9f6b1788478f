//! Files in places that other users of the host may reach.
//!
//! Owes its callers: what is opened or replaced is the file that is meant, also while somebody puts links, pipes or files
//! of their own in its way; nothing waits for the other end of a pipe; the umask makes nothing more open than meant.
//!
//! | module | what it owes its callers |
//! |---|---|
//! | [`kept`] | a folder, and files in it, that nobody but their owner could have written |
//! | [`place`] | the file that a name leads to, by no link of a stranger |
//! | [`replacement`] | a whole file in the place of an old one, in one step |
//! | [`way`] | the way to a folder, which nobody but its owner could have changed |

pub mod kept;
pub mod place;
pub mod replacement;
pub mod way;

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// Opens a regular file, and nothing else that stands in its place: a pipe would wait for its other end. Links are
/// followed.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub fn open_regular(how: &mut OpenOptions, path: &Path) -> io::Result<File> {
    regular(how.custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?)
}

/// The same where a link at the end of `path` is refused.
///
/// # Errors
/// Those of [`open_regular`], or it is a link.
pub fn open_unlinked(how: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let careful = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    regular(how.custom_flags(careful.bits().cast_signed()).open(path)?)
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a file")) }
}

/// Whether this process believes what a user has made: root does not believe anybody else.
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}
