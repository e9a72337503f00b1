//! Charts, images and figures of other libraries.

use crate::notebook::{Event, Notebook};
use perilune_language::MimeBundle;
use serde_json::{Value, json};

fn shown(notebook: &mut Notebook, code: &str) -> MimeBundle {
    notebook.host.take();
    notebook.run(code);
    let mut events = notebook.host.take();
    assert_eq!(events.len(), 1, "{code}");
    match events.remove(0) {
        Event::Display(display) => display.bundle,
        other => panic!("{code}: {other:?}"),
    }
}

fn types(bundle: &MimeBundle) -> Vec<&str> {
    bundle.data.keys().map(String::as_str).collect()
}

/// A picture of one pixel.
const PNG: &str =
    "'\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR\\0\\0\\0\\x01\\0\\0\\0\\x02\\b\\6\\0\\0\\0'";

#[test]
fn a_specification_goes_out_as_the_grammar_that_its_schema_names() {
    let mut notebook = Notebook::new();
    for (schema, mime) in [
        ("vega-lite/v5.json", "application/vnd.vegalite.v5+json"),
        ("vega-lite/v5.20.1.json", "application/vnd.vegalite.v5+json"),
        ("vega-lite/v4.json", "application/vnd.vegalite.v4+json"),
        // Front ends draw none newer than 5, which reads most of what is newer.
        ("vega-lite/v6.json", "application/vnd.vegalite.v5+json"),
        ("vega/v5.json", "application/vnd.vega.v5+json"),
    ] {
        let schema = format!("https://vega.github.io/schema/{schema}");
        let code = format!("display.vega{{['$schema'] = '{schema}', title = 'T'}}");
        let bundle = shown(&mut notebook, &code);
        assert_eq!(types(&bundle), ["text/plain", mime]);
        assert_eq!(bundle.data[mime]["$schema"], schema);
        assert!(bundle.text().unwrap().ends_with(" chart: T>"), "{bundle:?}");
    }
}

#[test]
fn a_specification_without_a_schema_is_known_by_its_shape() {
    let mut notebook = Notebook::new();
    let bundle = shown(
        &mut notebook,
        "display.vega{mark = 'bar', data = {values = {{a = 1}}}, encoding = {x = {field = 'a'}}}",
    );
    assert_eq!(
        Value::Object(bundle.data),
        json!({
            "text/plain": "<Vega-Lite chart>",
            "application/vnd.vegalite.v5+json": {
                "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
                "mark": "bar", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}},
            },
        })
    );
    let bundle = shown(
        &mut notebook,
        "display.vega('{\"marks\": [], \"description\": \"D\"}')",
    );
    assert_eq!(
        types(&bundle),
        ["text/plain", "application/vnd.vega.v5+json"]
    );
    assert_eq!(bundle.text(), Some("<Vega chart: D>"));
    for (code, problem) in [
        ("display.vega{}", "a specification needs marks"),
        ("display.vega('{')", "the specification is no JSON"),
        (
            "display.vega(5)",
            "a specification must be a table or JSON, not integer",
        ),
        ("display.vega{mark = print}", "JSON cannot hold a function"),
    ] {
        let message = notebook.fail(code).message;
        assert!(message.contains(problem), "{message}");
    }
}

#[test]
fn a_plotly_figure_has_its_data_and_its_layout() {
    let mut notebook = Notebook::new();
    let mime = "application/vnd.plotly.v1+json";
    let bundle = shown(
        &mut notebook,
        "display.plotly{data = {{y = {1, 2}}}, layout = {title = {text = 'T'}}}",
    );
    assert_eq!(
        Value::Object(bundle.data),
        json!({
            "text/plain": "<Plotly figure: T>",
            mime: {"data": [{"y": [1, 2]}], "layout": {"title": {"text": "T"}}},
        })
    );
    let bundle = shown(&mut notebook, "display.plotly{data = {y = {1}}}");
    assert_eq!(
        bundle.data[mime],
        json!({"data": [{"y": [1]}], "layout": {}})
    );
    let bundle = shown(
        &mut notebook,
        "display.plotly{data = {}, config = {responsive = true}}",
    );
    assert_eq!(
        bundle.data[mime],
        json!({"data": [], "layout": {}, "config": {"responsive": true}})
    );
}

