use std::fs::File;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perilune_client::event::{Event, ExecuteInput};
use perilune_client::{DebuggerEvent, Notice, Question};
use perilune_transport::Source;
use perilune_wire::content;
use serde_json::{Value, json};

use super::published::Published;
use crate::standard::Kept;
use crate::terminal::Terminal;

/// Who sees what a kernel publishes.
pub trait View {
    /// A message.
    ///
    /// # Errors
    ///
    /// When nobody reads it, as everywhere here.
    fn message(&mut self, published: &Published) -> io::Result<()>;
    /// So many messages are missing here.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    fn lost(&mut self, count: u64) -> io::Result<()>;
    /// Something about the connection: a word for programs and one for persons.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    fn word(&mut self, event: &str, text: &str) -> io::Result<()>;
    /// A debugger has stopped the code that runs, or lets it go on.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    fn debugger(&mut self, event: &DebuggerEvent) -> io::Result<()>;
    /// A cell asks something, and somebody in front could answer.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    fn question(&mut self, question: &content::Question) -> io::Result<()>;
    /// The line was answered.
    fn answered(&mut self);
    /// Nothing more comes.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    fn ends(&mut self) -> io::Result<()>;
}

/// A person in front of a terminal.
#[derive(Debug)]
pub struct Person {
    terminal: Terminal,
    /// Whose output was written last.
    cell: Option<String>,
    shows_inputs: bool,
}

impl Person {
    /// Begins to show what cells do, and what they are.
    pub fn begin(kept: &'static Kept, shows_inputs: bool) -> Self {
        Self {
            terminal: Terminal::begin(kept),
            cell: None,
            shows_inputs,
        }
    }
}

impl View for Person {
    fn message(&mut self, published: &Published) -> io::Result<()> {
        let notice = match Notice::read(Source::Iopub, &published.message) {
            Ok(notice) => notice,
            Err(error) => {
                let line = format!("perilune: a message could not be read: {error}");
                return self.terminal.say(&line);
            }
        };
        match notice {
            Some(Notice::Event(request, event)) => {
                if self.cell.as_ref() != Some(&request) {
                    self.terminal.cell_begins()?;
                    self.cell = Some(request);
                }
                if let (Event::Started(input), true) = (&event, self.shows_inputs) {
                    self.terminal.say(&shown(input))?;
                }
                self.terminal.event(&event)
            }
            Some(Notice::Idle(request)) if self.cell.as_ref() == Some(&request) => {
                self.terminal.cell_ends()
            }
            _ => Ok(()),
        }
    }

    fn lost(&mut self, count: u64) -> io::Result<()> {
        let what = match count {
            1 => "one message is".to_owned(),
            count => format!("{count} messages are"),
        };
        self.terminal.say(&format!(
            "perilune: {what} missing here: the journal no longer has them"
        ))
    }

    fn word(&mut self, _event: &str, text: &str) -> io::Result<()> {
        self.terminal.say(&format!("perilune: {text}"))
    }

    fn debugger(&mut self, event: &DebuggerEvent) -> io::Result<()> {
        self.terminal.say(&format!("perilune: {event}"))
    }

    fn question(&mut self, question: &content::Question) -> io::Result<()> {
        let shown = json!({"prompt": question.prompt, "password": question.password});
        match serde_json::from_value::<Question>(shown) {
            Ok(question) => self.terminal.question(&question),
            Err(_) => Ok(()),
        }
    }

    fn answered(&mut self) {
        self.terminal.answered();
    }

    fn ends(&mut self) -> io::Result<()> {
        self.terminal.ends()
    }
}

/// A cell as a console shows it.
fn shown(input: &ExecuteInput) -> String {
    let prompt = format!("In [{}]: ", input.execution_count);
    let indent = format!("\n{}", " ".repeat(prompt.len()));
    format!("{prompt}{}", input.code.trim_end().replace('\n', &indent))
}

/// A program that reads lines.
#[derive(Debug)]
pub struct Json {
    stdout: &'static File,
}

/// The version of the lines. It grows when a program that reads them would have to change.
const SCHEMA_VERSION: u32 = 1;

impl Json {
    /// Begins to write JSON Lines.
    pub fn begin(kept: &'static Kept) -> Self {
        Self {
            stdout: &kept.stdout,
        }
    }

    fn line(&mut self, mut object: Value) -> io::Result<()> {
        object["schema_version"] = SCHEMA_VERSION.into();
        // At once, so that a reader never sees half a line.
        self.stdout.write_all(format!("{object}\n").as_bytes())
    }
}

impl View for Json {
    fn message(&mut self, published: &Published) -> io::Result<()> {
        let message = &published.message;
        let part = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let buffers = message.buffers.iter().map(|bytes| STANDARD.encode(bytes));
        self.line(json!({
            "event": "message",
            "cursor": published.cursor,
            "header": part(&message.raw_header),
            "parent_header": part(&message.raw_parent),
            "metadata": part(&message.raw_metadata),
            "content": part(&message.raw_content),
            "buffers": buffers.collect::<Vec<_>>(),
        }))
    }

    fn lost(&mut self, count: u64) -> io::Result<()> {
        self.line(json!({"event": "lost", "messages": count}))
    }

    fn word(&mut self, event: &str, text: &str) -> io::Result<()> {
        self.line(json!({"event": event, "text": text}))
    }

    fn debugger(&mut self, event: &DebuggerEvent) -> io::Result<()> {
        self.line(json!(event))
    }

    fn question(&mut self, _question: &content::Question) -> io::Result<()> {
        // It is in the message that told of it.
        Ok(())
    }

    fn answered(&mut self) {}

    fn ends(&mut self) -> io::Result<()> {
        Ok(())
    }
}
