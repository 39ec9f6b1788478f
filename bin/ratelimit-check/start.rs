//! How the process begins, and where its memory is: the unsafe lines of this command, each with its reason.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ffi::{CStr, OsString, c_char, c_int},
    os::unix::ffi::OsStringExt,
};

use rustix::{
    fs::{Mode, OFlags, open},
    io::{Errno, fcntl_getfd},
    stdio,
};
use static_alloc::Bump;

/// What one check needs, several times over. It is part of the program: no system call gets it, and what is not touched
/// costs nothing.
const FIRST: usize = 1 << 20;
static FIRST_MEMORY: Bump<[u8; FIRST]> = Bump::uninit();

/// Memory out of [`FIRST_MEMORY`], which is never given back, and then out of the system's, for lists of users.
struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

impl Memory {
    fn is_first(at: *mut u8) -> bool {
        let begin = (&raw const FIRST_MEMORY).addr();
        (begin..begin + size_of_val(&FIRST_MEMORY)).contains(&at.addr())
    }
}

// SAFETY: blocks of the first memory are given out once, and the address tells them from the system's.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match FIRST_MEMORY.alloc(layout) {
            Some(first) => first.as_ptr(),
            // SAFETY: the caller's promise about the layout is passed on.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if !Self::is_first(at) {
            // SAFETY: it is not from the first memory, so it is from the system's.
            unsafe { System.dealloc(at, layout) }
        }
    }
}

/// The beginning, as the C library calls it. Rust's own would first ask the system a dozen questions about a stack and
/// signals that nobody needs here.
///
/// # Safety
/// `arguments` points to `count` texts that end with a zero byte, and that stay.
#[unsafe(no_mangle)]
unsafe extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
    // Without this, writing to a reader that is gone would kill the process before it can say so.
    // SAFETY: no other thread runs yet, and no handler of ours is replaced.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    fill_standard_streams();
    let argument = |place: usize| {
        // SAFETY: the C library passes `count` texts; `place` is below it.
        let text = unsafe { CStr::from_ptr(*arguments.add(place)) };
        OsString::from_vec(text.to_bytes().to_vec())
    };
    let arguments = (0..usize::try_from(count).unwrap_or(0)).map(argument).collect();
    super::answer(arguments) as c_int
}

/// A closed standard stream would give its number to the next file that is opened: answers would go to Redis.
fn fill_standard_streams() {
    for stream in [stdio::stdin(), stdio::stdout(), stdio::stderr()] {
        if fcntl_getfd(stream) == Err(Errno::BADF) {
            // The lowest number that is free is this one. It stays open.
            if let Ok(null) = open("/dev/null", OFlags::RDWR, Mode::empty()) {
                std::mem::forget(null);
            }
        }
    }
}
