//! Conversations with a command: a line, its answer, the next line.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Output, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::Tool;

/// Somebody who waits for each answer before the next question.
pub struct Dialogue {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Read as it comes: a command whose complaints nobody reads stands still after some hundreds of them.
    complaints: JoinHandle<Vec<u8>>,
    /// Keeps the folder while the command runs.
    _tool: Tool,
}

impl Dialogue {
    #[track_caller]
    pub fn begin(tool: &Tool) -> Self {
        let mut child = tool
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut stderr = child.stderr.take().expect("a pipe");
        let complaints = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            text
        });
        Self { child, questions, answers, complaints, _tool: tool.clone() }
    }

    /// Writes one line, without waiting for its answer.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        self.say_part(&format!("{line}\n"));
    }

    /// Writes what need not be a line.
    #[track_caller]
    pub fn say_part(&mut self, text: &str) {
        let questions = self.questions.as_mut().expect("an open pipe");
        questions.write_all(text.as_bytes()).expect("to write");
    }

    /// The next answer.
    #[track_caller]
    pub fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    #[track_caller]
    pub fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.hear()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Closes the questions and waits for the end.
    #[track_caller]
    pub fn end(mut self) -> Output {
        drop(self.questions.take());
        let output = self.child.wait_with_output().expect("the end of the command");
        Output { stderr: self.complaints.join().expect("its complaints"), ..output }
    }
}
