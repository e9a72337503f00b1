use serde_json::json;

use crate::kernel;

#[test]
fn a_cell_is_busy_input_output_result_idle_and_a_reply() {
    let (_kernel, mut client) = kernel();
    let code = "print('a')\n41 + 1";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    client.stream(&cell, "stdout", "a\n");
    let result = client.iopub(&cell, "execute_result");
    assert_eq!(result.text("/data/text~1plain"), "42");
    assert_eq!(result.field("/execution_count"), 1);
    let reply = client.ends(&cell, 1);
    assert_eq!(*reply.field("/payload"), json!([]));
    assert_eq!(*reply.field("/user_expressions"), json!({}));
}

#[test]
fn everything_is_heard_in_the_order_it_was_written() {
    let (_kernel, mut client) = kernel();
    let code = "io.write('1')
        io.stderr:write('2')
        print('3')
        display.html('4')
        os.execute('echo 5')
        io.stdout:write('6')
        os.execute('echo 7 >&2')
        print('8')";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    client.stream(&cell, "stdout", "1");
    client.stream(&cell, "stderr", "2");
    client.stream(&cell, "stdout", "3\n");
    assert_eq!(
        client.iopub(&cell, "display_data").text("/data/text~1html"),
        "4"
    );
    client.stream(&cell, "stdout", "5\n6");
    client.stream(&cell, "stderr", "7\n");
    client.stream(&cell, "stdout", "8\n");
    client.ends(&cell, 1);
}

#[test]
fn a_child_that_writes_to_both_streams_is_heard_in_its_order() {
    let (_kernel, mut client) = kernel();
    let code = "os.execute('for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done')";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    for i in 1..=9 {
        client.stream(&cell, "stdout", &format!("o{i}\n"));
        client.stream(&cell, "stderr", &format!("e{i}\n"));
    }
    let result = client.iopub(&cell, "execute_result");
    assert_eq!(result.text("/data/text~1plain"), "true, \"exit\", 0");
    client.ends(&cell, 1);
}

#[test]
fn an_error_is_told_on_iopub_and_in_the_reply() {
    let (_kernel, mut client) = kernel();
    let code = "local x = nil\nreturn x.y";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let error = client.iopub(&cell, "error");
    assert!(error.text("/evalue").contains("cell[1]:2:"), "{error}");
    client.status(&cell, "idle");
    let reply = client.shell(&cell, "execute_reply");
    assert_eq!(reply.text("/status"), "error");
    assert_eq!(reply.field("/execution_count"), 1);
    for field in ["/ename", "/evalue", "/traceback"] {
        assert_eq!(reply.field(field), error.field(field));
    }
}

#[test]
fn a_failure_aborts_the_cells_that_are_queued_and_nothing_else() {
    let (_kernel, mut client) = kernel();
    let first = client.send_execute("error('no')");
    let queued: Vec<_> = (0..10)
        .map(|_| client.send_execute("print('never')"))
        .collect();
    let info = client.send_shell("kernel_info_request", json!({}));
    client.begins(&first, "error('no')", 1);
    client.iopub(&first, "error");
    client.status(&first, "idle");
    assert_eq!(
        client.shell(&first, "execute_reply").text("/status"),
        "error"
    );
    for cell in &queued {
        client.status(cell, "busy");
        client.status(cell, "idle");
        let reply = client.shell(cell, "execute_reply");
        assert_eq!(reply.text("/status"), "aborted");
        assert_eq!(reply.field("/execution_count"), 1);
    }
    client.status(&info, "busy");
    client.status(&info, "idle");
    assert_eq!(
        client.shell(&info, "kernel_info_reply").text("/status"),
        "ok"
    );
    assert_eq!(client.value("'alive'", 2), "\"alive\"");
}

#[test]
fn a_silent_failure_aborts_nothing() {
    let (_kernel, mut client) = kernel();
    let content = json!({"code": "error('no')", "silent": true});
    let first = client.send_shell("execute_request", content);
    let second = client.send_execute("a = 1");
    client.status(&first, "busy");
    client.status(&first, "idle");
    assert_eq!(
        client.shell(&first, "execute_reply").text("/status"),
        "error"
    );
    client.begins(&second, "a = 1", 1);
    client.ends(&second, 1);
}

#[test]
fn without_stop_on_error_what_is_queued_runs() {
    let (_kernel, mut client) = kernel();
    let content = json!({"code": "error('no')", "stop_on_error": false});
    let first = client.send_shell("execute_request", content);
    let second = client.send_execute("a = 1");
    client.begins(&first, "error('no')", 1);
    client.iopub(&first, "error");
    client.status(&first, "idle");
    client.shell(&first, "execute_reply");
    client.begins(&second, "a = 1", 2);
    client.ends(&second, 2);
}

