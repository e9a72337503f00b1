use serde_json::{Value, json};

use super::{overwriting, split_lines};
use perilune_client::event::{CellError, Display, Event, Object, StreamName, StreamText};

/// What a cell leaves in its notebook, kept as a front end keeps it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    execution_count: Option<u64>,
    outputs: Vec<Output>,
    clear_before_next: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Output {
    Stream {
        name: StreamName,
        text: String,
    },
    Display {
        data: Object,
        metadata: Object,
        id: Option<String>,
    },
    Result {
        count: u64,
        data: Object,
        metadata: Object,
    },
    Error(CellError),
}

impl Outputs {
    /// Takes one event of this cell. [`Outputs::update`] takes the updates, which may be about
    /// other cells.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Started(input) => self.execution_count = Some(input.execution_count),
            Event::Stream(stream) => self.write(stream),
            Event::Display(display) => self.push(Output::Display {
                data: display.data.clone(),
                metadata: display.metadata.clone(),
                id: display.id().map(str::to_owned),
            }),
            Event::Result(result) => self.push(Output::Result {
                count: result.execution_count,
                data: result.data.clone(),
                metadata: result.metadata.clone(),
            }),
            Event::Error(error) => self.push(Output::Error(error.clone())),
            Event::Clear { wait: true } => self.clear_before_next = true,
            Event::Clear { wait: false } => self.clear(),
            Event::Update(_) => {}
        }
    }

    /// Replaces what this cell shows under the update's id. Returns whether it shows anything so.
    pub fn update(&mut self, update: &Display) -> bool {
        let Some(wanted) = update.id() else {
            return false;
        };
        let mut found = false;
        for output in &mut self.outputs {
            match output {
                Output::Display { data, metadata, id } if id.as_deref() == Some(wanted) => {
                    data.clone_from(&update.data);
                    metadata.clone_from(&update.metadata);
                    found = true;
                }
                _ => {}
            }
        }
        found
    }

    /// The cell's number, once it has started.
    pub fn execution_count(&self) -> Option<u64> {
        self.execution_count
    }

    /// The cell's `outputs` in nbformat.
    pub fn to_json(&self) -> Value {
        self.outputs.iter().map(Output::to_json).collect()
    }

    fn write(&mut self, stream: &StreamText) {
        if stream.text.is_empty() {
            return;
        }
        if !self.clear_before_next
            && let Some(Output::Stream { name, text }) = self.outputs.last_mut()
            && *name == stream.name
        {
            text.push_str(&stream.text);
            return;
        }
        self.push(Output::Stream {
            name: stream.name,
            text: stream.text.clone(),
        });
    }

    fn push(&mut self, output: Output) {
        if self.clear_before_next {
            self.clear();
        }
        self.outputs.push(output);
    }

    fn clear(&mut self) {
        self.outputs.clear();
        self.clear_before_next = false;
    }
}

impl Output {
    fn to_json(&self) -> Value {
        match self {
            Self::Stream { name, text } => json!({
                "name": name,
                "output_type": "stream",
                "text": split_lines(&overwriting::apply(text)),
            }),
            Self::Display {
                data,
                metadata,
                id: _,
            } => json!({
                "data": on_disk(data),
                "metadata": metadata,
                "output_type": "display_data",
            }),
            Self::Result {
                count,
                data,
                metadata,
            } => json!({
                "data": on_disk(data),
                "execution_count": count,
                "metadata": metadata,
                "output_type": "execute_result",
            }),
            Self::Error(error) => json!({
                "ename": error.ename,
                "evalue": error.evalue,
                "output_type": "error",
                "traceback": error.traceback,
            }),
        }
    }
}

