use std::io;

use perilune_client::event::{CellError, Event};
use perilune_client::{Heard, Notice};
use perilune_transport::Source;
use perilune_wire::Message;
use perilune_wire::content::Question;
use serde_json::{Value, json};

use super::{Session, notebook};
use crate::dap::breakpoints::Breakpoints;
use crate::dap::output;
use crate::dap::target::{News, Origin, Target};

impl Session {
    /// Something has happened where code is debugged.
    pub(super) async fn hear(&mut self, news: News) -> io::Result<()> {
        let Some(mut target) = self.target.take() else {
            return Ok(());
        };
        if let News::Over = news {
            return self.take_end(target).await;
        }
        self.tell_last(&mut target, news)?;
        self.target = Some(target);
        Ok(())
    }

    /// Tells the client what it has to know of it.
    pub(super) fn tell_last(&mut self, target: &mut Target, news: News) -> io::Result<()> {
        match news {
            News::Heard(Heard::Message(source, message)) => {
                self.hear_message(target, source, &message)
            }
            News::Heard(Heard::Silent(since)) => {
                let text = format!(
                    "perilune: the kernel has not answered for {} s\n",
                    since.as_secs()
                );
                self.out.text("console", &text)
            }
            News::Heard(Heard::Awake) => self
                .out
                .text("console", "perilune: the kernel answers again\n"),
            News::Said(text) => self.out.text("stderr", &text),
            News::Unreadable(error) => self.out.text("console", &format!("perilune: {error}\n")),
            News::Over => Ok(()),
        }
    }

    /// The kernel has ended.
    async fn take_end(&mut self, mut target: Target) -> io::Result<()> {
        self.give_up_waiting(&mut target, "it has ended")?;
        if let Origin::Attached { name, .. } = &target.origin {
            let text = format!("perilune: {name} has ended\n");
            self.out.text("console", &text)?;
            return self.tell_terminated();
        }
        let code = self.exit_code(&mut target).await?;
        self.tell_exited(code)
    }

    fn hear_message(
        &mut self,
        target: &mut Target,
        source: Source,
        message: &Message,
    ) -> io::Result<()> {
        let parent = message.parent_header().map(|header| header.msg_id);
        let parent = parent.unwrap_or_default();
        match (source, message.header.msg_type.as_str()) {
            (Source::Control, "debug_reply") => return self.pass_back(target, &parent, message),
            (Source::Iopub, "debug_event") => return self.pass_event(target, message),
            _ => {}
        }
        if target.notebook
            && let Some(body) = notebook::message(target, source, &parent, message)
        {
            self.out.event("perilune/message", body)?;
        }
        let notice = match Notice::read(source, message) {
            Ok(Some(notice)) => notice,
            Ok(None) => return Ok(()),
            Err(error) => {
                return self.out.text("console", &format!("perilune: {error}\n"));
            }
        };
        match notice {
            Notice::Event(request, event) => self.hear_event(target, &request, &event),
            Notice::Reply(request, reply) => {
                if let Some(run) = target.runs.get_mut(&request) {
                    run.reply = Some(reply.content().clone());
                    target.question = None;
                }
                self.conclude(target, &request)
            }
            Notice::Idle(request) => {
                if let Some(run) = target.runs.get_mut(&request) {
                    run.idle = true;
                }
                self.conclude(target, &request)
            }
            Notice::Question(question) => {
                target.question = Some(question);
                self.ask(target)
            }
            Notice::Busy(_) if asks(message) => {
                target.is_asking = true;
                self.ask(target)
            }
            _ => Ok(()),
        }
    }

    fn hear_event(&mut self, target: &mut Target, request: &str, event: &Event) -> io::Result<()> {
        let colours = self.shows_colours();
        let is_shown = match target.runs.get_mut(request) {
            Some(run) => {
                run.failed |= matches!(event, Event::Error(_));
                run.request.is_none()
            }
            // Such as what a child in the background of a program writes.
            None => target.redirects || matches!(&target.origin, Origin::Launched(..)),
        };
        // What was told to end was interrupted: no news.
        let is_end = target.ending && matches!(event, Event::Error(_));
        match output::of(event, colours) {
            Some(output) if is_shown && !is_end && !target.notebook => {
                self.out.text(output.category, &output.text)
            }
            _ => Ok(()),
        }
    }

    /// The code wants to know something of the person in front: the question has come, and on the way
    /// of all that was written before it, too.
    fn ask(&mut self, target: &mut Target) -> io::Result<()> {
        let Some(question) = target.question.as_ref().filter(|_| target.is_asking) else {
            return Ok(());
        };
        target.is_asking = false;
        if target.notebook {
            return Ok(());
        }
        let hint = "perilune: the program waits for a line: type it here, where expressions are \
                    evaluated otherwise\n";
        let text = match question.prompt.is_empty() {
            true => hint,
            false => &question.prompt,
        };
        self.out.text("console", text)
    }

