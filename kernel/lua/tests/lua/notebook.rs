//! A notebook for tests: an interpreter on this thread, and a host that records.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use perilune_language::{
    Cell, CommMessage, Display, Failure, Host, InputError, InputRequest, Interrupt, Language,
    Outcome, Stream,
};
use perilune_lua::{Interpreter, Options};

/// What a cell did through its host.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Write(Stream, Vec<u8>),
    Display(Display),
    Clear(bool),
    Input(InputRequest),
    Comm(CommMessage),
    Place(String),
    Foreign,
}

type Heard = Box<dyn Fn(&Event) + Send>;

/// Records what it is told, and answers questions from a list.
#[derive(Default)]
pub struct Recorder {
    events: Mutex<Vec<Event>>,
    answers: Mutex<VecDeque<Result<String, InputError>>>,
    heard: Mutex<Option<Heard>>,
}

impl Recorder {
    fn record(&self, event: Event) {
        if let Some(heard) = &*self.heard.lock().unwrap() {
            heard(&event);
        }
        self.events.lock().unwrap().push(event);
    }

    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    pub fn answer(&self, answer: Result<&str, InputError>) {
        self.answers
            .lock()
            .unwrap()
            .push_back(answer.map(str::to_owned));
    }

    /// Calls back at each event from now on.
    pub fn on_event(&self, heard: impl Fn(&Event) + Send + 'static) {
        *self.heard.lock().unwrap() = Some(Box::new(heard));
    }
}

impl Host for Recorder {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        self.record(Event::Write(stream, bytes.to_vec()));
    }

    fn display(&self, display: Display) {
        self.record(Event::Display(display));
    }

    fn clear_output(&self, wait: bool) {
        self.record(Event::Clear(wait));
    }

    fn input(&self, request: InputRequest) -> Result<String, InputError> {
        self.record(Event::Input(request));
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or(Err(InputError::Closed))
    }

    fn comm(&self, message: CommMessage) {
        self.record(Event::Comm(message));
    }

    fn place_comm(&self, id: &str) {
        self.record(Event::Place(id.to_owned()));
    }

    fn expect_foreign_output(&self) {
        self.record(Event::Foreign);
    }
}

/// An interpreter whose cells are `cell[1]`, `cell[2]`, ...
pub struct Notebook {
    pub lua: Interpreter,
    pub host: Arc<Recorder>,
    pub interrupt: Interrupt,
    pub cells: usize,
}

impl Notebook {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        let host = Arc::new(Recorder::default());
        let interrupt = Interrupt::new().unwrap();
        let lua = Interpreter::new(host.clone(), interrupt.clone(), options).unwrap();
        Self {
            lua,
            host,
            interrupt,
            cells: 0,
        }
    }

    pub fn try_run(&mut self, code: &str) -> Result<Outcome, Failure> {
        self.cells += 1;
        self.lua.execute(&Cell {
            name: format!("cell[{}]", self.cells),
            code: code.to_owned(),
            wants_result: true,
        })
    }

    /// Runs a cell that must succeed.
    pub fn run(&mut self, code: &str) -> Outcome {
        self.try_run(code)
            .unwrap_or_else(|failure| panic!("{code}\n{failure}\n{}", failure.traceback.join("\n")))
    }

    /// Runs a cell that must fail.
    pub fn fail(&mut self, code: &str) -> Failure {
        self.try_run(code).expect_err(code)
    }

    /// The plain text of a cell's value.
    pub fn value(&mut self, code: &str) -> Option<String> {
        let result = self.run(code).result?;
        Some(
            result
                .text()
                .expect("text/plain is always there")
                .to_owned(),
        )
    }

    /// What a cell writes, to both streams.
    pub fn output_bytes(&mut self, code: &str) -> Vec<u8> {
        self.host.take();
        self.run(code);
        self.take_output_bytes()
    }

    pub fn output(&mut self, code: &str) -> String {
        String::from_utf8(self.output_bytes(code)).unwrap()
    }

    pub fn take_output_bytes(&self) -> Vec<u8> {
        let writes = self
            .host
            .take()
            .into_iter()
            .filter_map(|event| match event {
                Event::Write(_, bytes) => Some(bytes),
                _ => None,
            });
        writes.flatten().collect()
    }

    pub fn take_output(&self) -> String {
        String::from_utf8(self.take_output_bytes()).unwrap()
    }
}

/// A traceback as it reads without colours.
pub fn plain(failure: &Failure) -> String {
    let text = failure.traceback.join("\n");
    let mut plain = String::new();
    let mut parts = text.split('\x1b');
    plain.push_str(parts.next().unwrap());
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}
