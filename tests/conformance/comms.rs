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

#[test]
fn what_a_handler_writes_goes_below_the_cell_that_opened_the_comm() {
    let (_kernel, mut client) = kernel();
    let code = "c = comm.open('widget')
        c:on_msg(function(c, message) print(message.data.text) c:send({heard = true}) end);";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let id = client.iopub(&cell, "comm_open").text("/comm_id").to_owned();
    client.ends(&cell, 1);
    assert_eq!(client.value("'another cell'", 2), "\"another cell\"");

    let message = |text| json!({"comm_id": id, "data": {"text": text}});
    let moved = client.send_shell("comm_msg", message("moved"));
    client.status(&moved, "busy");
    client.stream(&cell, "stdout", "moved\n");
    client.iopub(&moved, "comm_msg");
    client.status(&moved, "idle");

    let broken = "c:place():on_msg(function() display('before') error('no') end);";
    let placed = client.send_execute(broken);
    client.begins(&placed, broken, 3);
    client.ends(&placed, 3);
    let failed = client.send_shell("comm_msg", message("again"));
    client.status(&failed, "busy");
    client.iopub(&placed, "display_data");
    client.iopub(&placed, "error");
    client.status(&failed, "idle");
}

#[test]
fn a_comm_that_a_silent_cell_opened_is_of_no_cell() {
    let (_kernel, mut client) = kernel();
    let code = "c = comm.open('quiet') c:place() c:on_msg(function() print('heard') end);";
    let content = json!({"code": code, "silent": true});
    let cell = client.send_shell("execute_request", content);
    client.status(&cell, "busy");
    let id = client.iopub(&cell, "comm_open").text("/comm_id").to_owned();
    client.status(&cell, "idle");
    client.shell(&cell, "execute_reply");

    let message = client.send_shell("comm_msg", json!({"comm_id": id, "data": {}}));
    client.status(&message, "busy");
    client.stream(&message, "stdout", "heard\n");
    client.status(&message, "idle");
}