    /// What was run may have come to its end: all was heard of it.
    fn conclude(&mut self, target: &mut Target, id: &str) -> io::Result<()> {
        let Some(run) = target.runs.get(id) else {
            return Ok(());
        };
        if run.reply.is_none() || !run.idle {
            return Ok(());
        }
        let Some(run) = target.runs.remove(id) else {
            return Ok(());
        };
        let reply = run.reply.unwrap_or_default();
        if let Some(request) = run.request {
            return self.out.answer(&request, Ok(reply));
        }
        // The two ways are not in order, so only now it is known that nothing has told of it.
        if let Ok(error) = serde_json::from_value::<CellError>(reply.clone())
            && !run.failed
            && !target.ending
            && reply["status"] == "error"
        {
            let text = output::traceback(&error, self.shows_colours());
            self.out.text("stderr", &text)?;
        }
        // A program that ends by os.exit says with which code itself.
        let exits = reply["payload"]
            .as_array()
            .is_some_and(|payload| payload.iter().any(|it| it["source"] == "ask_exit"));
        if !exits && !target.ending {
            target.code = Some(i32::from(run.failed || reply["status"] != "ok"));
            // What cannot be asked has ended.
            let _ = target.end();
        }
        Ok(())
    }

    /// The kernel's debugger has answered.
    fn pass_back(&mut self, target: &mut Target, id: &str, message: &Message) -> io::Result<()> {
        let Some(request) = target.asked.remove(id) else {
            return Ok(());
        };
        let Ok(mut response) = message.content::<Value>() else {
            let text = "perilune: a response of the kernel's debugger cannot be read\n";
            return self.out.text("console", text);
        };
        if Breakpoints::is_about(&request.command) && response["success"] == true {
            let body = &mut response["body"];
            target
                .breakpoints
                .done(&request.command, &request.arguments, body);
            if body.is_null()
                && let Some(response) = response.as_object_mut()
            {
                response.remove("body");
            }
        }
        if is_acknowledged(&request.command)
            && response["success"] == true
            && let Some(response) = response.as_object_mut()
        {
            response.remove("body");
        }
        if tells_sources(&request.command) {
            self.spelling.apply(&mut response["body"]);
        }
        response["request_seq"] = json!(request.seq);
        self.out.send(response)
    }

    /// The kernel's debugger tells something to all its clients.
    fn pass_event(&mut self, target: &mut Target, message: &Message) -> io::Result<()> {
        let Ok(mut event) = message.content::<Value>() else {
            return Ok(());
        };
        let kind = event["event"].as_str().unwrap_or_default().to_owned();
        let is_own = event["body"]["client"] == target.client.session();
        if !target.debugs
            // Those that are about this session, and not about the kernel's, are ours to say.
            || matches!(&*kind, "initialized" | "terminated" | "exited" | "process")
            // The response has said it.
            || (kind == "breakpoint" && is_own)
        {
            return Ok(());
        }
        match &*kind {
            "stopped" => target.stopped = Some(event["body"]["threadId"].clone()),
            "continued" => target.stopped = None,
            _ => {}
        }
        if let Some(body) = event.get_mut("body") {
            target.breakpoints.renumber_event(&kind, body);
            if let Some(body) = body.as_object_mut() {
                body.remove("client");
                // For those who only wait.
                body.remove("perilune");
            }
            self.spelling.apply(body);
            self.say_places(&kind, body);
        }
        self.out.send(event)
    }

    /// Events count lines from 1 and name files by their paths, whatever their client does.
    fn say_places(&self, kind: &str, body: &mut Value) {
        let client = self.client.as_ref().unwrap_or(&Value::Null);
        let place = match kind {
            "breakpoint" => body.get_mut("breakpoint"),
            "output" | "loadedSource" => Some(body),
            _ => None,
        };
        let Some(place) = place.and_then(Value::as_object_mut) else {
            return;
        };
        if client["linesStartAt1"] == false {
            for key in ["line", "endLine"] {
                if let Some(line) = place.get(key).and_then(Value::as_i64) {
                    place.insert(key.to_owned(), json!(line - 1));
                }
            }
        }
        if client["pathFormat"] == "uri"
            && let Some(source) = place.get_mut("source")
            && let Some(path) = source["path"].as_str()
        {
            source["path"] = json!(perilune_debug::uri(path));
        }
    }
}

/// Whether the answer to a command is a mere acknowledgement. Editors that hold answers against the
/// protocol's types, as Helix and Zed do, take one that says more for an error; JupyterLab wants a
/// body, so the kernel gives one.
fn is_acknowledged(command: &str) -> bool {
    matches!(
        command,
        "next" | "stepIn" | "stepOut" | "restartFrame" | "pause" | "cancel"
    )
}

/// Whether files are named in the answer to a command.
fn tells_sources(command: &str) -> bool {
    matches!(
        command,
        "setBreakpoints" | "stackTrace" | "loadedSources" | "modules" | "locations"
    )
}

/// Whether a status says that a question was asked.
fn asks(message: &Message) -> bool {
    message
        .metadata::<Value>()
        .is_ok_and(|metadata| !metadata[Question::KEY].is_null())
}
