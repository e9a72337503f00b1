use std::io::Write;

use anyhow::Result;
use perilune_client::{ClientError, Notice};

use super::above::Above;
use super::answers::{answer, is_complete};
use super::command::Command;
use super::editor::{Completeness, News, Typed};
use super::keyboard::Ahead;
use super::plain;
use super::session::{End, Front, Session};
use super::signals::Asked;

/// What comes of waiting for an input.
pub(super) enum Next {
    Input(String),
    /// Nothing was typed that matters.
    Nothing,
    End(End),
}

impl Session {
    /// Waits for what is run next.
    pub(super) async fn next_input(&mut self) -> Result<Next> {
        match self.front {
            Front::Editor(_) => self.edited().await,
            Front::Plain(_) => self.plain().await,
            Front::Whole => Ok(Next::End(End::Left)),
        }
    }

    /// What was typed while a cell ran, as if it were typed now.
    async fn typed_ahead(&mut self) -> Result<Option<Next>> {
        let mut ends = false;
        while let Some(ahead) = Ahead::next() {
            match ahead {
                Ahead::Text(text) => self.ahead.push_str(&text),
                Ahead::End => {
                    ends = true;
                    break;
                }
            }
        }
        let mut input = String::new();
        while let Some(end) = self.ahead.find('\n') {
            let line: String = self.ahead.drain(..=end).collect();
            let prompt = plain::prompt(self.number, !input.is_empty());
            write!(&self.kept.stdout, "{prompt}{line}")?;
            input.push_str(&line);
            let code = input.trim_end();
            let is_whole = Command::is_one(code)
                || is_complete(self.kernel.client(), code).await == Completeness::Complete;
            if is_whole {
                return Ok(Some(Next::Input(code.to_owned())));
            }
        }
        // What is not whole is typed on.
        input.push_str(&std::mem::take(&mut self.ahead));
        if ends && input.is_empty() {
            return Ok(Some(Next::End(End::Left)));
        }
        if !input.is_empty() {
            self.prefill = Some(self.prefill.take().unwrap_or_default() + &input);
        }
        Ok(None)
    }

    /// Reads an input with the editor, and meanwhile hears whatever comes.
    async fn edited(&mut self) -> Result<Next> {
        if let Some(next) = self.typed_ahead().await? {
            return Ok(next);
        }
        let Front::Editor(editor) = &mut self.front else {
            return Ok(Next::Nothing);
        };
        editor.prompt(self.number, self.prefill.take());
        let client = self.kernel.client();
        let mut above = Above::new(self.wishes.others, client.session(), &mut self.debugger);
        let mut gone = None;
        loop {
            tokio::select! {
                biased;
                asked = self.signals.next() => match asked {
                    // Somebody sent it; the terminal's own Ctrl-C is a key.
                    Asked::Interrupt => {}
                    Asked::Terminate => return Ok(Next::End(End::Terminated)),
                    Asked::HangUp => return Ok(Next::End(End::HungUp)),
                },
                news = editor.next() => match news {
                    News::Question(query) => answer(client, query).await,
                    News::Typed(Typed::Input(input)) if gone.is_none() => {
                        return Ok(Next::Input(input));
                    }
                    News::Typed(Typed::Nothing) if gone.is_none() => return Ok(Next::Nothing),
                    News::Typed(Typed::End) if gone.is_none() => return Ok(Next::End(End::Left)),
                    News::Typed(Typed::Gone(why)) => {
                        tracing::error!("the terminal cannot be used any more: {why}");
                        return Ok(Next::End(End::HungUp));
                    }
                    News::Typed(_) => {
                        let why = gone.unwrap_or_default();
                        self.terminal.say(&format!("perilune: {why}"))?;
                        return Ok(Next::End(End::KernelGone));
                    }
                },
                notice = client.next(), if gone.is_none() => match notice {
                    Some(Ok(notice)) => {
                        if let Some(lines) = above.of(notice) {
                            editor.print_above(&lines);
                        }
                    }
                    Some(Err(error @ (ClientError::Message(_) | ClientError::NoReply { .. }))) => {
                        tracing::error!("{error}");
                    }
                    Some(Err(error)) => {
                        gone = Some(error.to_string());
                        editor.break_off();
                    }
                    None => {
                        gone = Some("the kernel has ended".to_owned());
                        editor.break_off();
                    }
                },
            }
        }
    }

    /// Reads an input line by line.
    async fn plain(&mut self) -> Result<Next> {
        let Front::Plain(plain) = &mut self.front else {
            return Ok(Next::Nothing);
        };
        let client = self.kernel.client();
        let mut input = String::new();
        plain.prompt(self.number, false)?;
        loop {
            tokio::select! {
                biased;
                asked = self.signals.next() => match asked {
                    Asked::Interrupt => {
                        plain.write("\n")?;
                        return Ok(Next::Nothing);
                    }
                    Asked::Terminate => return Ok(Next::End(End::Terminated)),
                    Asked::HangUp => return Ok(Next::End(End::HungUp)),
                },
                line = plain.lines.next() => match line? {
                    None => {
                        plain.write("\n")?;
                        return Ok(Next::End(End::Left));
                    }
                    Some(line) => {
                        let ends = line.trim().is_empty();
                        input.push_str(&line);
                        if Command::is_one(&input) || ends {
                            return Ok(Next::Input(input));
                        }
                        match is_complete(client, &input).await {
                            Completeness::Complete => return Ok(Next::Input(input)),
                            Completeness::Unknown if !input.contains('\n') => {
                                return Ok(Next::Input(input));
                            }
                            Completeness::Unknown | Completeness::Incomplete(_) => {}
                        }
                        input.push('\n');
                        plain.prompt(self.number, true)?;
                    }
                },
                notice = client.next() => match notice {
                    Some(Ok(Notice::Debugger(event))) => {
                        self.debugger.take(event);
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error @ (ClientError::Message(_) | ClientError::NoReply { .. }))) => {
                        tracing::error!("{error}");
                    }
                    Some(Err(error)) => {
                        plain.write("\n")?;
                        self.terminal.say(&format!("perilune: {error}"))?;
                        return Ok(Next::End(End::KernelGone));
                    }
                    None => {
                        plain.write("\n")?;
                        self.terminal.say("perilune: the kernel has ended")?;
                        return Ok(Next::End(End::KernelGone));
                    }
                },
            }
        }
    }
}
