use serde_json::json;

use crate::kernel;

#[test]
fn a_question_goes_to_the_client_that_asked_and_its_answer_to_the_cell() {
    let (_kernel, mut client) = kernel();
    let code = "name = perilune.input('Name? ') return name";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let question = client.input_request(&cell);
    assert_eq!(question.text("/prompt"), "Name? ");
    assert_eq!(*question.field("/password"), json!(false));
    client.send_input(&question, "Luna");
    let result = client.iopub(&cell, "execute_result");
    assert_eq!(result.text("/data/text~1plain"), "\"Luna\"");
    client.ends(&cell, 1);
}

#[test]
fn a_password_is_asked_for_as_one() {
    let (_kernel, mut client) = kernel();
    let code = "p = perilune.input('Key: ', {password = true})";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let question = client.input_request(&cell);
    assert_eq!(*question.field("/password"), json!(true));
    client.send_input(&question, "s3cret");
    client.ends(&cell, 1);
    assert_eq!(client.value("#p", 2), "6");
}

#[test]
fn io_read_asks_a_line_at_a_time() {
    let (_kernel, mut client) = kernel();
    let code = "n = io.read('n') rest = io.read('l') line = io.read('L')";
    let cell = client.send_execute(code);
    client.begins(&cell, code, 1);
    let question = client.input_request(&cell);
    client.send_input(&question, "42 is it");
    let question = client.input_request(&cell);
    client.send_input(&question, "two");
    client.ends(&cell, 1);
    assert_eq!(
        client.value("n, rest, line", 2),
        "42, \" is it\", \"two\\n\""
    );
}

#[test]
fn a_client_that_cannot_be_asked_makes_it_an_error() {
    let (_kernel, mut client) = kernel();
    let content = json!({"code": "perilune.input('?')", "allow_stdin": false});
    let cell = client.send_shell("execute_request", content);
    client.begins(&cell, "perilune.input('?')", 1);
    let error = client.iopub(&cell, "error");
    assert!(error.text("/evalue").contains("allow_stdin"), "{error}");
    client.status(&cell, "idle");
    client.shell(&cell, "execute_reply");
}

#[test]
fn a_question_can_be_interrupted() {
    let (_kernel, mut client) = kernel();
    let cell = client.send_execute("perilune.input('?')");
    client.begins(&cell, "perilune.input('?')", 1);
    client.input_request(&cell);
    let interrupt = client.send_control("interrupt_request", json!({}));
    client.status(&interrupt, "busy");
    client.status(&interrupt, "idle");
    client.control(&interrupt, "interrupt_reply");
    assert_eq!(client.iopub(&cell, "error").text("/ename"), "Interrupted");
    client.status(&cell, "idle");
    client.shell(&cell, "execute_reply");
}
