//! Somebody who debugs by a script.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use perilune_language::debug::{
    Attention, Debugger, LineBreakpoint, LoadedSource, Paused, Reason, Resume, SourceKey, Step,
    Stop, ThreadId, Wishes,
};
use perilune_language::{Cell, Language};

use crate::notebook::Notebook;

/// What is done when code has stopped.
pub type Act = Box<dyn FnMut(&Stopped, &mut dyn Paused) -> Resume + Send>;

/// Where code has stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    pub reason: Reason,
    pub source: String,
    pub line: u32,
    pub function: String,
    pub depth: usize,
    pub thread: ThreadId,
    pub breakpoints: Vec<u32>,
    pub text: Option<String>,
}

pub struct Script {
    attention: Attention,
    on: AtomicBool,
    pause: AtomicBool,
    wishes: Mutex<Arc<Wishes>>,
    next: AtomicU32,
    act: Mutex<Act>,
    pub stops: Mutex<Vec<Stopped>>,
    pub loaded: Mutex<Vec<LoadedSource>>,
    pub logged: Mutex<Vec<(String, u32, String)>>,
}

impl Debugger for Script {
    fn attention(&self) -> &Attention {
        &self.attention
    }

    fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst)
    }

    fn wishes(&self) -> Arc<Wishes> {
        Arc::clone(&self.wishes.lock().unwrap())
    }

    fn takes_pause(&self) -> bool {
        self.pause.swap(false, Ordering::SeqCst)
    }

    fn source_of(&self, cell: &Cell) -> SourceKey {
        SourceKey::from(format!("/tmp/cells/{}.lua", cell.name))
    }

    fn loaded(&self, source: LoadedSource) {
        self.loaded.lock().unwrap().push(source);
    }

    fn log(&self, source: &SourceKey, line: u32, text: &str) {
        let mut logged = self.logged.lock().unwrap();
        logged.push((source.to_string(), line, text.to_owned()));
    }

    fn stopped(&self, stop: Stop, paused: &mut dyn Paused) -> Resume {
        let frames = paused.frames(stop.thread, 0, Some(1)).unwrap();
        let top = frames.frames.first();
        let stopped = Stopped {
            reason: stop.reason,
            source: top.map_or_else(String::new, |top| {
                top.source.as_deref().unwrap_or_default().to_owned()
            }),
            line: top.map_or(0, |top| top.line),
            function: top.map_or_else(String::new, |top| top.name.clone()),
            depth: frames.total,
            thread: stop.thread,
            breakpoints: stop.breakpoints,
            text: stop.text,
        };
        self.stops.lock().unwrap().push(stopped.clone());
        (self.act.lock().unwrap())(&stopped, paused)
    }
}

impl Script {
    /// Changes what is wished.
    pub fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        let mut wishes = self.wishes.lock().unwrap();
        let mut changed = Wishes::clone(&wishes);
        change(&mut changed);
        *wishes = Arc::new(changed);
        drop(wishes);
        self.attention.raise();
    }

    pub fn pause(&self) {
        self.pause.store(true, Ordering::SeqCst);
        self.attention.raise();
    }

    pub fn turn(&self, on: bool) {
        self.on.store(on, Ordering::SeqCst);
        self.attention.raise();
    }

    /// Sets a breakpoint, and returns its number.
    pub fn break_at(&self, source: &str, line: u32) -> u32 {
        self.break_with(source, line, |_| {})
    }

    pub fn break_with(
        &self,
        source: &str,
        line: u32,
        change: impl FnOnce(&mut LineBreakpoint),
    ) -> u32 {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let mut breakpoint = LineBreakpoint {
            id,
            condition: None,
            hits: None,
            log: None,
            count: Arc::default(),
        };
        change(&mut breakpoint);
        self.wish(|wishes| {
            let lines = wishes.lines.entry(SourceKey::from(source)).or_default();
            lines.entry(line).or_default().push(breakpoint);
        });
        id
    }

    pub fn clear(&self) {
        self.wish(|wishes| *wishes = Wishes::default());
    }

    /// What is done when code has stopped from now on.
    pub fn on_stop(&self, act: impl FnMut(&Stopped, &mut dyn Paused) -> Resume + Send + 'static) {
        *self.act.lock().unwrap() = Box::new(act);
    }

    pub fn take_stops(&self) -> Vec<Stopped> {
        std::mem::take(&mut self.stops.lock().unwrap())
    }

    /// The lines of the stops since this was asked last.
    pub fn lines(&self) -> Vec<u32> {
        self.take_stops().iter().map(|stop| stop.line).collect()
    }
}

/// What the notebook's cell of this number is known by.
pub fn cell(number: usize) -> String {
    format!("/tmp/cells/cell[{number}].lua")
}

/// A notebook that is debugged; whatever stops goes on at once.
pub fn debugged() -> (Notebook, Arc<Script>) {
    let mut notebook = Notebook::new();
    let script = Arc::new(Script {
        attention: Attention::default(),
        on: AtomicBool::new(true),
        pause: AtomicBool::new(false),
        wishes: Mutex::default(),
        next: AtomicU32::new(1),
        act: Mutex::new(Box::new(|_, _| Resume::Continue)),
        stops: Mutex::default(),
        loaded: Mutex::default(),
        logged: Mutex::default(),
    });
    notebook.lua.debug(script.clone());
    (notebook, script)
}

/// Stops at a line of the first cell, does these steps, and tells where each of them ended.
pub fn steps(code: &str, line: u32, steps: &[Step]) -> Vec<u32> {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), line);
    let steps = steps.to_vec();
    let mut left = 0..;
    let clears = script.clone();
    script.on_stop(move |_, _| {
        clears.clear();
        let step = left.next().and_then(|at: usize| steps.get(at).copied());
        step.map_or(Resume::Continue, Resume::Step)
    });
    notebook.run(code);
    script.lines()
}
