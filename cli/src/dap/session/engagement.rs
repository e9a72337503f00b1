use std::io;
use std::path::Path;
use std::time::Duration;

use perilune_client::Client;
use serde_json::{Value, json};

use super::{Begun, Session, Then};
use crate::dap::arguments::{self, Attach, Launch, Launched};
use crate::dap::breakpoints::Breakpoints;
use crate::dap::debuggee::Debuggee;
use crate::dap::message::{Refusal, Request};
use crate::dap::target::{Origin, Target};
use crate::kernels::Kernel;
use crate::run::{Source, SourceKind};

/// How long a kernel may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
impl Session {
    /// `launch` and `attach`.
    pub(super) async fn begin(&mut self, request: &Request) -> io::Result<Then> {
        if self.begun.is_some() {
            let reason = "something is debugged already; a session is for one program or kernel";
            return self.answered(request, Err(Refusal::new(reason)));
        }
        let begun = match Begun::by(request) {
            Ok(begun) => begun,
            Err(refusal) => return self.answered(request, Err(refusal)),
        };
        match self.engage(&begun, Breakpoints::default()).await {
            Ok(target) => {
                self.begun = Some(begun);
                self.terminated = false;
                self.out.answer(request, Ok(about(&target)))?;
                self.out.event("process", process(&target))?;
                self.target = Some(target);
                // From now on the client says what it wants.
                self.out.event("initialized", Value::Null)?;
            }
            Err(refusal) => self.out.answer(request, Err(refusal))?,
        }
        Ok(Then::GoOn)
    }

    /// Starts or finds what is to be debugged.
    async fn engage(&mut self, begun: &Begun, breakpoints: Breakpoints) -> Result<Target, Refusal> {
        let (mut target, arguments, stops, no_debug) = match begun {
            Begun::Launch(launched, arguments) => {
                self.spelling.note(&launched.folder);
                if let Some(program) = &launched.program {
                    // Before a process is started that would have nothing to do.
                    read(program)?;
                    self.spelling.note(program);
                }
                let (debuggee, client) = Debuggee::start(launched).await?;
                let origin = Origin::Launched(Box::new(debuggee), launched.clone());
                let mut target = Target::new(client, origin);
                target.notebook = launched.given.notebook;
                let given = &launched.given;
                (target, arguments, given.stop_on_entry, given.no_debug)
            }
            Begun::Attach(arguments) => {
                let attach = attach_arguments(arguments)?;
                let (origin, client) = connect(&attach).await?;
                let mut target = Target::new(client, origin);
                target.notebook = attach.notebook;
                target.redirects = attach.redirect_output;
                (target, arguments, attach.stop_on_entry, attach.no_debug)
            }
        };
        target.breakpoints = breakpoints;
        if !no_debug {
            let client = self.client.clone().unwrap_or_default();
            let mut arguments = arguments.clone();
            if !arguments.is_object() {
                arguments = json!({});
            }
            arguments["stopOnEntry"] = json!(stops);
            target.begin(&client, arguments).await?;
        }
        Ok(target)
    }

    /// The client has said what it wants: what was launched may run.
    pub(super) async fn configuration_done(&mut self, request: &Request) -> io::Result<Then> {
        let Some(target) = &mut self.target else {
            return Ok(Then::GoOn);
        };
        let done = match target.debugs {
            true => {
                let arguments = match &request.arguments {
                    Value::Null => json!({}),
                    given => given.clone(),
                };
                target.ask("configurationDone", arguments).await
            }
            false => Ok(Value::Null),
        };
        let is_first = target.runs.is_empty() && target.code.is_none();
        let done = done.and_then(|_| match is_first {
            true => run_program(target),
            false => Ok(()),
        });
        self.answered(request, done.map(|()| Value::Null))
    }

    /// `restart`: the program once more, or the kernel attached to once more, with all breakpoints.
    pub(super) async fn restart(&mut self, request: &Request) -> io::Result<Then> {
        let Some(begun) = self.begun.clone() else {
            let reason = "nothing is debugged yet: launch or attach comes first";
            return self.answered(request, Err(Refusal::new(reason)));
        };
        // VS Code sends the configuration anew, which may have been edited.
        let begun = match (&request.arguments["arguments"], begun) {
            (Value::Object(_), Begun::Attach(_)) => {
                Ok(Begun::Attach(request.arguments["arguments"].clone()))
            }
            (Value::Object(_), Begun::Launch(..)) => {
                launch(&request.arguments["arguments"]).map(|it| Begun::Launch(it.0, it.1))
            }
            (_, begun) => Ok(begun),
        };
        let begun = match begun {
            Ok(begun) => begun,
            Err(refusal) => return self.answered(request, Err(refusal)),
        };
        let mut breakpoints = Breakpoints::default();
        if let Some(mut target) = self.target.take() {
            breakpoints = std::mem::take(&mut target.breakpoints);
            self.give_up_waiting(&mut target, "the session has begun anew")?;
            match target.origin {
                // Where it has stopped it must not go on.
                Origin::Launched(..) => drop(self.put_an_end_to(&mut target).await?),
                Origin::Attached { .. } => target.leave().await,
            }
            // Nobody else says it, and what begins anew may stop nowhere.
            if let Some(thread) = target.stopped.take() {
                let body = json!({"threadId": thread, "allThreadsContinued": true});
                self.out.event("continued", body)?;
            }
        }
        let again = breakpoints.begin_anew();
        let mut target = match self.engage(&begun, breakpoints).await {
            Ok(target) => target,
            Err(refusal) => {
                self.out.answer(request, Err(refusal))?;
                self.tell_terminated()?;
                return Ok(Then::GoOn);
            }
        };
        self.begun = Some(begun);
        self.terminated = false;
        self.out.event("process", process(&target))?;
        if target.debugs {
            for asked in again {
                let Ok(body) = target.ask(&asked.command, asked.arguments.clone()).await else {
                    continue;
                };
                for breakpoint in target.breakpoints.done_again(&asked, body) {
                    let mut body = json!({"reason": "changed", "breakpoint": breakpoint});
                    self.spelling.apply(&mut body);
                    self.out.event("breakpoint", body)?;
                }
            }
        }
        let mut done = Ok(Value::Null);
        if target.debugs {
            done = target.ask("configurationDone", json!({})).await;
        }
        let done = done.and_then(|_| run_program(&mut target));
        let about = about(&target);
        self.target = Some(target);
        self.answered(request, done.map(|()| about))
    }
}

