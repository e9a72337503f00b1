use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Whether a thread answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It did, after this time.
    After(Duration),
    /// It did not in time.
    Late,
    /// It never will: the kernel has not begun to serve, or has ended.
    Never,
}

/// The way to ask the I/O thread whether it lives.
#[derive(Debug)]
pub(super) struct Liveness {
    ask: mpsc::UnboundedSender<oneshot::Sender<()>>,
    // Until the I/O thread takes it.
    questions: Mutex<Option<Questions>>,
}

/// The I/O thread's end.
#[derive(Debug)]
pub(crate) struct Questions(Option<mpsc::UnboundedReceiver<oneshot::Sender<()>>>);

impl Liveness {
    pub(super) fn new() -> Self {
        let (ask, questions) = mpsc::unbounded_channel();
        Self {
            ask,
            questions: Mutex::new(Some(Questions(Some(questions)))),
        }
    }

    pub(super) fn questions(&self) -> Questions {
        let mut questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        questions.take().unwrap_or(Questions(None))
    }

    pub(super) async fn ask(&self, limit: Duration) -> Answer {
        let began = Instant::now();
        let (sender, answer) = oneshot::channel();
        if self.ask.send(sender).is_err() {
            return Answer::Never;
        }
        match timeout(limit, answer).await {
            Ok(Ok(())) => Answer::After(began.elapsed()),
            Ok(Err(_)) => Answer::Never,
            Err(_) => Answer::Late,
        }
    }
}

impl Questions {
    /// Answers what is asked, for ever. Cancel safe.
    pub(crate) async fn answer(&mut self) {
        if let Some(questions) = &mut self.0 {
            while let Some(question) = questions.recv().await {
                // Who asked may have given up.
                let _ = question.send(());
            }
        }
        std::future::pending().await
    }
}
