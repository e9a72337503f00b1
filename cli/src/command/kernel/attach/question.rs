use anyhow::Result;
use perilune_wire::content::Question;
use serde_json::Value;

use super::attached::Attached;
use crate::attach::{Feed, Published};
use crate::terminal::Hidden;

/// A question that may still be open.
pub(super) struct Open {
    pub(super) request: String,
    pub(super) question: Question,
    /// While it is shown: what is typed is hidden, if it must be.
    pub(super) shown: Option<Option<Hidden>>,
}

impl Attached {
    /// Finds the question that was seen before, or is not to be seen, and waits still.
    pub(super) async fn find_question(&mut self, feed: &Feed) -> Result<()> {
        if self.answers.is_none() {
            return Ok(());
        }
        match feed.open_question().await? {
            Some((request, question)) => {
                if self.put_question(request, question) {
                    // What it said before it asked may not be on this screen.
                    self.view
                        .word("asks", "the cell that runs waits for your answer")?;
                }
            }
            None => self.question = None,
        }
        Ok(())
    }

    pub(super) fn take_status(&mut self, published: &Published) {
        if let Some(question) = published.metadata(Question::KEY) {
            let Ok(question) = serde_json::from_value::<Question>(question) else {
                return;
            };
            self.put_question(published.request(), question);
        } else if let Some(open) = &self.question
            && open.request == published.request()
        {
            let content = published.message.content::<Value>().unwrap_or_default();
            if content["execution_state"] == "idle" {
                self.question = None;
            }
        }
    }

    /// Takes a question to be open; one that is known stays as it is. Says whether it is new.
    fn put_question(&mut self, request: String, question: Question) -> bool {
        let known = self.question.as_ref().map(|open| &open.question);
        let is_new = known != Some(&question);
        if is_new {
            self.question = Some(Open {
                request,
                question,
                shown: None,
            });
        }
        is_new
    }

    /// Shows the question that is open, if one is that was not shown.
    pub(super) fn ask(&mut self) -> Result<()> {
        if let Some(open) = &mut self.question
            && open.shown.is_none()
            && self.answers.is_some()
        {
            self.view.question(&open.question)?;
            open.shown = Some(open.question.password.then(Hidden::begin).flatten());
        }
        Ok(())
    }
}