impl Begun {
    fn by(request: &Request) -> Result<Self, Refusal> {
        if request.command == "launch" {
            return launch(&request.arguments)
                .map(|(launched, given)| Self::Launch(launched, given));
        }
        attach_arguments(&request.arguments)?.kernel()?;
        Ok(Self::Attach(request.arguments.clone()))
    }
}

fn launch(arguments: &Value) -> Result<(Launched, Value), Refusal> {
    let given: Launch = arguments::read("launch", arguments)?;
    Ok((given.resolve()?, arguments.clone()))
}

fn attach_arguments(arguments: &Value) -> Result<Attach, Refusal> {
    arguments::read("attach", arguments)
}

async fn connect(attach: &Attach) -> Result<(Origin, Client), Refusal> {
    let text = attach.kernel()?;
    let failed = |error| Refusal::from(anyhow::Error::from(error));
    let kernel = Kernel::find(text).map_err(failed)?;
    let client = kernel.connect_quietly(PATIENCE).await.map_err(failed)?;
    let name = kernel.name();
    if !client.info().is_some_and(|info| info.is_perilune()) {
        return Err(Refusal::new(format!(
            "{name} is no kernel of perilune; it has a debugger of its own, or none"
        )));
    }
    let origin = Origin::Attached {
        name: name.to_owned(),
        connection_file: kernel.connection_file().map(Path::to_owned),
    };
    Ok((origin, client))
}

/// Reads the program as `perilune run` does.
fn read(program: &Path) -> Result<String, Refusal> {
    let source = Source::read(program)?;
    if source.kind != SourceKind::Script {
        return Err(Refusal::new(format!(
            "{} is no Lua file; cells of a notebook are debugged in the kernel that runs them: \
             attach to it",
            program.display()
        )));
    }
    let cells = source.notebook.code_cells();
    Ok(cells.into_iter().map(|cell| cell.source).collect())
}

/// Runs the program that was launched, if one was.
fn run_program(target: &mut Target) -> Result<(), Refusal> {
    let Origin::Launched(_, launched) = &target.origin else {
        return Ok(());
    };
    let Some(program) = &launched.program else {
        return Ok(());
    };
    let content = json!({
        "code": read(program)?,
        "silent": false,
        "store_history": false,
        "user_expressions": {},
        "allow_stdin": true,
        "stop_on_error": true,
    });
    target.run(content, None).map_err(Refusal::from)
}

/// What a client is told of it in reply: a front end for cells wants to know more than a debugger.
fn about(target: &Target) -> Value {
    if !target.notebook {
        return Value::Null;
    }
    let mut about = json!({"connectionFile": connection_file(target)});
    if let Some(info) = target.client.info() {
        about["kernelInfo"] = json!({
            "implementation": info.implementation,
            "implementation_version": info.implementation_version,
            "language_info": info.language_info,
            "banner": info.banner,
        });
    }
    about
}

fn connection_file(target: &Target) -> Option<String> {
    let path = match &target.origin {
        Origin::Launched(debuggee, _) => Some(debuggee.connection_file()),
        Origin::Attached {
            connection_file, ..
        } => connection_file.as_deref(),
    };
    path.map(|path| path.to_string_lossy().into_owned())
}

/// The body of the event `process`.
fn process(target: &Target) -> Value {
    match &target.origin {
        Origin::Launched(debuggee, launched) => {
            let program = launched.program.as_deref().map(|it| it.to_string_lossy());
            let mut body = json!({
                "name": program.as_deref().unwrap_or("perilune"),
                "isLocalProcess": true,
                "startMethod": "launch",
                "pointerSize": usize::BITS,
            });
            if let Some(pid) = debuggee.pid() {
                body["systemProcessId"] = json!(pid);
            }
            body
        }
        Origin::Attached { name, .. } => json!({
            "name": name,
            "isLocalProcess": true,
            "startMethod": "attach",
        }),
    }
}
