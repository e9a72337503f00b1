use bytes::Bytes;
use perilune_wire::{Endpoints, Key, Outgoing, Parent, Session, Unverified};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use zeromq::{
    DealerSocket, ReqSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqMessage,
};

use crate::process::PATIENCE;
use crate::{KernelProcess, Received, schema};

/// The id of a request, by which its effects are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request(pub String);

/// A Jupyter client that fails on whatever a test did not ask for.
///
/// Each method that names a message expects exactly that one next on its channel. When the client
/// is dropped, nothing may be left.
pub struct Client {
    runtime: Runtime,
    key: Key,
    session: Session,
    shell: DealerSocket,
    control: DealerSocket,
    stdin: DealerSocket,
    iopub: SubSocket,
    heartbeat: ReqSocket,
}

/// How long a channel must be silent for a test to believe that nothing more comes.
const SILENCE: std::time::Duration = std::time::Duration::from_millis(30);

impl Client {
    /// Connects to all five channels and takes the welcome.
    pub fn connect(kernel: &mut KernelProcess) -> Self {
        let file = kernel.connection();
        let endpoints = file.endpoints().expect("endpoints");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let ports = endpoints.ports();
        let at = |port: u16| match &endpoints {
            Endpoints::Tcp(ip, _) => format!("tcp://{ip}:{port}"),
            Endpoints::Ipc(prefix, _) => format!("ipc://{prefix}-{port}"),
        };
        let session = Session::new(file.key(), "tester");
        let (shell, control, stdin, iopub, heartbeat) = runtime.block_on(async {
            let dealer = || {
                // Jupyter's clients use one identity on shell and stdin, so that a question finds
                // the one who asked for the code.
                let mut options = SocketOptions::default();
                options.peer_identity(session.id().parse().expect("an identity"));
                DealerSocket::with_options(options)
            };
            let (mut shell, mut control, mut stdin) = (dealer(), dealer(), dealer());
            let (mut iopub, mut heartbeat) = (SubSocket::new(), ReqSocket::new());
            iopub.connect(&at(ports.iopub)).await.expect("iopub");
            iopub.subscribe("").await.expect("a subscription");
            shell.connect(&at(ports.shell)).await.expect("shell");
            control.connect(&at(ports.control)).await.expect("control");
            stdin.connect(&at(ports.stdin)).await.expect("stdin");
            heartbeat.connect(&at(ports.hb)).await.expect("heartbeat");
            (shell, control, stdin, iopub, heartbeat)
        });
        let key = file.key();
        let mut client = Self {
            runtime,
            key,
            session,
            shell,
            control,
            stdin,
            iopub,
            heartbeat,
        };
        client.expect_welcome();
        client
    }

    fn expect_welcome(&mut self) {
        let mut welcome = self.next_iopub();
        // A subscriber that is early hears of the start too.
        if welcome.msg_type() == "status" {
            assert_eq!(welcome.text("/execution_state"), "starting");
            welcome = self.next_iopub();
        }
        assert_eq!(welcome.msg_type(), "iopub_welcome", "{welcome}");
        assert_eq!(welcome.text("/subscription"), "");
        assert_eq!(welcome.message.raw_parent.as_ref(), b"{}");
    }

    /// Sends a request on shell.
    pub fn send_shell(&mut self, msg_type: &'static str, content: Value) -> Request {
        let (frames, request) = self.compose(msg_type, content, Vec::new());
        self.runtime
            .block_on(self.shell.send(frames))
            .expect("sent");
        request
    }

    /// Sends a request with buffers on shell.
    pub fn send_shell_with_buffers(
        &mut self,
        msg_type: &'static str,
        content: Value,
        buffers: Vec<Bytes>,
    ) -> Request {
        let (frames, request) = self.compose(msg_type, content, buffers);
        self.runtime
            .block_on(self.shell.send(frames))
            .expect("sent");
        request
    }

    /// Sends a request on control.
    pub fn send_control(&mut self, msg_type: &'static str, content: Value) -> Request {
        let (frames, request) = self.compose(msg_type, content, Vec::new());
        self.runtime
            .block_on(self.control.send(frames))
            .expect("sent");
        request
    }

