//! Charts that somebody else has described: Vega, Vega-Lite and Plotly.

use std::sync::Arc;

use mlua::{Lua, Table, Value};
use perilune_language::{Host, MimeBundle};
use serde_json::{Map, Value as Json};

use super::options::Options;
use super::show;
use crate::function;
use crate::json::{Strictness, to_json};
use crate::value::figure_bundle;

pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, display: &Table) -> mlua::Result<()> {
    let shown_by = Arc::clone(host);
    let vega = function::create(lua, move |lua, arguments| {
        let specification = match arguments.first() {
            Some(Value::String(text)) => serde_json::from_slice(&text.as_bytes())
                .map_err(|error| format!("the specification is no JSON: {error}"))?,
            Some(value @ Value::Table(_)) => to_json(value, Strictness::Strict)?,
            other => {
                let kind = other.map_or("nothing", Value::type_name);
                return Err(format!(
                    "a specification must be a table or JSON, not {kind}"
                ));
            }
        };
        let Json::Object(specification) = specification else {
            return Err("a specification must be a table with keys".to_owned());
        };
        let options = Options::of(arguments.get(1), &[])?;
        show(lua, &*shown_by, vega_bundle(specification)?, options)
    })?;
    display.raw_set("vega", vega)?;
    let shown_by = Arc::clone(host);
    let plotly = function::create(lua, move |lua, arguments| {
        let Some(Value::Table(figure)) = arguments.first() else {
            let kind = arguments.first().map_or("nothing", Value::type_name);
            return Err(format!("a figure must be a table, not {kind}"));
        };
        let options = Options::of(arguments.get(1), &[])?;
        show(lua, &*shown_by, figure_bundle(figure)?, options)
    })?;
    display.raw_set("plotly", plotly)
}

/// A grammar and the newest version of it that JupyterLab draws.
struct Grammar {
    name: &'static str,
    mime: &'static str,
    schema: &'static str,
    newest: u32,
}

const VEGA: Grammar = Grammar {
    name: "Vega",
    mime: "vega",
    schema: "vega",
    newest: 5,
};
const VEGA_LITE: Grammar = Grammar {
    name: "Vega-Lite",
    mime: "vegalite",
    schema: "vega-lite",
    newest: 5,
};

/// The fields that only a Vega-Lite specification has at its top.
const LITE: [&str; 9] = [
    "mark", "encoding", "layer", "facet", "repeat", "concat", "hconcat", "vconcat", "spec",
];
/// The fields that only a Vega specification has at its top.
const FULL: [&str; 5] = ["marks", "scales", "signals", "axes", "legends"];

/// A specification in the MIME type of its grammar and version, which its `$schema` tells, or
/// else its shape.
fn vega_bundle(mut specification: Map<String, Json>) -> Result<MimeBundle, String> {
    let named = specification.get("$schema").and_then(Json::as_str);
    let has = |names: &[&str]| names.iter().any(|name| specification.contains_key(*name));
    let (grammar, version) = match named.and_then(|schema| schema.split_once("/schema/")) {
        Some((_, rest)) => {
            let grammar = match rest.split('/').next() {
                Some("vega-lite") => VEGA_LITE,
                Some("vega") => VEGA,
                _ => {
                    return Err(format!(
                        "the schema is neither of Vega nor of Vega-Lite: {rest}"
                    ));
                }
            };
            let version = rest.split_once("/v").and_then(|(_, version)| {
                version
                    .split(|sign: char| !sign.is_ascii_digit())
                    .next()?
                    .parse()
                    .ok()
            });
            // A newer one is shown as well as the newest that there is can do it.
            let newest = grammar.newest;
            (grammar, version.unwrap_or(newest).min(newest))
        }
        None if named.is_some() => {
            return Err("$schema must be the address of a schema of Vega or Vega-Lite".to_owned());
        }
        None if has(&LITE) => (VEGA_LITE, VEGA_LITE.newest),
        None if has(&FULL) => (VEGA, VEGA.newest),
        None => {
            return Err(
                "a specification needs marks: mark or layer and its kin for Vega-Lite, marks for Vega"
                    .to_owned(),
            );
        }
    };
    if named.is_none() {
        let schema = format!(
            "https://vega.github.io/schema/{}/v{version}.json",
            grammar.schema
        );
        specification.insert("$schema".to_owned(), schema.into());
    }
    let title = match specification.get("title") {
        Some(Json::String(title)) => Some(title.as_str()),
        Some(title) => title["text"].as_str(),
        None => specification.get("description").and_then(Json::as_str),
    };
    let plain = match title {
        Some(title) => format!("<{} chart: {title}>", grammar.name),
        None => format!("<{} chart>", grammar.name),
    };
    let mime = format!("application/vnd.{}.v{version}+json", grammar.mime);
    Ok(MimeBundle::plain(plain).with(&mime, Json::Object(specification)))
}
