//! Where Enter goes on and where it runs, and how lines are indented.
//!
//! Reedline's validator says whether an input is whole, and no more. The rest is done where
//! reedline lets its host touch what is typed: when a menu is opened. So the moments before and
//! after a newline, and after a closer such as `end`, are menus that are never seen.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use reedline::{
    Completer, Editor, LineBuffer, Menu, MenuEvent, MenuSettings, Painter, ReedlineMenu,
    Suggestion, UndoBehavior, ValidationResult, Validator,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{Completeness, News, Query};

/// How long a person waits for Enter.
const PATIENCE: Duration = Duration::from_millis(500);

/// When something is to be done with what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Enter was pressed: shall it run?
    BeforeEnter,
    /// A newline is wanted, whole or not.
    BeforeNewline,
    /// The newline is there, if one was wanted.
    AfterNewline,
    /// A character of [`Self::CLOSERS`] was typed.
    AfterCloser,
}

impl Moment {
    /// Every one of them.
    pub const ALL: [Self; 4] = [
        Self::BeforeEnter,
        Self::BeforeNewline,
        Self::AfterNewline,
        Self::AfterCloser,
    ];
    /// The characters that `end`, `else`, `until` and brackets end with.
    pub const CLOSERS: [char; 6] = ['d', 'e', 'l', '}', ')', ']'];

    /// The name of its menu.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeEnter => "before enter",
            Self::BeforeNewline => "before newline",
            Self::AfterNewline => "after newline",
            Self::AfterCloser => "after closer",
        }
    }
}

/// What is known of the input that is being typed.
#[derive(Clone)]
pub struct Entry {
    kernel: UnboundedSender<News>,
    /// How the line begins that Enter begins; nothing if Enter runs the input.
    indent: Arc<Mutex<Option<String>>>,
}

impl Entry {
    /// Asks the kernel by this way.
    pub fn new(kernel: UnboundedSender<News>) -> Self {
        Self {
            kernel,
            indent: Arc::default(),
        }
    }

    /// The menu for a moment. That the history would fill it is what tells reedline that it does
    /// not touch the terminal.
    pub fn at(&self, moment: Moment) -> ReedlineMenu {
        ReedlineMenu::HistoryMenu(Box::new(Unseen {
            settings: MenuSettings::default().with_name(moment.name()),
            entry: self.clone(),
            moment,
        }))
    }

    fn set_indent(&self, indent: Option<String>) {
        *self.indent.lock().unwrap_or_else(PoisonError::into_inner) = indent;
    }

    fn take_indent(&self) -> Option<String> {
        let mut indent = self.indent.lock();
        indent.as_mut().map_or_else(|_| None, |it| it.take())
    }

    fn is_complete(&self, code: &str) -> Completeness {
        let (answer, answered) = mpsc::channel();
        let query = Query::IsComplete {
            code: code.to_owned(),
            answer,
        };
        if self.kernel.send(News::Question(query)).is_err() {
            return Completeness::Unknown;
        }
        let answer = answered.recv_timeout(PATIENCE);
        answer.unwrap_or(Completeness::Unknown)
    }

    /// How the next line begins, if Enter shall begin one.
    fn on_enter(&self, line: &LineBuffer) -> Option<String> {
        let code = line.get_buffer();
        let (before, after) = code.split_at(line.insertion_point());
        if after.contains('\n') {
            // In the middle of it.
            return Some(self.indent_below(before));
        }
        if code.trim_start().starts_with('.') {
            return None;
        }
        match self.is_complete(code) {
            Completeness::Complete => None,
            Completeness::Incomplete(_) if !after.trim().is_empty() => {
                Some(self.indent_below(before))
            }
            Completeness::Incomplete(indent) => Some(indent),
            // Two empty lines say that it is whole, and so does a single line.
            Completeness::Unknown if !code.contains('\n') || code.ends_with('\n') => None,
            Completeness::Unknown => Some(indent_of_last_line(before).to_owned()),
        }
    }

