mod requests;

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use perilune_transport::{Channel, Source};
use perilune_wire::{ConnectionFile, Key, Message, Outgoing, Parent, Session, Unverified};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use crate::connection::{Connection, Inbox, News};
use crate::error::ClientError;
use crate::heard::Heard;
use crate::kernel_info::KernelInfo;
use crate::notice::Notice;

/// How often a kernel is asked anew who it is, until it is heard on iopub too.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// A kernel, from the other side.
///
/// Everything is asked through a shared reference: one task reads [`Client::next`] while others
/// ask. Over ZeroMQ a thread of its own reads the sockets, so that a terminal that is slow does not
/// make the kernel leave something out.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    inbox: tokio::sync::Mutex<Inbox>,
    session: Session,
    info: OnceLock<KernelInfo>,
    /// Who waits for the reply to which request.
    awaited: Mutex<HashMap<String, oneshot::Sender<Message>>>,
    /// What came while somebody waited for a reply, or while we connected.
    backlog: Mutex<VecDeque<Heard>>,
    end: Mutex<End>,
}

/// What is known of the connection's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing.
    Unknown,
    /// The kernel said that it ends.
    Announced,
    /// It has come, and was told.
    Told,
}

impl Client {
    /// A client of a kernel in this process.
    pub fn in_process(client: perilune_transport::Client, key: Key) -> Self {
        let (connection, inbox) = Connection::in_process(client);
        Self::over(connection, inbox, Session::new(key, username()))
    }

    /// Connects to a kernel, and returns when it answers and its output is heard, so that none of
    /// what is asked from now on is missed.
    ///
    /// # Errors
    ///
    /// Within `patience`: [`ClientError::NobodyThere`], [`ClientError::Silent`],
    /// [`ClientError::Ignored`], [`ClientError::NoKernel`], [`ClientError::System`].
    pub async fn connect(file: &ConnectionFile, patience: Duration) -> Result<Self, ClientError> {
        let session = Session::new(file.key(), username());
        Self::connect_as(session, file, patience).await
    }

