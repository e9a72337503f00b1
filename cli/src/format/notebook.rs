use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use stylua_lib::Config;

use super::{Change, FormatError, Formatted, cell};
use crate::notebook::foreign_language;

/// As much of a notebook as matters here, in the bytes that it came in.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default)]
    metadata: Value,
    nbformat: Value,
    #[serde(borrow)]
    cells: Vec<Cell<'a>>,
}

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(borrow)]
    cell_type: Cow<'a, str>,
    #[serde(borrow)]
    source: &'a RawValue,
}

/// Formats the cells with code. Not a byte changes but in the sources of cells that change.
pub fn format(text: &str, style: Config) -> Result<Formatted, FormatError> {
    let json = text.trim_start_matches('\u{feff}');
    let document: Document<'_> =
        serde_json::from_str(json).map_err(|error| FormatError::Notebook(error.to_string()))?;
    if document.nbformat != json!(4) {
        let message = format!("nbformat is {}, not 4", document.nbformat);
        return Err(FormatError::Notebook(message));
    }
    check_language(&document.metadata)?;

    let mut formatted = String::with_capacity(text.len());
    let mut changes = Vec::new();
    let mut done = 0;
    for (index, cell) in document.cells.iter().enumerate() {
        if cell.cell_type != "code" {
            continue;
        }
        let raw = cell.source.get();
        let before = source(raw).ok_or_else(|| FormatError::Cell {
            index,
            message: "its source is neither a string nor a list of strings".to_owned(),
        })?;
        let after =
            cell::format(&before, style).map_err(|message| FormatError::Cell { index, message })?;
        if after == before {
            continue;
        }
        let place = place(text, raw);
        formatted.push_str(&text[done..place.start]);
        formatted.push_str(&written(raw, &after));
        done = place.end;
        changes.push(Change {
            cell: Some(index),
            before,
            after,
        });
    }
    formatted.push_str(&text[done..]);
    Ok(Formatted {
        text: formatted,
        changes,
    })
}

fn check_language(metadata: &Value) -> Result<(), FormatError> {
    match foreign_language(metadata) {
        Some(language) => Err(FormatError::Language(language.to_owned())),
        None => Ok(()),
    }
}

/// Where a part of a text is in it.
fn place(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

fn source(raw: &str) -> Option<String> {
    match serde_json::from_str(raw).ok()? {
        Value::String(text) => Some(text),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// A source as JSON in the layout that the one before it had.
fn written(former: &str, source: &str) -> String {
    let is_ascii = former.is_ascii() && former.contains("\\u");
    let string = |text: &str| {
        let string = Value::from(text).to_string();
        if is_ascii { escaped(&string) } else { string }
    };
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(former) else {
        return string(source);
    };
    let places: Vec<_> = elements
        .iter()
        .map(|element| place(former, element.get()))
        .collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return string(source);
    };
    let open = &former[..first.start];
    let between = match places.get(1) {
        Some(second) => Cow::Borrowed(&former[first.end..second.start]),
        None => Cow::Owned(format!(",{}", &open[1..])),
    };
    let lines: Vec<_> = source.split_inclusive('\n').map(string).collect();
    format!("{open}{}{}", lines.join(&between), &former[last.end..])
}

/// JSON with nothing but ASCII in it, as Python writes it if it is not told otherwise.
fn escaped(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(source: &str) -> String {
        format!(
            "{{\"nbformat\":  4, \"cells\": [\n{{\"source\": {source}, \"x\":1.50, \
             \"cell_type\": \"code\"}},\n {{\"cell_type\":\"markdown\",\"source\":\"a=1\"}}]\n}}"
        )
    }

    fn becomes(before: &str, after: &str) {
        let formatted = format(&notebook(before), Config::new()).unwrap();
        assert_eq!(formatted.text, notebook(after));
        let again = format(&formatted.text, Config::new()).unwrap();
        assert_eq!(again.changes, []);
    }

    #[test]
    fn only_sources_of_code_change_and_keep_their_layout() {
        becomes(r#""x=1""#, r#""x = 1""#);
        becomes(
            "[\n   \"x=1\\n\",\n   \"y=2\"\n  ]",
            "[\n   \"x = 1\\n\",\n   \"y = 2\"\n  ]",
        );
        becomes(r#"["x=1;y=2"]"#, r#"["x = 1\n","y = 2"]"#);
        becomes(
            "[\n \"if x then y=1 end\"\n]",
            "[\n \"if x then\\n\",\n \"\\ty = 1\\n\",\n \"end\"\n]",
        );
    }

    #[test]
    fn what_needs_no_change_keeps_every_byte() {
        for source in [
            r#""x = 1""#,
            r#"[ "x = 1\u000a" , "y = \"\u00e9\"" ]"#,
            "[]",
            r#""""#,
        ] {
            let text = notebook(source);
            let formatted = format(&text, Config::new()).unwrap();
            assert_eq!((formatted.text, formatted.changes), (text, vec![]));
        }
    }

    #[test]
    fn characters_are_escaped_as_they_were() {
        becomes("\"x='\u{1F319}'\"", "\"x = \\\"\u{1F319}\\\"\"");
        becomes(r#""x='\ud83c\udf19'""#, r#""x = \"\ud83c\udf19\"""#);
    }

    #[test]
    fn what_is_no_lua_notebook_is_refused() {
        let message = |text: &str| format(text, Config::new()).unwrap_err().to_string();
        assert!(message("{}").starts_with("not a notebook"));
        assert!(message(r#"{"nbformat":3,"cells":[]}"#).contains("nbformat is 3"));
        let python = r#"{"nbformat":4,"cells":[],"metadata":{"kernelspec":{"language":"python"}}}"#;
        assert!(message(python).contains("written in python"));
        assert!(message(&notebook("\"x = = 1\"")).starts_with("cells[0]: "));
    }
}
