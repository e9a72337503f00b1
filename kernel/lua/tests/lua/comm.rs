//! Comms, from both ends.

use crate::notebook::{Event, Notebook};
use bytes::Bytes;
use perilune_language::{CommMessage, Language};
use serde_json::{Map, Value, json};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn open(target: &str) -> CommMessage {
    CommMessage::Open {
        id: "c1".to_owned(),
        target: target.to_owned(),
        data: object(json!({"n": 1, "list": [1, null]})),
        metadata: Map::new(),
        buffers: vec![Bytes::from_static(b"\xff\0")],
    }
}

fn data(value: Value) -> CommMessage {
    CommMessage::Data {
        id: "c1".to_owned(),
        data: object(value),
        metadata: Map::new(),
        buffers: Vec::new(),
    }
}

#[test]
fn a_front_end_talks_to_a_registered_target() {
    let mut notebook = Notebook::new();
    notebook.run(
        "comm.register_target('echo', function(c, open)
           print(c.target, open.data.n, #open.data.list, open.buffers[1] == '\\xff\\0')
           c:on_msg(function(c, m) c:send({got = m.data.text, list = perilune.array{}}) end)
           c:on_close(function(c, m) print('closed', m.data.why) end)
         end)",
    );
    assert!(notebook.lua.comm(open("echo")).unwrap());
    assert_eq!(notebook.take_output(), "echo\t1\t2\ttrue\n");
    notebook.lua.comm(data(json!({"text": "hi"}))).unwrap();
    assert_eq!(
        notebook.host.take(),
        [Event::Comm(data(json!({"got": "hi", "list": []})))]
    );
    let close = CommMessage::Close {
        id: "c1".to_owned(),
        data: object(json!({"why": "done"})),
        metadata: Map::new(),
        buffers: Vec::new(),
    };
    notebook.lua.comm(close).unwrap();
    assert_eq!(notebook.take_output(), "closed\tdone\n");
    notebook.lua.comm(data(json!({}))).unwrap();
    assert_eq!(notebook.host.take(), []);
}

#[test]
fn an_unknown_target_is_refused() {
    let mut notebook = Notebook::new();
    assert!(!notebook.lua.comm(open("nobody")).unwrap());
}

#[test]
fn an_error_in_a_handler_is_a_failure() {
    let mut notebook = Notebook::new();
    notebook.run("comm.register_target('bad', function() error('no') end)");
    let failure = notebook.lua.comm(open("bad")).unwrap_err();
    assert_eq!(failure.message, "cell[1]:1: no");
}

#[test]
fn lua_opens_comms_too() {
    let mut notebook = Notebook::new();
    notebook.run(
        "c = comm.open('jupyter.widget', {state = {value = 1}}, {version = '2.1.0'}, {'buffer'})
        c:send({x = 1}) c:close() c:close()",
    );
    let events = notebook.host.take();
    let [
        Event::Comm(CommMessage::Open {
            id,
            target,
            data,
            metadata,
            buffers,
        }),
        _,
        Event::Comm(CommMessage::Close { id: closed, .. }),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((target.as_str(), id), ("jupyter.widget", closed));
    assert_eq!(data["state"]["value"], 1);
    assert_eq!(metadata["version"], "2.1.0");
    assert_eq!(buffers, &[Bytes::from_static(b"buffer")]);
    assert_eq!(
        notebook.fail("c:send({})").message,
        "cell[2]:1: this comm is closed"
    );
}