#[test]
fn a_figure_of_the_library_plotly_is_drawn_wherever_it_is_shown() {
    let mut notebook = Notebook::new();
    // The shape that the library's figures have.
    notebook.run(
        "figure = setmetatable({data = {{x = {1}, y = {2}}}, layout = {}, config = {}},
            {__index = {toplotstring = function() end, show = function() end}})",
    );
    let result = notebook.run("figure").result.unwrap();
    assert_eq!(
        types(&result),
        ["application/vnd.plotly.v1+json", "text/plain"]
            .iter()
            .rev()
            .copied()
            .collect::<Vec<_>>()
    );
    assert_eq!(shown(&mut notebook, "display(figure)").data, result.data);
}

#[test]
fn an_image_is_known_by_its_first_bytes() {
    let mut notebook = Notebook::new();
    for (data, mime, plain) in [
        (PNG, "image/png", "<PNG image, 1×2>"),
        (
            "'GIF89a\\3\\0\\4\\0\\x80\\0\\0'",
            "image/gif",
            "<GIF image, 3×4>",
        ),
        (
            "'\\xff\\xd8\\xff\\xe0\\0\\x10JFIF\\0\\1\\1'",
            "image/jpeg",
            "<JPEG image>",
        ),
        ("'RIFF\\x1a\\0\\0\\0WEBPVP8L'", "image/webp", "<WebP image>"),
        (
            "'<?xml version=\"1.0\"?><!-- c --><svg xmlns=\"x\"/>'",
            "image/svg+xml",
            "<SVG image>",
        ),
    ] {
        let bundle = shown(&mut notebook, &format!("display.image{{data = {data}}}"));
        assert_eq!(types(&bundle), ["text/plain", mime]);
        assert_eq!(bundle.text(), Some(plain));
    }
    let png = shown(&mut notebook, &format!("display.image({PNG})"));
    let encoded = png.data["image/png"].as_str().unwrap().to_owned();
    assert!(encoded.starts_with("iVBORw0KGgo"));
    let again = shown(
        &mut notebook,
        &format!("display.image{{data = '{encoded}'}}"),
    );
    assert_eq!(again.data, png.data, "base64 is understood");
}

#[test]
fn an_image_has_its_size_and_its_words() {
    let mut notebook = Notebook::new();
    let code = format!("display.image{{data = {PNG}, width = 200, height = 100, alt = 'a moon'}}");
    let bundle = shown(&mut notebook, &code);
    assert_eq!(
        Value::Object(bundle.metadata.clone()),
        json!({"image/png": {"width": 200, "height": 100, "alt": "a moon"}})
    );
    assert_eq!(bundle.text(), Some("<PNG image, 1×2: a moon>"));
}

#[test]
fn an_image_can_be_a_file() {
    let mut notebook = Notebook::new();
    notebook.run(&format!(
        "path = os.tmpname() local f = io.open(path, 'wb') f:write({PNG}) f:close()"
    ));
    let by_name = shown(&mut notebook, "display.image{path = path, width = 5}");
    assert_eq!(by_name.metadata["image/png"], json!({"width": 5}));
    assert_eq!(
        shown(&mut notebook, "display.image(path)").data,
        by_name.data
    );
    let text =
        notebook.fail("local f = io.open(path, 'w') f:write('text') f:close() display.image(path)");
    assert!(
        text.message
            .contains("these bytes are no image that can be shown: PNG, JPEG"),
        "{}",
        text.message
    );
    notebook.run("os.remove(path)");
    for (code, problem) in [
        ("display.image{path = path}", "No such file or directory"),
        (
            "display.image{path = '/'}",
            "it is not a file of at most 256 MiB",
        ),
        (
            "display.image{path = 'a', data = 'b'}",
            "an image needs either path or data",
        ),
        ("display.image{}", "an image needs either path or data"),
        (
            "display.image{data = 'x', with = 3}",
            "there is no option 'with'",
        ),
    ] {
        let message = notebook.fail(code).message;
        assert!(message.contains(problem), "{code}: {message}");
    }
}
