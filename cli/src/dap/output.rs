use console::strip_ansi_codes;
use perilune_client::event::{CellError, Display, Event, Object, StreamName};

/// Text for a debug console, and of which of the protocol's categories it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// `stdout` or `stderr`.
    pub category: &'static str,
    /// As it is.
    pub text: String,
}

/// What a program did, as a debug console shows it. `colours` says whether it can show them.
///
/// The value of its last expression is none that somebody wants to see: it is a program.
pub fn of(event: &Event, colours: bool) -> Option<Output> {
    match event {
        Event::Stream(stream) => Some(Output {
            category: match stream.name {
                StreamName::Stdout => "stdout",
                StreamName::Stderr => "stderr",
            },
            text: stream.text.clone(),
        }),
        Event::Display(display) | Event::Update(display) => shown(display),
        Event::Error(error) => Some(Output {
            category: "stderr",
            text: traceback(error, colours),
        }),
        Event::Started(_) | Event::Result(_) | Event::Clear { .. } => None,
    }
}

/// The lines that an error has for a person.
pub fn traceback(error: &CellError, colours: bool) -> String {
    let mut text = error.traceback.join("\n");
    if text.is_empty() {
        text = format!("{}: {}", error.ename, error.evalue);
    }
    if !colours {
        text = strip_ansi_codes(&text).into_owned();
    }
    text + "\n"
}

fn shown(display: &Display) -> Option<Output> {
    let text = plain(&display.data)?;
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Some(Output {
        category: "stdout",
        text: format!("{text}{end}"),
    })
}

/// What of a value is text; for one that has none, what it is.
fn plain(data: &Object) -> Option<String> {
    for kind in ["text/plain", "text/markdown"] {
        if let Some(text) = data.get(kind).and_then(|text| text.as_str()) {
            return Some(text.to_owned());
        }
    }
    let kinds: Vec<_> = data.keys().map(String::as_str).collect();
    (!kinds.is_empty()).then(|| format!("<{}>", kinds.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn display(data: serde_json::Value) -> Event {
        Event::Display(Display::of(data.as_object().unwrap().clone()))
    }

    #[test]
    fn a_display_is_its_text_or_says_what_it_is() {
        let text = |data| of(&display(data), false).map(|it| it.text);
        let both = json!({"text/html": "<b>1</b>", "text/plain": "1"});
        assert_eq!(text(both).as_deref(), Some("1\n"));
        let image = json!({"image/png": "iVBORw0KGgo="});
        assert_eq!(text(image).as_deref(), Some("<image/png>\n"));
        assert_eq!(text(json!({})), None);
    }

    #[test]
    fn a_traceback_is_coloured_for_who_shows_colours() {
        let error = CellError {
            ename: "LuaError".to_owned(),
            evalue: "no".to_owned(),
            traceback: vec!["\u{1b}[31mLuaError\u{1b}[0m: no".to_owned()],
        };
        assert_eq!(traceback(&error, false), "LuaError: no\n");
        assert_eq!(traceback(&error, true), "\u{1b}[31mLuaError\u{1b}[0m: no\n");
    }
}
