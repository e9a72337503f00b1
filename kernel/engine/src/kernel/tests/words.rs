use std::io::Write;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex};

use perilune_language::{
    Cell, CommMessage, Completeness, Completion, Detail, Display, DisplayAction, Failure,
    FailureKind, Host, Interrupt, Language, LanguageInfo, Match, MimeBundle, Outcome, RestoreError,
    Restored, SaveError, Saved, Snapshot, Stream,
};

pub(super) const INFO: LanguageInfo = LanguageInfo {
    name: "words",
    version: "1",
    mimetype: "text/plain",
    file_extension: ".txt",
    pygments_lexer: "text",
    codemirror_mode: "null",
    help_links: &[],
};

/// A language of single words.
pub(super) struct Words {
    pub(super) host: Arc<dyn Host>,
    pub(super) interrupt: Interrupt,
    pub(super) known: Vec<String>,
    pub(super) noted: Sender<()>,
    pub(super) folder: Arc<Folder>,
}

/// A folder that does not answer for some time.
pub(super) struct Folder {
    asked: Sender<()>,
    answers: Mutex<bool>,
    answered: Condvar,
}

impl Folder {
    /// Each who asks it is told of.
    pub(super) fn new(asked: Sender<()>) -> Self {
        Self {
            asked,
            answers: Mutex::new(false),
            answered: Condvar::new(),
        }
    }

    pub(super) fn answer(&self) {
        *self.answers.lock().unwrap() = true;
        self.answered.notify_all();
    }

    fn list(&self) {
        let _ = self.asked.send(());
        let answers = self.answers.lock().unwrap();
        drop(
            self.answered
                .wait_while(answers, |answers| !*answers)
                .unwrap(),
        );
    }
}

/// The words of cells that ran.
struct KnownWords {
    words: Vec<String>,
    folder: Arc<Folder>,
}

impl Snapshot for KnownWords {
    fn complete(&self, code: &str, cursor: usize) -> Completion {
        assert_ne!(code, "panic", "as it was told");
        if code.starts_with("folder") {
            self.folder.list();
        }
        let matches = self.words.iter().map(|word| Match {
            text: word.clone(),
            kind: "word",
            signature: None,
        });
        Completion {
            matches: matches.collect(),
            start: 0,
            end: cursor,
        }
    }
}

impl Language for Words {
    fn is_private(&self, code: &str) -> bool {
        code.starts_with("private")
    }

    fn execute(&mut self, cell: &Cell) -> Result<Outcome, Failure> {
        for word in cell.code.split_whitespace() {
            self.known.push(word.to_owned());
            match word {
                "panic" => panic!("as it was told"),
                "fail" => return Err(failure(FailureKind::Runtime, "Failed")),
                "exit" => return Err(failure(FailureKind::Exit(7), "Exit")),
                "wait" => {
                    while !self.interrupt.is_raised() {
                        std::thread::yield_now();
                    }
                    return Err(failure(FailureKind::Interrupted, "Interrupted"));
                }
                "unless-interrupted" if self.interrupt.is_raised() => {
                    return Err(failure(FailureKind::Interrupted, "Interrupted"));
                }
                "show" => self.host.display(Display {
                    action: DisplayAction::Show,
                    bundle: MimeBundle::plain("shown"),
                    id: None,
                    transient: serde_json::Map::new(),
                }),
                "error:" => self.host.write(Stream::Stderr, b"error:"),
                word => self.host.write(Stream::Stdout, word.as_bytes()),
            }
        }
        Ok(Outcome::default())
    }

    fn evaluate(&mut self, expression: &str) -> Result<MimeBundle, Failure> {
        Ok(MimeBundle::plain(expression))
    }

    fn complete(&mut self, _code: &str, _cursor: usize) -> Completion {
        panic!("nobody knows")
    }

    fn snapshot(&mut self) -> Arc<dyn Snapshot> {
        let _ = self.noted.send(());
        Arc::new(KnownWords {
            words: self.known.clone(),
            folder: Arc::clone(&self.folder),
        })
    }

    fn inspect(&mut self, _code: &str, _cursor: usize, _detail: Detail) -> Option<MimeBundle> {
        None
    }

    fn is_complete(&mut self, _code: &str) -> Completeness {
        Completeness::Unknown
    }

    fn comm(&mut self, _message: CommMessage) -> Result<bool, Failure> {
        Ok(false)
    }

    fn save(
        &mut self,
        to: &mut dyn Write,
        _go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Saved, SaveError> {
        to.write_all(self.known.join(" ").as_bytes())?;
        Ok(Saved::default())
    }

    fn restore(
        &mut self,
        state: &[u8],
        _go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Restored, RestoreError> {
        let words = str::from_utf8(state).map_err(|_| RestoreError::Damaged("no words".into()))?;
        self.known = words.split_whitespace().map(str::to_owned).collect();
        Ok(Restored::default())
    }
}

fn failure(kind: FailureKind, name: &str) -> Failure {
    Failure {
        kind,
        name: name.to_owned(),
        message: name.to_owned(),
        traceback: Vec::new(),
    }
}