    /// Sends an `execute_request` as a front end does.
    pub fn send_execute(&mut self, code: &str) -> Request {
        self.send_shell("execute_request", execute(code))
    }

    /// Answers a question.
    pub fn send_input(&mut self, question: &Received, value: &str) {
        let parent = Parent::of(&question.message.raw_header);
        let message = Outgoing::new("input_reply", parent, json!({"value": value}));
        let frames = self.session.frames(Vec::new(), message).expect("frames");
        self.runtime
            .block_on(self.stdin.send(zmq(frames)))
            .expect("sent");
    }

    /// Sends frames as they are on shell.
    pub fn send_raw(&mut self, frames: Vec<Bytes>) {
        self.runtime
            .block_on(self.shell.send(zmq(frames)))
            .expect("sent");
    }

    /// The frames of a request, to be damaged and sent with [`Client::send_raw`].
    pub fn frames(&mut self, msg_type: &'static str, content: Value) -> (Vec<Bytes>, Request) {
        let message = Outgoing::new(msg_type, Parent::none(), content);
        let (frames, id) = self
            .session
            .frames_with_id(Vec::new(), message)
            .expect("frames of a request");
        (frames, Request(id))
    }

    /// The key, to sign damaged frames with.
    pub fn key(&self) -> &Key {
        &self.key
    }

    fn compose(
        &self,
        msg_type: &'static str,
        content: Value,
        buffers: Vec<Bytes>,
    ) -> (ZmqMessage, Request) {
        let mut message = Outgoing::new(msg_type, Parent::none(), content);
        message.buffers = buffers;
        let (frames, id) = self
            .session
            .frames_with_id(Vec::new(), message)
            .expect("frames");
        (zmq(frames), Request(id))
    }

    /// The reply that comes next on shell.
    pub fn shell(&mut self, request: &Request, msg_type: &str) -> Received {
        let message = receive(&self.runtime, &mut self.shell, "shell");
        let received = self.read("shell", message);
        expect(&received, request, msg_type);
        received
    }

    /// The reply that comes next on control.
    pub fn control(&mut self, request: &Request, msg_type: &str) -> Received {
        let message = receive(&self.runtime, &mut self.control, "control");
        let received = self.read("control", message);
        expect(&received, request, msg_type);
        received
    }

    /// The question that comes next on stdin.
    pub fn input_request(&mut self, request: &Request) -> Received {
        let message = receive(&self.runtime, &mut self.stdin, "stdin");
        let received = self.read("stdin", message);
        expect(&received, request, "input_request");
        // All who listen are told of it, so that another may answer when the asker has gone.
        let told = self.iopub(request, "status");
        assert_eq!(told.text("/execution_state"), "busy", "{told}");
        let metadata: Value = told.message.metadata().expect("metadata");
        assert!(metadata["perilune_question"].is_object(), "{metadata}");
        received
    }

    /// The message that comes next on iopub.
    pub fn iopub(&mut self, request: &Request, msg_type: &str) -> Received {
        let received = self.next_iopub();
        expect(&received, request, msg_type);
        received
    }

    /// The message that comes next on iopub, and that answers no request.
    pub fn iopub_unasked(&mut self, msg_type: &str) -> Received {
        let received = self.next_iopub();
        assert_eq!(received.msg_type(), msg_type, "{received}");
        assert_eq!(received.message.raw_parent.as_ref(), b"{}", "{received}");
        received
    }

    /// The status that comes next on iopub.
    pub fn status(&mut self, request: &Request, state: &str) {
        let received = self.iopub(request, "status");
        assert_eq!(received.text("/execution_state"), state, "{received}");
    }

    /// Text of one stream, in however many messages it comes.
    pub fn stream(&mut self, request: &Request, name: &str, text: &str) {
        let mut all = String::new();
        while all.len() < text.len() {
            let received = self.iopub(request, "stream");
            assert_eq!(received.text("/name"), name, "{received}, after {all:?}");
            all.push_str(received.text("/text"));
        }
        assert_eq!(all, text);
    }

