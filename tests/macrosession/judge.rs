//! A PHP that stays, and is asked about one page after the other. Says nothing itself: see judge.php.
//!
//! The fuzz targets include this file, too: it needs nothing but std.

use std::{
    io::{BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// So many questions are asked before another PHP takes over: PHP keeps names of what it compiled until its end.
const QUESTIONS: u32 = 50_000;

/// PHPs with both values of `short_open_tag`.
pub struct Judges {
    /// Off, as Debian has it.
    pub long: Judge,
    /// On, as PHP without its configuration has it.
    pub short: Judge,
}

impl Judges {
    pub fn start() -> Self {
        Self { long: Judge::start("0"), short: Judge::start("1") }
    }
}

/// One PHP.
pub struct Judge {
    short_open_tag: &'static str,
    process: Child,
    // None while it ends.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    asked: u32,
}

impl Judge {
    fn start(short_open_tag: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = if folder.ends_with("fuzz") { folder.parent().expect("the project") } else { folder };
        let mut process = Command::new("php")
            .args(["-d", &format!("short_open_tag={short_open_tag}")])
            .args(["-d", "display_errors=stderr", "-d", "error_reporting=-1", "-d", "log_errors=0"])
            .args(["-d", "opcache.enable_cli=1", "-d", "opcache.jit=0", "-d", "memory_limit=1G"])
            // Nothing of this should ever be called.
            .args(["-d", "disable_functions=exec,shell_exec,system,passthru,popen,proc_open,pcntl_exec,mail"])
            .arg(folder.join("tests/macrosession/judge.php"))
            .arg(folder.join("web/lib/macrosession.php"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("php");
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { short_open_tag, process, questions, answers, asked: 0 }
    }

    /// Asks a question of these texts; the texts of the answer.
    #[track_caller]
    pub fn ask(&mut self, question: &[&[u8]]) -> Vec<Vec<u8>> {
        if self.asked == QUESTIONS {
            *self = Self::start(self.short_open_tag);
        }
        self.asked += 1;
        let mut bytes = number(question.len()).to_vec();
        for text in question {
            bytes.extend(number(text.len()));
            bytes.extend_from_slice(text);
        }
        match self.send(&bytes).and_then(|()| self.receive()) {
            Ok(answer) => answer,
            Err(error) => {
                *self = Self::start(self.short_open_tag);
                panic!("PHP ended over a question, {error}: {}", show(question[1]));
            }
        }
    }

    /// Asks a question whose answer is one text.
    #[track_caller]
    pub fn ask_one(&mut self, question: &[&[u8]]) -> Vec<u8> {
        self.ask(question).swap_remove(0)
    }

    /// Fails unless PHP accepts the page.
    #[track_caller]
    pub fn accept(&mut self, verb: &str, page: &[u8]) {
        let refusal = self.ask_one(&[verb.as_bytes(), page]);
        assert!(refusal.is_empty(), "{} in {}", show(&refusal), show(page));
    }

    fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let questions = self.questions.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        questions.write_all(bytes)?;
        questions.flush()
    }

    fn receive(&mut self) -> std::io::Result<Vec<Vec<u8>>> {
        let count = self.receive_number()?;
        (0..count)
            .map(|_| {
                let mut text = vec![0; self.receive_number()? as usize];
                self.answers.read_exact(&mut text)?;
                Ok(text)
            })
            .collect()
    }

    fn receive_number(&mut self) -> std::io::Result<u32> {
        let mut bytes = [0; 4];
        self.answers.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.process.wait();
    }
}

fn number(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("a short text").to_be_bytes()
}

/// Bytes for a message.
pub fn show(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
