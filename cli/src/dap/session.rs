mod ending;
mod engagement;
mod hearing;
mod notebook;
mod undebugged;

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use perilune_health::Token;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

use super::arguments::Launched;
use super::capabilities::capabilities;
use super::framing::FramingError;
use super::message::{Outgoing, Refusal, Request};
use super::spelling::Spelling;
use super::target::{News, Origin, Target};

/// How long a client may take to show its token.
const SHOW_TOKEN: Duration = Duration::from_secs(60);

/// One client, from its first message to its last.
pub struct Session {
    out: Outgoing,
    door: Door,
    /// What the client said of itself in `initialize`.
    client: Option<Value>,
    target: Option<Target>,
    /// What was launched or attached to, so that it can be begun again.
    begun: Option<Begun>,
    /// How the client writes paths.
    spelling: Spelling,
    /// Whether the client was told that all is over.
    terminated: bool,
}

/// Who may come in.
#[derive(Debug, Clone)]
pub enum Door {
    /// Whoever has come so far.
    Open,
    /// Who shows this token.
    Guarded(Token),
}

/// How a session began.
#[derive(Debug, Clone)]
enum Begun {
    Launch(Launched, Value),
    Attach(Value),
}

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    /// The client has said its farewell, or may not come in.
    Close,
}

