//! The code in the book's pages runs, and shows what they say.

use crate::notebook::{Event, Notebook};

/// The pieces of code of a page, each with what it is said to show.
fn pieces(page: &str) -> Vec<(String, Option<String>)> {
    let mut pieces: Vec<(String, Option<String>)> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        match kind {
            "lua" => pieces.push((block, None)),
            "text" => pieces.last_mut().expect("code before what it shows").1 = Some(block),
            other => panic!("a piece of {other:?}"),
        }
    }
    pieces
}

/// What a terminal shows of a cell.
fn shown(notebook: &mut Notebook, code: &str) -> String {
    notebook.host.take();
    let result = notebook.run(code).result;
    let mut text = String::new();
    for event in notebook.host.take() {
        match event {
            Event::Write(_, bytes) => text.push_str(&String::from_utf8(bytes).unwrap()),
            Event::Display(display) => {
                text.push_str(display.bundle.text().unwrap());
                text.push('\n');
            }
            other => panic!("{other:?}"),
        }
    }
    text.extend(result.iter().map(|result| result.text().unwrap()));
    text.trim_end().to_owned()
}

#[test]
fn the_page_on_showing_values_is_true() {
    let mut notebook = Notebook::new();
    let pieces = pieces(include_str!("../../../../docs/display.md"));
    assert!(pieces.len() > 5);
    for (code, expected) in pieces {
        let shown = shown(&mut notebook, &code);
        if let Some(expected) = expected {
            assert_eq!(shown, expected, "{code}");
        }
    }
}