    /// busy and `execute_input` of a cell.
    pub fn begins(&mut self, request: &Request, code: &str, count: u64) {
        self.status(request, "busy");
        let input = self.iopub(request, "execute_input");
        assert_eq!(input.text("/code"), code);
        assert_eq!(input.field("/execution_count"), count);
    }

    /// idle and the reply of a cell that ran to its end.
    pub fn ends(&mut self, request: &Request, count: u64) -> Received {
        self.status(request, "idle");
        let reply = self.shell(request, "execute_reply");
        assert_eq!(reply.text("/status"), "ok", "{reply}");
        assert_eq!(reply.field("/execution_count"), count);
        reply
    }

    /// Runs a cell that prints nothing and has no value.
    pub fn runs_quietly(&mut self, code: &str, count: u64) {
        let request = self.send_execute(code);
        self.begins(&request, code, count);
        self.ends(&request, count);
    }

    /// Runs a cell and returns its value as text.
    pub fn value(&mut self, code: &str, count: u64) -> String {
        let request = self.send_execute(code);
        self.begins(&request, code, count);
        let result = self.iopub(&request, "execute_result");
        assert_eq!(result.field("/execution_count"), count);
        self.ends(&request, count);
        result.text("/data/text~1plain").to_owned()
    }

    /// Sends a beat and returns what comes back.
    pub fn beat(&mut self, bytes: &'static [u8]) -> Bytes {
        let heartbeat = &mut self.heartbeat;
        let echo = self.runtime.block_on(async {
            heartbeat
                .send(Bytes::from_static(bytes).into())
                .await
                .expect("a beat");
            timeout(PATIENCE, heartbeat.recv()).await
        });
        echo.expect("an echo in time")
            .expect("an echo")
            .into_vec()
            .remove(0)
    }

    /// Asserts that nothing comes on any channel, for as long as one believes it.
    pub fn silence(&mut self) {
        let Self {
            runtime,
            shell,
            control,
            stdin,
            iopub,
            ..
        } = self;
        let heard = runtime.block_on(async {
            timeout(SILENCE, async {
                tokio::select! {
                    message = shell.recv() => ("shell", message),
                    message = control.recv() => ("control", message),
                    message = stdin.recv() => ("stdin", message),
                    message = iopub.recv() => ("iopub", message),
                }
            })
            .await
        });
        if let Ok((channel, message)) = heard {
            let received = self.read(channel, message.expect("a message"));
            panic!("nobody asked for {received}");
        }
    }

    fn next_iopub(&mut self) -> Received {
        let message = receive(&self.runtime, &mut self.iopub, "iopub");
        self.read("iopub", message)
    }

    fn read(&self, channel: &'static str, message: ZmqMessage) -> Received {
        let unverified = Unverified::split(message.into_vec()).expect("a Jupyter message");
        let message = unverified
            .verify_once(&self.key)
            .expect("a signature of the key");
        let content = message.content().expect("JSON content");
        let received = Received {
            channel,
            message,
            content,
        };
        assert_ne!(
            received.message.header.session,
            self.session.id(),
            "our session: {received}"
        );
        schema::check(&received);
        received
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.silence();
        }
    }
}

/// The content of an `execute_request` as front ends send it.
fn execute(code: &str) -> Value {
    json!({
        "code": code,
        "silent": false,
        "store_history": true,
        "user_expressions": {},
        "allow_stdin": true,
        "stop_on_error": true,
    })
}

fn expect(received: &Received, request: &Request, msg_type: &str) {
    assert_eq!(received.msg_type(), msg_type, "{received}");
    assert_eq!(
        received.parent_id(),
        request.0,
        "{received} is of another request"
    );
}

fn receive(runtime: &Runtime, socket: &mut impl SocketRecv, channel: &str) -> ZmqMessage {
    runtime
        .block_on(async { timeout(PATIENCE, socket.recv()).await })
        .unwrap_or_else(|_| panic!("nothing came on {channel}"))
        .expect("a message")
}

fn zmq(frames: Vec<Bytes>) -> ZmqMessage {
    ZmqMessage::try_from(frames).expect("at least one frame")
}
