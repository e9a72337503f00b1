use serde_json::{Value, json};

use crate::perilune::Surroundings;

/// A notebook of code cells, in the older format that has no ids.
fn notebook(sources: &[&str]) -> Value {
    let cell = |source: &&str| {
        json!({
            "cell_type": "code", "metadata": {}, "source": source,
            "execution_count": 99, "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}],
        })
    };
    json!({
        "nbformat": 4, "nbformat_minor": 4,
        "metadata": {"kernelspec": {"name": "lua", "display_name": "Lua", "language": "lua"}},
        "cells": sources.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn executed(here: &Surroundings) -> Value {
    serde_json::from_str(&here.read("out.ipynb")).unwrap()
}

fn lines(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_is_asked_of_a_name_is_shown_without_escapes_of_a_terminal() {
    let here = Surroundings::new();
    here.write("n.ipynb", notebook(&["?string.rep"]).to_string());
    let ended = here.run(["run", "n.ipynb"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("string.rep("), "{ended:?}");
}

#[test]
fn outputs_are_shown_and_written() {
    let here = Surroundings::new();
    let cells = [
        "local n = 6\nprint('hi')\nio.stderr:write('warn\\n');",
        "",
        "n * 7",
    ];
    here.write("n.ipynb", notebook(&cells).to_string());
    let ended = here.run(["run", "n.ipynb", "--output", "out.ipynb"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("hi\n42\n", "warn\n")
    );

    let document = executed(&here);
    assert_eq!(
        (&document["nbformat"], &document["nbformat_minor"]),
        (&json!(4), &json!(5))
    );
    assert_eq!(document["metadata"]["language_info"]["name"], "lua");
    let cells = document["cells"].as_array().unwrap();
    assert!(cells.iter().all(|cell| cell["id"].is_string()));
    assert_eq!(
        cells[0]["outputs"],
        json!([
            {"name": "stdout", "output_type": "stream", "text": ["hi\n"]},
            {"name": "stderr", "output_type": "stream", "text": ["warn\n"]},
        ])
    );
    assert_eq!(
        (&cells[1]["execution_count"], &cells[1]["outputs"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(
        cells[2]["outputs"],
        json!([{
            "data": {"text/plain": ["42"]}, "execution_count": 2, "metadata": {},
            "output_type": "execute_result",
        }])
    );
    assert_eq!(
        here.run(["run", "out.ipynb"]).stdout,
        "hi\n42\n",
        "what it writes it reads"
    );
}

#[test]
fn a_failure_ends_the_run_and_is_in_the_notebook() {
    let here = Surroundings::new();
    here.write(
        "n.ipynb",
        notebook(&["print(1)", "error('boom')", "print(3)"]).to_string(),
    );
    let ended = here.run(["run", "n.ipynb", "-o", "out.ipynb"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), "1\n"));
    assert!(ended.stderr.contains("boom"), "{ended:?}");
    let last = "perilune: n.ipynb: cell[2] failed; one cell was not run\n";
    assert!(ended.stderr.ends_with(last), "{ended:?}");

    let cells = &executed(&here)["cells"];
    assert_eq!(cells[1]["outputs"][0]["output_type"], "error");
    assert!(
        cells[1]["outputs"][0]["evalue"]
            .as_str()
            .unwrap()
            .contains("boom")
    );
    assert_eq!(
        (&cells[2]["outputs"], &cells[2]["execution_count"]),
        (&json!([]), &Value::Null)
    );
}

#[test]
fn failures_that_are_allowed_do_not_end_the_run() {
    let here = Surroundings::new();
    let mut document = notebook(&["error('expected')", "print('next')"]);
    document["cells"][0]["metadata"]["tags"] = json!(["raises-exception"]);
    here.write("tagged.ipynb", document.to_string());
    let ended = here.run(["run", "tagged.ipynb"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "next\n"));
    assert!(ended.stderr.contains("expected"));

    here.write(
        "n.ipynb",
        notebook(&["error('any')", "print('next')"]).to_string(),
    );
    let ended = here.run(["run", "n.ipynb", "--allow-errors"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "next\n"));
}

#[test]
fn displays_are_updated_where_they_stand_and_cleared() {
    let here = Surroundings::new();
    let cells = [
        "h = display(1, {id = 'd'});",
        "h:update(2)\nio.write('1%\\r', '2%\\n')",
        "print('gone') display.clear{wait = true} print('stays')",
    ];
    here.write("n.ipynb", notebook(&cells).to_string());
    let ended = here.run(["run", "n.ipynb", "-o", "out.ipynb"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let cells = &executed(&here)["cells"];
    assert_eq!(cells[0]["outputs"][0]["data"]["text/plain"], json!(["2"]));
    assert_eq!(cells[0]["outputs"].as_array().unwrap().len(), 1);
    assert_eq!(cells[1]["outputs"][0]["text"], json!(["2%\n"]));
    assert_eq!(cells[2]["outputs"][0]["text"], json!(["stays\n"]));
}

#[test]
fn a_notebook_runs_in_its_own_folder() {
    let here = Surroundings::new();
    std::fs::create_dir(here.path("sub")).unwrap();
    here.write("sub/data.txt", "42\n");
    here.write(
        "sub/n.ipynb",
        notebook(&["print(io.open('data.txt'):read())"]).to_string(),
    );
    let ended = here.run(["run", "sub/n.ipynb", "--output", "out.ipynb"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "42\n"),
        "{ended:?}"
    );
    assert!(
        here.path("out.ipynb").is_file(),
        "the output is where the user stands"
    );
}

#[test]
fn programs_are_told_in_lines_of_json() {
    let here = Surroundings::new();
    let cells = [
        "print(io.read())",
        "display.html('<b>x</b>') return 5",
        "error('e')",
        "1",
    ];
    here.write("n.ipynb", notebook(&cells).to_string());
    let ended = here.run_with_input(["run", "n.ipynb", "--json"], "answer\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let mut told = lines(&ended.stdout);
    for line in &mut told {
        for varies in ["id", "duration_ms", "traceback", "perilune"] {
            line.as_object_mut().unwrap().shift_remove(varies);
        }
    }
    let evalue = told.iter().find(|line| line["event"] == "error").unwrap()["evalue"].clone();
    let shown = told
        .iter()
        .find(|line| line["event"] == "display_data")
        .unwrap()["data"]
        .clone();
    assert_eq!(shown["text/html"], "<b>x</b>");
    assert_eq!(
        told,
        [
            json!({"event": "run_started", "schema_version": 1, "file": "n.ipynb", "code_cells": 4}),
            json!({"event": "cell_started", "cell": 0}),
            json!({"event": "input_request", "cell": 0, "prompt": "", "password": false}),
            json!({"event": "stream", "cell": 0, "name": "stdout", "text": "answer\n"}),
            json!({"event": "cell_finished", "cell": 0, "execution_count": 1, "status": "ok"}),
            json!({"event": "cell_started", "cell": 1}),
            json!({"event": "display_data", "cell": 1, "data": shown, "metadata": {}, "display_id": null}),
            json!({"event": "execute_result", "cell": 1, "execution_count": 2,
                   "data": {"text/plain": "5"}, "metadata": {}}),
            json!({"event": "cell_finished", "cell": 1, "execution_count": 2, "status": "ok"}),
            json!({"event": "cell_started", "cell": 2}),
            json!({"event": "error", "cell": 2, "ename": "RuntimeError", "evalue": evalue}),
            json!({"event": "cell_finished", "cell": 2, "execution_count": 3, "status": "error"}),
            json!({"event": "run_finished", "status": "error", "exit_code": 1, "cells_not_run": 1,
                   "output": null}),
        ]
    );
}

#[test]
fn a_timeout_is_for_each_cell_and_named() {
    let here = Surroundings::new();
    here.write(
        "n.ipynb",
        notebook(&["print(1)", "while true do end", "3"]).to_string(),
    );
    let ended = here.run(["run", "n.ipynb", "--timeout", "0.3", "-o", "out.ipynb"]);
    assert_eq!(ended.code, Some(124), "{ended:?}");
    let last = "n.ipynb: cell[2] ran longer than 0.3 s; one cell was not run\n";
    assert!(ended.stderr.ends_with(last), "{ended:?}");
    assert_eq!(
        executed(&here)["cells"][1]["outputs"][0]["output_type"],
        "error"
    );
}

#[test]
fn a_cell_that_exits_ends_the_run_with_its_code() {
    let here = Surroundings::new();
    here.write(
        "n.ipynb",
        notebook(&["print(1) os.exit(3)", "print(2)"]).to_string(),
    );
    let ended = here.run(["run", "n.ipynb", "--json", "-o", "out.ipynb"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let told = lines(&ended.stdout);
    let last = told.last().unwrap();
    assert_eq!(
        (&last["status"], &last["exit_code"]),
        (&json!("exit"), &json!(3))
    );
    assert_eq!(last["output"], json!(here.path("out.ipynb")));
    assert_eq!(
        executed(&here)["cells"][0]["outputs"][0]["text"],
        json!(["1\n"])
    );
}

#[test]
fn a_script_can_be_written_as_a_notebook_too() {
    let here = Surroundings::new();
    let ended = here.run_with_input(["run", "-", "-o", "out.ipynb"], "print('x')\n");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document = executed(&here);
    assert_eq!(document["metadata"]["kernelspec"]["name"], "lua");
    assert_eq!(document["cells"][0]["source"], json!(["print('x')\n"]));
    assert_eq!(document["cells"][0]["outputs"][0]["text"], json!(["x\n"]));
}

#[test]
fn what_is_no_notebook_of_ours_is_refused() {
    let here = Surroundings::new();
    let cases = [
        (
            "{",
            "n.ipynb: not a notebook: EOF while parsing an object at line 1 column 1\n",
        ),
        (
            r#"{"nbformat": 3, "worksheets": []}"#,
            "notebook format 3 is not supported",
        ),
        (
            r#"{"nbformat": 4, "cells": [{}]}"#,
            "cells[0].cell_type must be a string",
        ),
        (
            r#"{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "python"}}}"#,
            "written in python, not in Lua",
        ),
    ];
    for (text, words) in cases {
        here.write("n.ipynb", text);
        let ended = here.run(["run", "n.ipynb", "-o", "out.ipynb"]);
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(words), "{ended:?}");
        assert!(!here.path("out.ipynb").exists());
    }
}

#[test]
fn an_output_that_cannot_be_written_is_found_out_before_anything_runs() {
    let here = Surroundings::new();
    here.write("n.ipynb", notebook(&["print('ran')"]).to_string());
    let ended = here.run(["run", "n.ipynb", "-o", "none/out.ipynb"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{ended:?}"
    );
    assert!(
        ended
            .stderr
            .contains("none/out.ipynb cannot be written there"),
        "{ended:?}"
    );
}