#[test]
fn a_silent_cell_is_heard_of_by_its_status_alone() {
    let (_kernel, mut client) = kernel();
    let content = json!({"code": "x = 7 print('psst') return 8", "silent": true});
    let cell = client.send_shell("execute_request", content);
    client.status(&cell, "busy");
    client.status(&cell, "idle");
    let reply = client.shell(&cell, "execute_reply");
    assert_eq!(reply.field("/execution_count"), 0);
    assert_eq!(client.value("x", 1), "7");
}

#[test]
fn a_cell_that_is_not_stored_is_shown_and_not_counted() {
    let (_kernel, mut client) = kernel();
    client.runs_quietly("x = 1", 1);
    let content = json!({"code": "x", "store_history": false});
    let cell = client.send_shell("execute_request", content);
    client.begins(&cell, "x", 1);
    assert_eq!(
        client
            .iopub(&cell, "execute_result")
            .text("/data/text~1plain"),
        "1"
    );
    client.ends(&cell, 1);
    assert_eq!(client.value("x", 2), "1");
}

#[test]
fn user_expressions_are_evaluated_after_the_cell_each_by_itself() {
    let (_kernel, mut client) = kernel();
    let content = json!({
        "code": "x = 20",
        "user_expressions": {"good": "x + 1", "bad": "nowhere.y", "worse": 7},
    });
    let cell = client.send_shell("execute_request", content);
    client.begins(&cell, "x = 20", 1);
    let reply = client.ends(&cell, 1);
    let expressions = reply.field("/user_expressions");
    assert_eq!(expressions["good"]["status"], "ok");
    assert_eq!(expressions["good"]["data"]["text/plain"], "21");
    assert_eq!(expressions["bad"]["status"], "error");
    assert!(
        expressions["bad"]["evalue"]
            .as_str()
            .unwrap()
            .contains("nowhere")
    );
    assert_eq!(expressions["worse"]["status"], "error");
}

#[test]
fn a_display_is_updated_by_its_id_and_cleared() {
    let (_kernel, mut client) = kernel();
    let code = "local bar = display.html('0 %', {id = 'bar'})
        bar:update('50 %')
        display.clear{wait = true}";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let shown = client.iopub(&cell, "display_data");
    assert_eq!(shown.text("/transient/display_id"), "bar");
    let updated = client.iopub(&cell, "update_display_data");
    assert_eq!(updated.text("/transient/display_id"), "bar");
    assert_eq!(
        *client.iopub(&cell, "clear_output").field("/wait"),
        json!(true)
    );
    client.ends(&cell, 1);
}

#[test]
fn a_hundred_thousand_lines_arrive_and_then_idle() {
    let (_kernel, mut client) = kernel();
    let code = "for i = 1, 100000 do print(i) end";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let lines: String = (1..=100_000).map(|line| format!("{line}\n")).collect();
    client.stream(&cell, "stdout", &lines);
    client.ends(&cell, 1);
}

#[test]
fn text_that_is_no_utf8_arrives_with_its_bad_bytes_replaced() {
    let (_kernel, mut client) = kernel();
    let code = r#"io.write("a\xffb\xf0\x9f\x8c") io.write("\x99|\xf0\x9f")"#;
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    client.stream(&cell, "stdout", "a\u{fffd}b\u{1f319}|\u{fffd}");
    client.ends(&cell, 1);
}

#[test]
fn the_last_line_sees_the_locals_of_the_lines_before_it_and_so_does_the_next_cell() {
    let (_kernel, mut client) = kernel();
    let code = "local t = {3, 1, 2}\ntable.sort(t)\nprint(t[1])";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    client.stream(&cell, "stdout", "1\n");
    client.ends(&cell, 1);
    assert_eq!(client.value("t[3]", 2), "3");
}

#[test]
fn code_cannot_break_out_of_its_cell() {
    let (_kernel, mut client) = kernel();
    let code = "1 end print('INJECTED') do return 2";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    assert_eq!(client.iopub(&cell, "error").text("/ename"), "SyntaxError");
    client.status(&cell, "idle");
    client.shell(&cell, "execute_reply");
}

#[test]
fn a_null_byte_ends_nothing() {
    let (_kernel, mut client) = kernel();
    let code = "print('a\\0b')\nprint('c')";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    client.stream(&cell, "stdout", "a\0b\nc\n");
    client.ends(&cell, 1);
}