    /// Connects anew as the client it was, after the connection was lost: the kernel sends what it
    /// still has for it there.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    pub async fn reconnect(
        self,
        file: &ConnectionFile,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let session = self.session.clone();
        drop(self);
        Self::connect_as(session, file, patience).await
    }

    async fn connect_as(
        session: Session,
        file: &ConnectionFile,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let deadline = Instant::now() + patience;
        let endpoints = file.endpoints()?;
        let (connection, inbox) = Connection::open(&endpoints, session.id(), patience).await?;
        let client = Self::over(connection, inbox, session);
        let address = crate::connection::address(&endpoints, endpoints.ports().hb);
        match timeout_at(deadline, client.get_acquainted()).await {
            Ok(Ok(())) => Ok(client),
            // It has no answer to what it thinks is not signed; or its own signature is wrong.
            Ok(Err(ClientError::Message(perilune_wire::WireError::BadSignature))) => {
                Err(ClientError::Ignored { address })
            }
            Ok(Err(error)) => Err(error),
            Err(_) if client.connection.has_beaten() => Err(ClientError::Ignored { address }),
            Err(_) => Err(ClientError::Silent {
                address,
                after: patience,
            }),
        }
    }

    fn over(connection: Connection, inbox: Inbox, session: Session) -> Self {
        Self {
            connection,
            inbox: tokio::sync::Mutex::new(inbox),
            session,
            info: OnceLock::new(),
            awaited: Mutex::default(),
            backlog: Mutex::default(),
            end: Mutex::new(End::Unknown),
        }
    }

    /// Waits until the kernel has said who it is, and something was heard on iopub: its welcome
    /// (JEP 65), or from a kernel that has none the status of what we ask.
    async fn get_acquainted(&self) -> Result<(), ClientError> {
        let mut inbox = self.inbox.lock().await;
        let mut hears_iopub = false;
        loop {
            // Control is answered whatever runs.
            self.send(
                Channel::Control,
                "kernel_info_request",
                Parent::none(),
                json!({}),
            )?;
            let again = Instant::now() + ASK_AGAIN;
            while let Ok(news) = timeout_at(again, inbox.next()).await {
                match news {
                    News::Message(source, frames) => {
                        let message = Unverified::split(frames)?.verify_once(self.session.key())?;
                        match source {
                            Source::Iopub => hears_iopub = true,
                            Source::Control if message.header.msg_type == "kernel_info_reply" => {
                                self.info.get_or_init(|| {
                                    // A kernel that says nothing of itself is a kernel all the same.
                                    message.content().unwrap_or(KernelInfo::unknown())
                                });
                            }
                            _ => {}
                        }
                        let heard = Heard::Message(source, Box::new(message));
                        self.backlog().push_back(heard);
                        if hears_iopub && self.info.get().is_some() {
                            return Ok(());
                        }
                    }
                    News::Silent(_) | News::Awake => {}
                    News::Over => return Err(ClientError::Lost),
                }
            }
        }
    }

    /// What is known of the kernel: always, once connected over ZeroMQ.
    pub fn info(&self) -> Option<&KernelInfo> {
        self.info.get()
    }

    /// The id of this client's session: what it causes carries it in the parent header.
    pub fn session(&self) -> &str {
        self.session.id()
    }

    /// Asks something, and waits for the reply, whose content it returns. What else comes
    /// meanwhile, [`Client::next`] has later. What [`Client::next`] would say of the reply is not
    /// said there.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoReply`] after `limit`; [`ClientError::Lost`] and [`ClientError::Ended`] at
    /// once.
    pub async fn ask(
        &self,
        channel: Channel,
        msg_type: &'static str,
        content: impl Serialize,
        limit: Duration,
    ) -> Result<Value, ClientError> {
        let (sender, mut reply) = oneshot::channel();
        let (frames, id) = self.frames(msg_type, Parent::none(), content)?;
        // Before it is sent: the answer may be quick.
        lock(&self.awaited).insert(id.clone(), sender);
        self.connection.send(channel, frames);
        let answered = async {
            loop {
                tokio::select! {
                    biased;
                    reply = &mut reply => match reply {
                        Ok(message) => return Ok(message.content()?),
                        Err(_) => return Err(ClientError::Lost),
                    },
                    mut inbox = self.inbox.lock() => {
                        // Whoever read before us may have found it.
                        if let Ok(message) = reply.try_recv() {
                            return Ok(message.content()?);
                        }
                        match self.read_one(&mut inbox).await? {
                            Continue(heard) => self.backlog().extend(heard),
                            Break(()) => return Err(ClientError::Ended),
                        }
                    }
                }
            }
        };
        let answered = timeout(limit, answered).await;
        lock(&self.awaited).remove(&id);
        answered.unwrap_or(Err(ClientError::NoReply {
            request: msg_type,
            after: limit,
        }))
    }

    /// Sends a request, and returns its id. The reply comes as a [`Notice::Reply`], if it comes on
    /// shell.
    pub fn request(
        &self,
        channel: Channel,
        msg_type: &'static str,
        content: impl Serialize,
    ) -> Result<String, ClientError> {
        self.send(channel, msg_type, Parent::none(), content)
    }

    fn send(
        &self,
        channel: Channel,
        msg_type: &'static str,
        parent: Parent,
        content: impl Serialize,
    ) -> Result<String, ClientError> {
        let (frames, id) = self.frames(msg_type, parent, content)?;
        self.connection.send(channel, frames);
        Ok(id)
    }

    fn frames(
        &self,
        msg_type: &'static str,
        parent: Parent,
        content: impl Serialize,
    ) -> Result<(perilune_transport::Frames, String), ClientError> {
        let message = Outgoing::new(msg_type, parent, content);
        Ok(self.session.frames_with_id(Vec::new(), message)?)
    }

    /// The next thing the kernel says; `None` when it has ended, as it said it would, or as a
    /// kernel in this process does. Cancel safe.
    ///
    /// # Errors
    ///
    /// [`ClientError::Lost`], once, when the connection broke; [`ClientError::Message`].
    pub async fn next(&self) -> Option<Result<Notice, ClientError>> {
        loop {
            match self.next_heard().await? {
                Ok(heard) => {
                    // Else it is nothing that matters here.
                    if let Some(notice) = heard.notice().transpose() {
                        return Some(notice);
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// As [`Client::next`], with messages as they were sent. Cancel safe.
    ///
    /// # Errors
    ///
    /// As [`Client::next`].
    pub async fn next_heard(&self) -> Option<Result<Heard, ClientError>> {
        let mut inbox = self.inbox.lock().await;
        loop {
            if let Some(heard) = self.backlog().pop_front() {
                return Some(Ok(heard));
            }
            match self.read_one(&mut inbox).await {
                Ok(Continue(Some(heard))) => return Some(Ok(heard)),
                // What somebody else waits for.
                Ok(Continue(None)) => {}
                Ok(Break(())) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Waits for one message, and does what is to be done with it; breaks when none comes any more.
    /// Cancel safe.
    async fn read_one(
        &self,
        inbox: &mut Inbox,
    ) -> Result<ControlFlow<(), Option<Heard>>, ClientError> {
        let (source, frames) = match inbox.next().await {
            News::Message(source, frames) => (source, frames),
            News::Silent(since) => return Ok(Continue(Some(Heard::Silent(since)))),
            News::Awake => return Ok(Continue(Some(Heard::Awake))),
            News::Over => {
                // Nobody will be answered any more.
                lock(&self.awaited).clear();
                let end = std::mem::replace(&mut *lock(&self.end), End::Told);
                return match end {
                    End::Unknown if !self.connection.is_in_process() => Err(ClientError::Lost),
                    _ => Ok(Break(())),
                };
            }
        };
        let message = Unverified::split(frames)?.verify_once(self.session.key())?;
        if let (Source::Iopub | Source::Control, "shutdown_reply") =
            (source, message.header.msg_type.as_str())
        {
            let mut end = lock(&self.end);
            if *end == End::Unknown {
                *end = End::Announced;
            }
        }
        if let Source::Shell | Source::Control = source
            && let Some(parent) = message.parent_header()
            && let Some(waiting) = lock(&self.awaited).remove(&parent.msg_id)
        {
            // Who no longer waits has no use for it.
            let _ = waiting.send(message);
            return Ok(Continue(None));
        }
        Ok(Continue(Some(Heard::Message(source, Box::new(message)))))
    }

    fn backlog(&self) -> MutexGuard<'_, VecDeque<Heard>> {
        lock(&self.backlog)
    }
}

/// As jupyter_client says who it is.
fn username() -> String {
    std::env::var("USER").unwrap_or_else(|_| "username".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
