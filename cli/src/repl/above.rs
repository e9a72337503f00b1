use perilune_client::event::Event;
use perilune_client::{DebuggerNews, Notice};

/// What is shown above a prompt while nothing of ours runs.
pub(super) struct Above<'a> {
    others: bool,
    /// Our own session: what it causes now was written in the background.
    ours: &'a str,
    debugger: &'a mut DebuggerNews,
}

impl<'a> Above<'a> {
    pub(super) fn new(others: bool, ours: &'a str, debugger: &'a mut DebuggerNews) -> Self {
        Self {
            others,
            ours,
            debugger,
        }
    }

    pub(super) fn of(&mut self, notice: Notice) -> Option<String> {
        let (request, event) = match notice {
            Notice::Event(request, event) => (request, event),
            Notice::Silent(since) => {
                return Some(format!(
                    "perilune: the kernel has not answered for {} s",
                    since.as_secs()
                ));
            }
            Notice::Debugger(event) => {
                let event = self.debugger.take(event)?;
                return self.others.then(|| format!("perilune: {event}"));
            }
            Notice::Awake => return Some("perilune: the kernel answers again".to_owned()),
            _ => return None,
        };
        if !self.others && !request.starts_with(self.ours) {
            return None;
        }
        let text = match event {
            Event::Started(input) => format!("[{}] {}", input.execution_count, input.code),
            Event::Stream(stream) => stream.text,
            Event::Display(display) => display.data.get("text/plain")?.as_str()?.to_owned(),
            Event::Result(result) => result.data.get("text/plain")?.as_str()?.to_owned(),
            Event::Error(error) => error.traceback.join("\n"),
            Event::Update(_) | Event::Clear { .. } => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}
