use std::borrow::Cow;

use reedline::{Color, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// `3> `, with the number that the next cell will have.
pub struct Numbered {
    prompt: String,
    /// Before every further line, as wide as the prompt.
    continuation: String,
    colours: bool,
}

impl Numbered {
    /// Without a number where it is not known.
    pub fn new(number: Option<u64>, colours: bool) -> Self {
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            continuation: format!("{} ", ".".repeat(number.len() + 1)),
            prompt: format!("{number}> "),
            colours,
        }
    }
}

impl Prompt for Numbered {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.prompt)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.continuation)
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let found = match search.status {
            PromptHistorySearchStatus::Passing => "search",
            PromptHistorySearchStatus::Failing => "nothing like",
        };
        Cow::Owned(format!("({found} `{}`) ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        self.colour(Color::Green)
    }

    fn get_prompt_multiline_color(&self) -> Color {
        self.colour(Color::Green)
    }

    fn get_indicator_color(&self) -> Color {
        self.colour(Color::Cyan)
    }
}

impl Numbered {
    fn colour(&self, colour: Color) -> Color {
        if self.colours { colour } else { Color::Default }
    }
}
