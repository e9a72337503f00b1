use std::sync::mpsc;
use std::time::Duration;

use nu_ansi_term::{Color, Style};
use reedline::{Completer, CompletionResult, IdeMenu, Menu, MenuBuilder, Span, Suggestion};
use tokio::sync::mpsc::UnboundedSender;

use super::{Candidates, News, Query};

/// The menu's name.
pub const MENU: &str = "completions";

/// How long a person waits for a menu. A kernel that computes answers from what it knew before.
const PATIENCE: Duration = Duration::from_secs(1);
const HIGHEST: u16 = 10;
const WIDEST: u16 = 60;
/// What Tab inserts where there is nothing to complete.
const INDENT: &str = "  ";

/// The menu of what could stand at the cursor.
pub fn menu() -> Box<dyn Menu> {
    let menu = IdeMenu::default()
        .with_name(MENU)
        .with_marker("")
        .with_word_chars("_")
        .with_text_style(Style::new())
        .with_match_text_style(Style::new().bold())
        .with_selected_text_style(Style::new().reverse())
        .with_selected_match_text_style(Style::new().reverse().bold())
        .with_description_text_style(Style::new().fg(Color::DarkGray))
        .with_max_completion_height(HIGHEST)
        .with_max_completion_width(WIDEST)
        .with_correct_cursor_pos(true);
    Box::new(menu)
}

/// What the kernel knows of a place in the code.
pub struct Completions {
    kernel: UnboundedSender<News>,
}

impl Completions {
    /// Asks by this way.
    pub fn new(kernel: UnboundedSender<News>) -> Self {
        Self { kernel }
    }

    fn ask(&self, code: &str, cursor: usize) -> Option<Candidates> {
        let (answer, answered) = mpsc::channel();
        let query = Query::Complete {
            code: code.to_owned(),
            cursor,
            answer,
        };
        self.kernel.send(News::Question(query)).ok()?;
        answered.recv_timeout(PATIENCE).ok()
    }
}

impl Completer for Completions {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let before = line.get(..pos).unwrap_or(line);
        let is_indentation = before
            .rsplit('\n')
            .next()
            .is_none_or(|line| line.trim().is_empty());
        if is_indentation {
            return CompletionResult::fresh(vec![Suggestion {
                value: INDENT.to_owned(),
                span: Span::new(before.len(), before.len()),
                ..Suggestion::default()
            }]);
        }
        let candidates = self.ask(line, before.chars().count()).unwrap_or_default();
        CompletionResult::fresh(suggestions(line, &candidates))
    }
}

/// The candidates as the menu has them: each with what it is, in a column of its own.
fn suggestions(line: &str, candidates: &Candidates) -> Vec<Suggestion> {
    let byte = |code_points: usize| {
        line.char_indices()
            .nth(code_points)
            .map_or(line.len(), |(byte, _)| byte)
    };
    let start = byte(candidates.start);
    let span = Span::new(start, byte(candidates.end).max(start));
    let width = |text: &str| console::measure_text_width(text);
    let column = candidates.matches.iter().map(|(text, _)| width(text)).max();
    let column = column.unwrap_or(0);
    let suggestion = |(text, kind): &(String, String)| {
        let gap = " ".repeat(column.saturating_sub(width(text)) + 2);
        Suggestion {
            value: text.clone(),
            display_override: (!kind.is_empty()).then(|| format!("{text}{gap}{kind}")),
            span,
            ..Suggestion::default()
        }
    };
    candidates.matches.iter().map(suggestion).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_code_points_to_the_kernel_and_bytes_to_the_editor() {
        let candidates = Candidates {
            start: 4,
            end: 6,
            matches: vec![("print".to_owned(), "function".to_owned())],
        };
        let suggestion = suggestions("'\u{fc}';pr", &candidates).remove(0);
        assert_eq!((suggestion.span.start, suggestion.span.end), (5, 7));
        assert_eq!(suggestion.value, "print");
        assert_eq!(suggestion.display_value(), "print  function");
    }
}
