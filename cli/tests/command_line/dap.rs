//! `perilune dap` as an editor starts it. What it does there, `tests/dap` tests in depth.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::perilune::{Running, Surroundings};

/// A client of the protocol over standard input and output.
struct Editor {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    seq: u64,
}

impl Editor {
    fn start(here: &Surroundings) -> Self {
        let mut child = here
            .command(["dap"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            seq: 0,
        }
    }

    /// Asks, and returns the body of the answer, which must be a success.
    fn ask(&mut self, command: &str, arguments: Value) -> Value {
        self.seq += 1;
        let request = json!({
            "seq": self.seq, "type": "request", "command": command, "arguments": arguments,
        });
        let request = request.to_string();
        write!(
            self.stdin,
            "Content-Length: {}\r\n\r\n{request}",
            request.len()
        )
        .unwrap();
        let seq = self.seq;
        let answer = self.until(|message| message["request_seq"] == seq);
        assert_eq!(answer["success"], true, "{answer}");
        answer["body"].clone()
    }

    /// The next message that fits; others are let go.
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.read();
            if fits(&message) {
                return message;
            }
        }
    }

    fn event(&mut self, event: &str) -> Value {
        self.until(|message| message["event"] == event)["body"].clone()
    }

    fn read(&mut self) -> Value {
        let mut header = String::new();
        self.stdout.read_line(&mut header).unwrap();
        let length = header.trim().strip_prefix("Content-Length: ").unwrap();
        let mut content = vec![0; 2 + length.parse::<usize>().unwrap()];
        self.stdout.read_exact(&mut content).unwrap();
        serde_json::from_slice(&content).unwrap()
    }
}

#[test]
fn a_program_is_debugged_over_standard_input_and_output() {
    let here = Surroundings::new();
    let program = here.write("sum.lua", "local sum = 0\nsum = sum + 7\nos.exit(sum)\n");
    let mut editor = Editor::start(&here);
    let capabilities = editor.ask("initialize", json!({"adapterID": "perilune"}));
    assert_eq!(capabilities["supportsConfigurationDoneRequest"], true);
    editor.ask("launch", json!({"program": program}));
    editor.event("initialized");
    let source = json!({"path": program});
    let set = json!({"source": source, "breakpoints": [{"line": 2}]});
    let set = editor.ask("setBreakpoints", set);
    assert_eq!(set["breakpoints"][0]["verified"], true);
    editor.ask("configurationDone", json!({}));
    assert_eq!(editor.event("stopped")["reason"], "breakpoint");
    let trace = editor.ask("stackTrace", json!({"threadId": 1}));
    assert_eq!(trace["stackFrames"][0]["line"], 2);
    editor.ask("continue", json!({"threadId": 1}));
    assert_eq!(editor.event("exited")["exitCode"], 7);
    editor.event("terminated");
    editor.ask("disconnect", json!({}));
    assert_eq!(editor.child.wait().unwrap().code(), Some(0));
}

#[test]
fn where_it_listens_is_all_of_standard_output_whatever_is_logged() {
    let here = Surroundings::new();
    let mut command = here.command(["dap", "--listen", "127.0.0.1:0", "--json"]);
    command.env("PERILUNE_LOG", "trace");
    let server = Running::new(command.spawn().unwrap());
    let document: Value = serde_json::from_str(&server.stdout_line()).unwrap();
    assert_eq!(document["schema_version"], 1);
    let address = document["address"].as_str().unwrap();
    assert_eq!(document["token"].as_str().unwrap().len(), 64);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"no message at all\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
    server.signal(Signal::SIGTERM);
    let ended = server.ended();
    assert_eq!((ended.code, &*ended.stdout), (Some(143), ""));
    assert!(
        ended.stderr.contains("no message at all"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_it_starts_is_no_command_for_people() {
    let here = Surroundings::new();
    let help = here.run(["--help"]).stdout;
    assert!(help.contains("  dap "), "{help}");
    assert!(!help.contains("debuggee"), "{help}");
    let page = here.run(["man", "dap"]).stdout;
    assert!(page.contains("PERILUNE_DAP_TOKEN"), "{page}");
}
