//! HTML that is made from values: escaped, unless somebody says that it is HTML.

use crate::notebook::{Event, Notebook};
use serde_json::json;

fn html(notebook: &mut Notebook, code: &str) -> String {
    notebook.host.take();
    notebook.run(code);
    match &notebook.host.take()[..] {
        [Event::Display(display)] => display.bundle.data["text/html"]
            .as_str()
            .unwrap()
            .to_owned(),
        other => panic!("{code}: {other:?}"),
    }
}

#[test]
fn the_values_of_a_template_are_escaped() {
    let mut notebook = Notebook::new();
    for (code, expected) in [
        (
            "display.html('<b title=\"%s\">%s</b>', 'a\"b', '<script>x</script> & co')",
            "<b title=\"a&quot;b\">&lt;script&gt;x&lt;/script&gt; &amp; co</b>",
        ),
        (
            "display.html('%d of %5.2f%%, %s %s', 3, 2, nil, true)",
            "3 of  2.00%, nil true",
        ),
        (
            "display.html('<i>%s</i>', setmetatable({}, {__tostring = function() return '<T>' end}))",
            "<i>&lt;T&gt;</i>",
        ),
    ] {
        assert_eq!(html(&mut notebook, code), expected, "{code}");
    }
    assert_eq!(
        notebook
            .value("display.escape('<&>'), display.escape(5)")
            .as_deref(),
        Some("\"&lt;&amp;&gt;\", \"5\"")
    );
}

#[test]
fn a_template_without_values_is_html_as_it_stands() {
    let mut notebook = Notebook::new();
    for code in [
        "display.html('<p style=\"width: 50%\">100% d</p>')",
        "display.html{[[<p style=\"width: 50%\">100% d</p>]]}",
        "display.html('<p style=\"width: 50%\">100% d</p>', {id = 'x'})",
        "display.html(display.fragment('<p style=\"width: 50%\">100% d</p>'))",
    ] {
        assert_eq!(
            html(&mut notebook, code),
            "<p style=\"width: 50%\">100% d</p>",
            "{code}"
        );
    }
}

#[test]
fn options_follow_the_values() {
    let mut notebook = Notebook::new();
    notebook.run("display.html('<b>%s</b>', '<', {id = 'x', metadata = {a = 1}}):update(2)");
    let events = notebook.host.take();
    let [Event::Display(first), Event::Display(second)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(first.bundle.data["text/html"], json!("<b>&lt;</b>"));
    assert_eq!(
        (first.id.as_deref(), second.id.as_deref()),
        (Some("x"), Some("x"))
    );
    assert_eq!(first.bundle.metadata["a"], json!(1));
}

#[test]
fn fragments_are_html_and_are_put_together() {
    let mut notebook = Notebook::new();
    notebook.run(
        "local items = {}
        for _, name in ipairs{'a<b', 'c'} do
            items[#items + 1] = display.fragment('<li>%s</li>', name)
        end
        list = display.fragment('<ul>%s</ul>', items)",
    );
    assert_eq!(
        html(&mut notebook, "display.html('<div>%s%s</div>', list, '<')"),
        "<div><ul><li>a&lt;b</li><li>c</li></ul>&lt;</div>"
    );
    let result = notebook.run("'<' .. list .. '>'").result.unwrap();
    assert_eq!(
        result.data["text/html"],
        json!("&lt;<ul><li>a&lt;b</li><li>c</li></ul>&gt;")
    );
    assert_eq!(
        notebook
            .value("tostring(display.fragment('<br>'))")
            .as_deref(),
        Some("\"<br>\"")
    );
}

#[test]
fn a_template_that_does_not_fit_is_an_error_at_its_caller() {
    let mut notebook = Notebook::new();
    for (number, (code, expected)) in [
        (
            "display.html('%s')  display.html('%s', 1, 2)",
            "display.html: in the template, it has 1 placeholder for 2 values",
        ),
        (
            "display.html('100%>', 1)",
            "display.html: in the template, '%>' is no placeholder; a percent sign is written %%",
        ),
        (
            "display.html('%d', 'x')",
            "display.html: in the template, '%d' does not fit: number expected, got string",
        ),
        (
            "display.html(5)",
            "display.html wants HTML, a string, not a number",
        ),
        ("display.html()", "display.html wants HTML, a string"),
        (
            "local f = display.fragment('%s %s', 1) return f",
            "display.fragment: in the template, it has 2 placeholders for 1 value",
        ),
        (
            "display.html('%s', print, {ids = 1})",
            "display.html: in the template, it has 1 placeholder for 2 values",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let message = notebook.fail(code).message;
        assert_eq!(
            message,
            format!("cell[{}]:1: {expected}", number + 1),
            "{code}"
        );
    }
}

#[test]
fn nothing_breaks_when_globals_are_assigned_over() {
    let mut notebook = Notebook::new();
    let code = "local show = display
        string.gsub, string.format, table.concat, tostring, type, select = nil
        display, perilune, ilua, next, ipairs, error, pcall, setmetatable = nil
        show.html('<b>%s</b>', show.fragment('%5d', 1))";
    assert_eq!(html(&mut notebook, code), "<b>    1</b>");
}
