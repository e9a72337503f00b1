use serde_json::{Value, json};

use super::{Notebook, NotebookError, Outputs};
use perilune_client::event::{Event, ExecuteInput, StreamName, StreamText};

const OLD: &str = r##"{
 "metadata": {"z": 1, "a": {"kept": [1.50, null]}, "kernelspec": {"name": "lua", "language": "lua"}},
 "nbformat": 4, "nbformat_minor": 2, "unknown": true,
 "cells": [
  {"cell_type": "markdown", "metadata": {"x": {}}, "source": ["# A\n", "title"]},
  {"cell_type": "code", "metadata": {"tags": ["raises-exception", "t"]}, "source": ["a = 1\n", "a"],
   "execution_count": 7, "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}]},
  {"cell_type": "code", "metadata": {}, "source": "b", "execution_count": null, "outputs": []}
 ]
}"##;

fn parse(document: &Value) -> Result<Notebook, NotebookError> {
    Notebook::parse(document.to_string().as_bytes())
}

fn written(notebook: &Notebook) -> Value {
    serde_json::from_slice(&notebook.to_json().unwrap()).unwrap()
}

#[test]
fn code_cells_are_found_with_their_source_and_tags() {
    let cells = Notebook::parse(OLD.as_bytes()).unwrap().code_cells();
    let seen: Vec<_> = cells
        .iter()
        .map(|cell| (cell.index, cell.source.as_str(), cell.may_fail))
        .collect();
    assert_eq!(seen, [(1, "a = 1\na", true), (2, "b", false)]);
}

#[test]
fn only_what_running_changes_is_changed() {
    let mut notebook = Notebook::parse(OLD.as_bytes()).unwrap();
    notebook.clear_outputs();
    let mut outputs = Outputs::default();
    outputs.take(&Event::Started(ExecuteInput {
        execution_count: 1,
        code: String::new(),
    }));
    outputs.take(&Event::Stream(StreamText {
        name: StreamName::Stdout,
        text: "x\ny".into(),
    }));
    notebook.set_outputs(1, &outputs);

    let mut expected: Value = serde_json::from_str(OLD).unwrap();
    expected["nbformat_minor"] = json!(5);
    expected["cells"][1]["execution_count"] = json!(1);
    expected["cells"][1]["outputs"] =
        json!([{"name": "stdout", "output_type": "stream", "text": ["x\n", "y"]}]);
    let mut got = written(&notebook);
    for (index, cell) in got["cells"].as_array_mut().unwrap().iter_mut().enumerate() {
        let id = cell.as_object_mut().unwrap().shift_remove("id");
        assert_eq!(id.unwrap().as_str().unwrap().len(), 8, "cell {index}");
    }
    assert_eq!(got, expected);
    let text = String::from_utf8(notebook.to_json().unwrap()).unwrap();
    assert!(
        text.find("\"z\"").unwrap() < text.find("\"a\"").unwrap(),
        "the order is kept"
    );
}

#[test]
fn ids_that_are_fine_stay_and_others_are_replaced() {
    let cell = |id: Value| json!({"cell_type": "raw", "id": id, "metadata": {}, "source": ""});
    let ids = [
        json!("mine-1"),
        json!("mine-1"),
        json!("not valid"),
        json!(3),
        json!(""),
    ];
    let notebook = parse(&json!({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": ids.map(cell),
    }));
    let document = written(&notebook.unwrap());
    let ids: Vec<&str> = document["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids[0], "mine-1");
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), 5);
    assert!(ids[1..].iter().all(|id| id.len() == 8));
}

#[test]
fn numbers_are_written_as_they_were_read() {
    let text = r#"{"nbformat":4,"cells":[],"metadata":{"x":2.222222222222226e29}}"#;
    let notebook = Notebook::parse(text.as_bytes()).unwrap();
    let written = String::from_utf8(notebook.to_json().unwrap()).unwrap();
    assert!(written.contains("2.222222222222226e+29"), "{written}");
}

#[test]
fn a_newer_minor_version_is_kept() {
    let notebook = parse(&json!({"nbformat": 4, "nbformat_minor": 9, "cells": []})).unwrap();
    assert_eq!(written(&notebook)["nbformat_minor"], 9);
}

#[test]
fn the_language_is_said_once() {
    let mut notebook = Notebook::of_script("print(1)\n");
    notebook.set_language_info(json!({"name": "lua"}));
    notebook.set_language_info(json!({"name": "other"}));
    let document = written(&notebook);
    assert_eq!(document["metadata"]["language_info"]["name"], "lua");
    assert_eq!(notebook.code_cells()[0].source, "print(1)\n");
}

#[test]
fn what_is_no_notebook_is_refused_with_what_and_where() {
    let cell = |cell: Value| {
        let fine = json!({"cell_type": "raw", "metadata": {}, "source": ""});
        json!({"nbformat": 4, "cells": [fine, cell]})
    };
    let cases = [
        (json!([]), "the file must be an object"),
        (
            json!({"cells": []}),
            "nbformat must be 4, and it is missing",
        ),
        (
            json!({"nbformat": 3, "worksheets": []}),
            "format 3 is not supported",
        ),
        (json!({"nbformat": "4"}), "format \"4\" is not supported"),
        (json!({"nbformat": 4}), "cells must be a list"),
        (
            json!({"nbformat": 4, "cells": [], "metadata": 1}),
            "metadata must be an object",
        ),
        (
            json!({"nbformat": 4, "nbformat_minor": "x"}),
            "nbformat_minor must be a number",
        ),
        (cell(json!(1)), "cells[1] must be an object"),
        (cell(json!({})), "cells[1].cell_type must be a string"),
        (
            cell(json!({"cell_type": "code", "source": [1]})),
            "cells[1].source must be a string",
        ),
        (
            cell(json!({"cell_type": "code", "source": "", "metadata": []})),
            "cells[1].metadata must be an object",
        ),
        (
            json!({"nbformat": 4, "metadata": {"kernelspec": {"language": "python"}}, "cells": []}),
            "written in python, not in Lua",
        ),
    ];
    for (document, words) in cases {
        let error = parse(&document).unwrap_err().to_string();
        assert!(error.contains(words), "{error:?} does not say {words:?}");
    }
    let error = Notebook::parse(b"{\n  \"cells\": [,]\n}").unwrap_err();
    assert_eq!(error.to_string(), "not a notebook");
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("line 2 column 13"), "{reason}");
}
