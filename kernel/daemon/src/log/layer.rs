use std::fmt::{Debug, Write as _};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::line::{Record, Style};
use super::secrets::secrets;
use super::writer::LogFile;

/// Makes a line of each event: one, whatever is in it, and without the process's
/// [`secrets`].
#[derive(Debug)]
pub struct LineLayer {
    style: Style,
    output: Output,
}

/// Where lines go.
#[derive(Debug)]
pub enum Output {
    /// Into a file that is rotated.
    File(Arc<LogFile>),
    /// To where standard error leads.
    Stream(&'static File),
}

/// A message or value goes on for so many bytes at most.
const LONGEST: usize = 32 << 10;

impl LineLayer {
    /// Lines of this style, to this place.
    pub fn new(style: Style, output: Output) -> Self {
        Self { style, output }
    }
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let line = self.style.line(&Record {
            time: SystemTime::now(),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message: parts.message,
            fields: parts.fields,
        });
        match self.output {
            Output::File(ref file) => file.write_line(&line),
            // Nobody is left to be told when this fails.
            Output::Stream(mut stream) => drop(stream.write_all(&line)),
        }
    }
}

#[derive(Default)]
struct Parts {
    message: String,
    fields: Map<String, Value>,
}

impl Parts {
    fn take(&mut self, field: &Field, value: Value) {
        self.fields.insert(field.name().to_owned(), value);
    }

    fn take_text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message = shorten(&secrets().redact(text));
        } else {
            let text = shorten(&secrets().redact_field(field.name(), text));
            self.take(field, text.into());
        }
    }
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.take_text(field, &text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take_text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.take_text(field, &value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.take(field, number.into()),
            // Not a number, or infinite.
            None => self.take(field, value.to_string().into()),
        }
    }
}

fn shorten(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST);
    format!("{}... ({} bytes more)", &text[..end], text.len() - end)
}
