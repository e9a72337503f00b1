//! Notebooks: what is accepted can be run, written, and is then the same when it is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perilune_client::event::{Event, StreamName, StreamText};
use serde_json::json;

use self::cli::notebook::{Notebook, Outputs};

#[path = "../../cli/src"]
#[allow(dead_code)]
mod cli {
    pub mod notebook;
}

fn stream(text: &[u8]) -> Outputs {
    let mut outputs = Outputs::default();
    outputs.take(&Event::Stream(StreamText {
        name: StreamName::Stdout,
        text: String::from_utf8_lossy(text).into_owned(),
    }));
    outputs
}

fuzz_target!(|text: &[u8]| {
    let outputs = stream(text);
    let _ = outputs.to_json();
    let Ok(mut notebook) = Notebook::parse(text) else {
        return;
    };
    let cells = notebook.code_cells();
    let written = notebook.to_json().unwrap();
    let again = Notebook::parse(&written).unwrap();
    assert_eq!(again.code_cells(), cells);
    assert_eq!(again.to_json().unwrap(), written);

    notebook.clear_outputs();
    for cell in &cells {
        notebook.set_outputs(cell.index, &outputs);
    }
    notebook.set_language_info(json!({"name": "lua"}));
    let run = Notebook::parse(&notebook.to_json().unwrap()).unwrap();
    assert_eq!(run.code_cells(), cells);
});