    fn indent_below(&self, before: &str) -> String {
        match self.is_complete(before) {
            Completeness::Incomplete(indent) => indent,
            Completeness::Complete | Completeness::Unknown => {
                indent_of_last_line(before).to_owned()
            }
        }
    }

    fn act(&self, moment: Moment, line: &mut LineBuffer) {
        match moment {
            Moment::BeforeEnter => self.set_indent(self.on_enter(line)),
            Moment::BeforeNewline => {
                let before = &line.get_buffer()[..line.insertion_point()];
                self.set_indent(Some(self.indent_below(before)));
            }
            Moment::AfterNewline => {
                if let Some(indent) = self.take_indent() {
                    line.insert_str(&indent);
                }
            }
            Moment::AfterCloser => self.on_closer(line),
        }
    }

    /// A line of nothing but a closer stands where the line stands that it closes.
    fn on_closer(&self, line: &mut LineBuffer) {
        let at = line.insertion_point();
        let before = &line.get_buffer()[..at];
        let Some(start) = before.rfind('\n').map(|newline| newline + 1) else {
            return;
        };
        let word = before[start..].trim_start();
        if !["end", "else", "until", "}", ")", "]"].contains(&word) {
            return;
        }
        // What it closes is closed for good when another line could follow on the level outside.
        let closer = if word == "else" { "elseif" } else { word };
        let closed = format!("{}{closer} ", &before[..start]);
        let indent = match self.is_complete(&closed) {
            Completeness::Incomplete(indent) => indent,
            Completeness::Complete => String::new(),
            Completeness::Unknown => return,
        };
        let word = word.len();
        let old = at - word;
        if indent.len() < old - start {
            line.replace_range(start..old, &indent);
            line.set_insertion_point(start + indent.len() + word);
        }
    }
}

impl Validator for Entry {
    fn validate(&self, _line: &str) -> ValidationResult {
        let indent = self.indent.lock().unwrap_or_else(PoisonError::into_inner);
        match &*indent {
            None => ValidationResult::Complete,
            Some(_) => ValidationResult::Incomplete,
        }
    }
}

fn indent_of_last_line(text: &str) -> &str {
    let line = text.rsplit('\n').next().unwrap_or_default();
    &line[..line.len() - line.trim_start().len()]
}

/// The menu of a moment.
struct Unseen {
    settings: MenuSettings,
    entry: Entry,
    moment: Moment,
}

impl Menu for Unseen {
    fn settings(&self) -> &MenuSettings {
        &self.settings
    }

    fn is_active(&self) -> bool {
        false
    }

    fn set_active(&mut self, _active: bool) {}

    fn clear_input(&mut self) {}

    fn menu_event(&mut self, _event: MenuEvent) {}

    fn can_quick_complete(&self) -> bool {
        // So that reedline asks for the values at once.
        true
    }

    fn can_partially_complete(
        &mut self,
        _values_updated: bool,
        _editor: &mut Editor,
        _completer: &mut dyn Completer,
    ) -> bool {
        false
    }

    fn update_values(&mut self, editor: &mut Editor, _completer: &mut dyn Completer) {
        let (entry, moment) = (&self.entry, self.moment);
        editor.edit_buffer(|line| entry.act(moment, line), UndoBehavior::NoOp);
    }

    fn reset_position(&mut self) {}

    fn update_working_details(
        &mut self,
        _editor: &mut Editor,
        _completer: &mut dyn Completer,
        _painter: &Painter,
    ) {
    }

    fn replace_in_buffer(&self, _editor: &mut Editor) {}

    fn menu_required_lines(&self, _terminal_columns: u16) -> u16 {
        0
    }

    fn menu_string(&self, _available_lines: u16, _use_ansi_coloring: bool) -> String {
        String::new()
    }

    fn min_rows(&self) -> u16 {
        0
    }

    fn get_values(&self) -> &[Suggestion] {
        &[]
    }
}
