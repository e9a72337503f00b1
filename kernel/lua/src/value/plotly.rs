use mlua::{Function, Table, Value};
use perilune_language::MimeBundle;
use serde_json::{Map, Value as Json};

use super::pretty::raw_metatable;
use crate::json::{Strictness, to_json};

/// What front ends with Plotly know.
const MIME: &str = "application/vnd.plotly.v1+json";

/// The figure that a value is, if it is one of the library `plotly`.
pub(crate) fn figure(value: &Value) -> Option<&Table> {
    let Value::Table(table) = value else {
        return None;
    };
    let methods = raw_metatable(table)?.raw_get::<Table>("__index").ok()?;
    let is_figure = methods.raw_get::<Function>("toplotstring").is_ok()
        && table.raw_get::<Table>("data").is_ok()
        && table.raw_get::<Table>("layout").is_ok();
    is_figure.then_some(table)
}

/// A figure of `data`, and perhaps `layout`, `config` and `frames`.
///
/// # Errors
///
/// What about it cannot be a figure.
pub(crate) fn figure_bundle(figure: &Table) -> Result<MimeBundle, String> {
    let part = |name: &str| -> Result<Json, String> {
        let value = figure.raw_get::<Value>(name).unwrap_or(Value::Nil);
        to_json(&value, Strictness::Strict).map_err(|problem| format!("in {name}, {problem}"))
    };
    let mut made = Map::new();
    let data = match part("data")? {
        Json::Array(traces) => Json::Array(traces),
        // One trace, or none at all.
        Json::Object(trace) if trace.is_empty() => Json::Array(Vec::new()),
        Json::Object(trace) => Json::Array(vec![Json::Object(trace)]),
        _ => return Err("a figure's data must be a table of traces".to_owned()),
    };
    let traces = data.as_array().map_or(0, Vec::len);
    made.insert("data".to_owned(), data);
    for name in ["layout", "config"] {
        match part(name)? {
            Json::Object(part) => _ = made.insert(name.to_owned(), Json::Object(part)),
            Json::Null => {}
            _ => return Err(format!("a figure's {name} must be a table with keys")),
        }
    }
    made.entry("layout")
        .or_insert_with(|| Json::Object(Map::new()));
    if let frames @ Json::Array(_) = part("frames")? {
        made.insert("frames".to_owned(), frames);
    }
    let title = &made["layout"]["title"];
    let title = title.as_str().or_else(|| title["text"].as_str());
    let plain = match (title, traces) {
        (Some(title), _) => format!("<Plotly figure: {title}>"),
        (None, 1) => "<Plotly figure: 1 trace>".to_owned(),
        (None, traces) => format!("<Plotly figure: {traces} traces>"),
    };
    Ok(MimeBundle::plain(plain).with(MIME, Json::Object(made)))
}