/// Why a session ended that should not have.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// What the client sends cannot be read.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// What the client sends is no message.
    #[error("the client sent what is no message of the protocol")]
    Message(#[from] serde_json::Error),
    /// It did not show the token.
    #[error("a client was sent away: {0}")]
    Refused(&'static str),
}

/// What happens next.
enum Next {
    Request(Option<Result<Vec<u8>, FramingError>>),
    News(News),
    TooLate,
}

impl Session {
    /// With a client that has just come.
    pub fn new(out: Outgoing, door: Door) -> Self {
        Self {
            out,
            door,
            client: None,
            target: None,
            begun: None,
            spelling: Spelling::default(),
            terminated: false,
        }
    }

    /// Serves it to its end. Whatever that is, nothing stays stopped because of this client.
    ///
    /// # Errors
    ///
    /// [`SessionError`], when the client has not kept to the protocol.
    pub async fn serve(
        mut self,
        mut messages: Receiver<Result<Vec<u8>, FramingError>>,
    ) -> Result<(), SessionError> {
        let ended = self.serve_until_the_end(&mut messages).await;
        if let Some(mut target) = self.target.take() {
            target.leave().await;
            if let Origin::Launched(debuggee, _) = target.origin {
                debuggee.let_go();
            }
        }
        ended
    }

    async fn serve_until_the_end(
        &mut self,
        messages: &mut Receiver<Result<Vec<u8>, FramingError>>,
    ) -> Result<(), SessionError> {
        let until = Instant::now() + SHOW_TOKEN;
        loop {
            let is_guarded = matches!(self.door, Door::Guarded(_));
            let next = tokio::select! {
                message = messages.recv() => Next::Request(message),
                news = next(&mut self.target) => Next::News(news),
                () = sleep_until(until), if is_guarded => Next::TooLate,
            };
            let told = match next {
                Next::Request(None) => return Ok(()),
                Next::Request(Some(message)) => match Request::read(&message?)? {
                    Some(request) if !self.may_come_in(&request) => {
                        let _ = self.out.answer(&request, Err(Refusal::new(NO_ENTRY)));
                        return Err(SessionError::Refused("it did not show the right token"));
                    }
                    Some(request) => self.take(without_token(request)).await,
                    None => Ok(Then::GoOn),
                },
                Next::News(news) => self.hear(news).await.map(|()| Then::GoOn),
                Next::TooLate => return Err(SessionError::Refused("it showed no token in time")),
            };
            match told {
                Ok(Then::GoOn) => {}
                // Nobody reads any more: the client has gone.
                Ok(Then::Close) | Err(_) => return Ok(()),
            }
        }
    }

    /// Lets who shows the token in. Before that, a client may say who it is, and leave.
    fn may_come_in(&mut self, request: &Request) -> bool {
        let Door::Guarded(token) = &self.door else {
            return true;
        };
        match request.arguments["token"].as_str() {
            Some(text) if token.is(text.as_bytes()) => {
                self.door = Door::Open;
                true
            }
            Some(_) => false,
            None => matches!(&*request.command, "initialize" | "disconnect"),
        }
    }

    async fn take(&mut self, request: Request) -> io::Result<Then> {
        let answer = match &*request.command {
            "disconnect" => return self.disconnect(&request).await,
            "initialize" => self.initialize(&request),
            _ if self.client.is_none() => Err(Refusal::new("initialize comes first")),
            "launch" | "attach" => return self.begin(&request).await,
            "restart" | "perilune/restart" => return self.restart(&request).await,
            "terminate" => return self.terminate(&request).await,
            _ => return self.take_for_target(request).await,
        };
        self.out.answer(&request, answer)?;
        Ok(Then::GoOn)
    }

    fn initialize(&mut self, request: &Request) -> Result<Value, Refusal> {
        if self.client.is_some() {
            return Err(Refusal::new("initialize came before"));
        }
        // Nothing of it is needed, and Emacs' dape leaves out adapterID, which has to be there.
        self.client = Some(match &request.arguments {
            given @ Value::Object(_) => given.clone(),
            _ => json!({}),
        });
        Ok(Value::Object(capabilities()))
    }

    /// What is asked of who is debugged.
    async fn take_for_target(&mut self, request: Request) -> io::Result<Then> {
        let Some(target) = &mut self.target else {
            let refusal = match self.terminated {
                true => Refusal::over("it has ended"),
                false => Refusal::new("nothing is debugged yet: launch or attach comes first"),
            };
            self.out.answer(&request, Err(refusal))?;
            return Ok(Then::GoOn);
        };
        if request.command == "evaluate"
            && request.arguments["context"] == "repl"
            && let Some(question) = target.question.take()
        {
            let text = request.arguments["expression"].as_str().unwrap_or("");
            let answered = target.client.answer(&question, Some(text.to_owned()));
            let body = json!({"result": "", "variablesReference": 0});
            self.out
                .answer(&request, answered.map(|()| body).map_err(Refusal::from))?;
            return Ok(Then::GoOn);
        }
        if let Some(path) = request.arguments["source"]["path"].as_str() {
            self.spelling.note(Path::new(path));
        }
        let answer = match &*request.command {
            "configurationDone" => return self.configuration_done(&request).await,
            command if command.starts_with("perilune/") => {
                match self.take_for_notebook(request).await? {
                    None => return Ok(Then::GoOn),
                    Some((request, answer)) => return self.answered(&request, answer),
                }
            }
            _ if !target.debugs => undebugged::answer(&request),
            _ => match target.pass_on(request.clone()) {
                // The kernel's answer is passed on when it comes.
                Ok(()) => return Ok(Then::GoOn),
                Err(error) => Err(Refusal::from(error)),
            },
        };
        self.answered(&request, answer)
    }

    fn answered(&mut self, to: &Request, answer: Result<Value, Refusal>) -> io::Result<Then> {
        self.out.answer(to, answer)?;
        Ok(Then::GoOn)
    }

    /// Whether the client shows colours.
    fn shows_colours(&self) -> bool {
        let client = self.client.as_ref();
        client.is_some_and(|client| client["supportsANSIStyling"] == true)
    }
}

const NO_ENTRY: &str = "the token is missing or wrong: `perilune dap --listen` printed it, or was \
                        given it; the client shows it as `token` in launch or attach";

/// The token is nobody else's business.
fn without_token(mut request: Request) -> Request {
    let mut place = Some(&mut request.arguments);
    // `restart` may have those of `launch` or `attach` within its own.
    while let Some(arguments) = place.and_then(Value::as_object_mut) {
        arguments.remove("token");
        place = arguments.get_mut("arguments");
    }
    request
}

async fn next(target: &mut Option<Target>) -> News {
    match target {
        Some(target) => target.next().await,
        None => std::future::pending().await,
    }
}
