use bytes::Bytes;
use serde_json::json;

use crate::kernel;

#[test]
fn a_comm_for_an_unknown_target_is_closed_at_once() {
    let (_kernel, mut client) = kernel();
    let content = json!({"comm_id": "c1", "target_name": "nobody", "data": {}});
    let open = client.send_shell("comm_open", content);
    client.status(&open, "busy");
    assert_eq!(client.iopub(&open, "comm_close").text("/comm_id"), "c1");
    client.status(&open, "idle");
}

#[test]
fn a_comm_carries_data_and_buffers_both_ways() {
    let (_kernel, mut client) = kernel();
    let code = "comm.register_target('echo', function(c)
            c:on_msg(function(c, message) c:send(message.data, nil, message.buffers) end)
        end)";
    client.runs_quietly(code, 1);

    let content = json!({"comm_id": "c1", "target_name": "echo", "data": {}});
    let open = client.send_shell("comm_open", content);
    client.status(&open, "busy");
    client.status(&open, "idle");

    let info = client.send_shell("comm_info_request", json!({"target_name": "echo"}));
    client.status(&info, "busy");
    client.status(&info, "idle");
    let reply = client.shell(&info, "comm_info_reply");
    assert_eq!(
        *reply.field("/comms"),
        json!({"c1": {"target_name": "echo"}})
    );

    let content = json!({"comm_id": "c1", "data": {"n": 7}});
    let bytes = Bytes::from_static(b"\x00\xff<IDS|MSG>");
    let message = client.send_shell_with_buffers("comm_msg", content, vec![bytes.clone()]);
    client.status(&message, "busy");
    let echo = client.iopub(&message, "comm_msg");
    assert_eq!(*echo.field("/data"), json!({"n": 7}));
    assert_eq!(echo.message.buffers, [bytes]);
    client.status(&message, "idle");

    let close = client.send_shell("comm_close", json!({"comm_id": "c1", "data": {}}));
    client.status(&close, "busy");
    client.status(&close, "idle");
    let info = client.send_shell("comm_info_request", json!({}));
    client.status(&info, "busy");
    client.status(&info, "idle");
    assert_eq!(
        *client.shell(&info, "comm_info_reply").field("/comms"),
        json!({})
    );
}
