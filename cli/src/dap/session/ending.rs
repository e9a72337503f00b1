use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Session, Then};
use crate::dap::message::{Refusal, Request};
use crate::dap::target::{News, Origin, Target};

/// How long a program has to end that was asked to, before its process is ended whatever it does.
const GRACE: Duration = Duration::from_secs(5);
/// The exit code of a program that was terminated, as a shell says it.
const TERMINATED: i32 = 128 + 15;

impl Session {
    /// `terminate`: a program ends, and says so by events; a kernel that was attached to lives on.
    pub(super) async fn terminate(&mut self, request: &Request) -> io::Result<Then> {
        let Some(target) = &mut self.target else {
            return self.answered(request, Ok(Value::Null));
        };
        match target.origin {
            Origin::Launched(..) => {
                let asked = target.end();
                self.answered(request, asked.map(|()| Value::Null).map_err(Refusal::from))
            }
            Origin::Attached { .. } => {
                target.leave().await;
                self.target = None;
                self.out.answer(request, Ok(Value::Null))?;
                self.tell_terminated()?;
                Ok(Then::GoOn)
            }
        }
    }

    /// `disconnect`: the end of the session, and of what was launched, unless the client wants
    /// otherwise.
    pub(super) async fn disconnect(&mut self, request: &Request) -> io::Result<Then> {
        if let Some(mut target) = self.target.take() {
            let is_ours = matches!(target.origin, Origin::Launched(..));
            let ends = request.arguments["terminateDebuggee"]
                .as_bool()
                .unwrap_or(is_ours);
            self.give_up_waiting(&mut target, "the session has ended")?;
            match (ends, is_ours) {
                (true, true) => {
                    let code = self.put_an_end_to(&mut target).await?;
                    self.tell_exited(code)?;
                }
                (true, false) => {
                    // It takes its time, and nobody here has to wait for it.
                    let _ = target.end();
                    let _ = timeout(GRACE, end_of(&mut target)).await;
                }
                (false, _) => {
                    target.leave().await;
                    if let Origin::Launched(debuggee, _) = target.origin {
                        debuggee.let_go();
                    }
                }
            }
        }
        self.out.answer(request, Ok(Value::Null))?;
        Ok(Then::Close)
    }

    /// Ends what was launched, and waits for that; what it still says is told. Returns its exit
    /// code.
    pub(super) async fn put_an_end_to(&mut self, target: &mut Target) -> io::Result<i32> {
        let asked = target.end();
        let mut told = Ok(());
        if asked.is_ok() {
            let heard = async {
                loop {
                    match target.next().await {
                        News::Over => break,
                        news if told.is_ok() => told = self.tell_last(target, news),
                        _ => {}
                    }
                }
            };
            if timeout(GRACE, heard).await.is_err()
                && let Origin::Launched(debuggee, _) = &mut target.origin
            {
                debuggee.kill();
            }
        }
        told?;
        self.exit_code(target).await
    }

    /// The exit code of what was launched and has ended.
    pub(super) async fn exit_code(&mut self, target: &mut Target) -> io::Result<i32> {
        let Origin::Launched(debuggee, _) = &mut target.origin else {
            return Ok(0);
        };
        let (words, code) = match debuggee.ended().await {
            Ok(ended) => ended,
            Err(error) => (format!("perilune: {error:#}\n"), 1),
        };
        if !words.is_empty() {
            self.out.text("stderr", &words)?;
        }
        Ok(match target.code {
            Some(code) => code,
            // In good order, as it was asked to, but not by itself.
            None if target.ending && code == 0 => TERMINATED,
            None => code,
        })
    }

    /// Answers what the kernel will not.
    pub(super) fn give_up_waiting(&mut self, target: &mut Target, why: &str) -> io::Result<()> {
        let runs = target.runs.drain().filter_map(|(_, run)| run.request);
        let asked = target.asked.drain().map(|(_, request)| request);
        for request in asked.chain(runs) {
            self.out.answer(&request, Err(Refusal::over(why)))?;
        }
        Ok(())
    }

    pub(super) fn tell_exited(&mut self, code: i32) -> io::Result<()> {
        self.out.event("exited", json!({"exitCode": code}))?;
        self.tell_terminated()
    }

    pub(super) fn tell_terminated(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.terminated, true) {
            return Ok(());
        }
        self.out.event("terminated", Value::Null)
    }
}

/// Waits until the kernel has ended.
async fn end_of(target: &mut Target) {
    while !matches!(target.next().await, News::Over) {}
}