/// A MIME bundle as Jupyter writes it: text as lines, so that a difference of two notebooks can
/// be read; everything else as it is.
fn on_disk(data: &Object) -> Object {
    let is_text = |mime: &str| {
        mime.starts_with("text/") || matches!(mime, "application/javascript" | "image/svg+xml")
    };
    data.iter()
        .map(|(mime, value)| match value {
            Value::String(text) if is_text(mime) => (mime.clone(), split_lines(text)),
            value => (mime.clone(), value.clone()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use perilune_client::event::{ExecuteInput, ExecuteResult, Transient};

    fn stream(name: StreamName, text: &str) -> Event {
        Event::Stream(StreamText {
            name,
            text: text.to_owned(),
        })
    }

    fn display(text: &str, id: Option<&str>) -> Display {
        Display {
            data: Object::from_iter([("text/plain".to_owned(), json!(text))]),
            metadata: Object::new(),
            transient: Some(Transient {
                display_id: id.map(str::to_owned),
            }),
        }
    }

    fn outputs(events: &[Event]) -> Outputs {
        let mut outputs = Outputs::default();
        events.iter().for_each(|event| outputs.take(event));
        outputs
    }

    fn texts(outputs: &Outputs) -> Vec<String> {
        let text = |output: &Value| {
            let value = output.get("text").unwrap_or(&output["data"]["text/plain"]);
            super::super::joined(value).unwrap()
        };
        outputs
            .to_json()
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect()
    }

    use StreamName::{Stderr, Stdout};

    #[test]
    fn neighbours_of_one_stream_are_one_output() {
        let left = outputs(&[
            stream(Stdout, "a\n"),
            stream(Stdout, "b"),
            stream(Stderr, "c"),
            stream(Stdout, ""),
            stream(Stdout, "d"),
        ]);
        assert_eq!(texts(&left), ["a\nb", "c", "d"]);
    }

    #[test]
    fn a_progress_bar_is_one_line() {
        let left = outputs(&[
            stream(Stdout, " 9%\r"),
            stream(Stdout, "10%\r"),
            stream(Stdout, "ok\n"),
        ]);
        assert_eq!(texts(&left), ["ok%\n"]);
    }

    #[test]
    fn clearing_at_once_and_clearing_before_the_next() {
        let left = outputs(&[stream(Stdout, "a"), Event::Clear { wait: false }]);
        assert!(texts(&left).is_empty());
        let waiting = [stream(Stdout, "a"), Event::Clear { wait: true }];
        assert_eq!(texts(&outputs(&waiting)), ["a"]);
        let left = outputs(&[waiting.as_slice(), &[stream(Stdout, "b")]].concat());
        assert_eq!(texts(&left), ["b"]);
    }

    #[test]
    fn an_update_replaces_every_display_of_its_id() {
        let mut left = outputs(&[
            Event::Display(display("1", Some("a"))),
            Event::Display(display("2", Some("b"))),
            Event::Display(display("3", Some("a"))),
        ]);
        assert!(left.update(&display("new", Some("a"))));
        assert_eq!(texts(&left), ["new", "2", "new"]);
        assert!(!left.update(&display("new", Some("c"))));
        assert!(!left.update(&display("new", None)));
    }

    #[test]
    fn text_is_written_in_lines_and_the_rest_as_it_is() {
        let data = json!({
            "text/html": "<b>\nx</b>", "image/png": "aGk=\n", "application/json": "a\nb",
            "image/svg+xml": "<svg>\n</svg>",
        });
        let Value::Object(data) = data else {
            unreachable!()
        };
        let result = ExecuteResult {
            execution_count: 3,
            data,
            metadata: Object::new(),
        };
        let started = Event::Started(ExecuteInput {
            execution_count: 3,
            code: String::new(),
        });
        let left = outputs(&[started, Event::Result(result)]);
        assert_eq!(left.execution_count(), Some(3));
        assert_eq!(
            left.to_json(),
            json!([{
                "data": {
                    "text/html": ["<b>\n", "x</b>"], "image/png": "aGk=\n",
                    "application/json": "a\nb", "image/svg+xml": ["<svg>\n", "</svg>"],
                },
                "execution_count": 3, "metadata": {}, "output_type": "execute_result",
            }])
        );
    }
}
