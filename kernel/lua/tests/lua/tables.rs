//! Records, lists and columns as tables.

use std::time::{Duration, Instant};

use crate::notebook::{Event, Notebook};

/// What `display.table` shows, as text and as HTML.
fn table(notebook: &mut Notebook, arguments: &str) -> (String, String) {
    notebook.host.take();
    notebook.run(&format!("display.table({arguments})"));
    match &notebook.host.take()[..] {
        [Event::Display(display)] => (
            display.bundle.text().unwrap().to_owned(),
            display.bundle.data["text/html"]
                .as_str()
                .unwrap()
                .to_owned(),
        ),
        other => panic!("{arguments}: {other:?}"),
    }
}

#[test]
fn records_are_rows() {
    let mut notebook = Notebook::new();
    notebook.run(
        "moons = {{name = 'Io', radius = 1821.6}, {name = 'Europa', radius = 1560.8, ice = true}}",
    );
    let (text, html) = table(&mut notebook, "moons");
    assert_eq!(
        text,
        "ice  name   radius\n\
         ──── ────── ──────\n     Io     1821.6\n\
         true Europa 1560.8"
    );
    assert!(html.contains(
        "<td style=\"text-align: left\">Io</td><td style=\"text-align: right\">1821.6</td>"
    ));
    assert!(
        !html.contains("color") && !html.contains("background"),
        "the page has its own colours"
    );
    let (text, _) = table(
        &mut notebook,
        "moons, {columns = {'name', 'radius'}, title = 'Moons'}",
    );
    assert_eq!(
        text,
        "Moons\n\
         name   radius\n\
         ────── ──────\n\
         Io     1821.6\n\
         Europa 1560.8"
    );
    let (text, _) = table(
        &mut notebook,
        "moons, {columns = {{'radius', title = 'Radius (km)', format = '%.0f'}}}",
    );
    assert_eq!(text, "Radius (km)\n───────────\n       1822\n       1561");
}

#[test]
fn lists_columns_and_keys_are_tables_too() {
    let mut notebook = Notebook::new();
    for (arguments, expected) in [
        ("{{1, 'a'}, {2, 'b'}}", "1 2\n─ ─\n1 a\n2 b"),
        (
            "{{1, 'a'}, {2, 'b'}}, {columns = {'n', 'letter'}}",
            "n letter\n─ ──────\n1 a\n2 b",
        ),
        ("{{1, 'a'}, {2, 'b'}}, {columns = {2}}", "2\n─\na\nb"),
        ("{x = {1, 2}, y = {3}}", "x y\n─ ─\n1 3\n2"),
        ("{b = 1, a = 'x'}", "key value\n─── ─────\na   x\nb   1"),
        ("{'x', 'y'}", "# value\n─ ─────\n1 x\n2 y"),
        ("{'x', 'y'}, {columns = {'letter'}}", "letter\n──────\nx\ny"),
        ("{}, {columns = {'a', 'b'}}", "a b\n─ ─"),
        ("{}, {title = 'Nothing'}", "Nothing"),
        ("{}", "(empty table)"),
    ] {
        assert_eq!(table(&mut notebook, arguments).0, expected, "{arguments}");
    }
    let message = notebook.fail("display.table({{1}, 2})").message;
    assert_eq!(message, "cell[11]:1: row 2 is a integer, not a table");
}

#[test]
fn rows_beyond_the_limit_are_counted() {
    let mut notebook = Notebook::new();
    notebook.run("rows = {} for i = 1, 1000 do rows[i] = {n = i} end");
    let (text, html) = table(&mut notebook, "rows");
    assert_eq!(text.lines().count(), 2 + 50 + 1);
    assert!(text.ends_with("\n… 950 more"), "{text}");
    assert!(html.contains("… 950 more"));
    let (text, _) = table(&mut notebook, "rows, {max = 3}");
    assert_eq!(text, "n\n─\n1\n2\n3\n… 997 more");
    let (text, _) = table(&mut notebook, "rows, {max = math.huge}");
    assert_eq!(text.lines().count(), 2 + 1000);
    notebook.run("wide = {{}} for i = 1, 100 do wide[1]['c' .. i] = i end");
    assert!(
        table(&mut notebook, "wide")
            .0
            .ends_with("\n… 60 more columns")
    );
}

#[test]
fn cells_are_text_and_never_markup() {
    let mut notebook = Notebook::new();
    let (text, html) = table(
        &mut notebook,
        "{{a = '<b>x</b>', b = {1, k = 2}, c = 0/0, d = display.fragment('<i>y</i>')}}",
    );
    assert_eq!(
        text,
        "a        b          c d\n\
         ──────── ────────── ─── ────────\n\
         <b>x</b> {1, k = 2} nan <i>y</i>"
            .replace("c d\n", "  c d\n")
    );
    assert!(
        html.contains(">&lt;b&gt;x&lt;/b&gt;</td>") && html.contains("><i>y</i></td>"),
        "{html}"
    );
}

#[test]
fn a_value_that_is_plainly_a_table_of_records_is_shown_as_one() {
    let mut notebook = Notebook::new();
    let result = notebook
        .run("{{a = 1, b = 'x'}, {a = 2, b = 'y'}, {a = 3}}")
        .result
        .unwrap();
    assert_eq!(result.text(), Some("a b\n─ ─\n1 x\n2 y\n3"));
    assert!(
        result.data["text/html"]
            .as_str()
            .unwrap()
            .starts_with("<table")
    );
    for plain in [
        "{{a = 1}}",
        "{{1, 2}, {3, 4}}",
        "{{a = 1}, {b = 2}, {c = 3}}",
        "{{a = {}}, {a = {}}}",
        "{{a = 1}, {a = 2}, n = 2}",
        "{{}, {}}",
        "{{a = 1}, 2}",
        "{{a = print}, {a = print}}",
        "setmetatable({{a = 1}, {a = 2}}, {})",
        "{setmetatable({a = 1}, {__tostring = function() return 'T' end}), {a = 2}}",
        "{x = {{a = 1}, {a = 2}}}",
    ] {
        let result = notebook.run(plain).result.unwrap();
        assert!(
            !result.data.contains_key("text/html"),
            "{plain}: {result:?}"
        );
    }
}

#[test]
fn a_row_of_the_wrong_kind_names_its_place_and_a_format_that_does_not_fit_says_so() {
    let mut notebook = Notebook::new();
    for (code, problem) in [
        (
            "display.table(5)",
            "display.table wants a table of rows, not integer",
        ),
        (
            "display.table({}, {columns = 'a'})",
            "columns must be a table, not a string",
        ),
        (
            "display.table({}, {columns = {{}}})",
            "a column's table begins with its name",
        ),
        (
            "display.table({}, {max = -1})",
            "max must be a number from 0, not -1",
        ),
        (
            "display.table({}, {colums = {}})",
            "there is no option 'colums'",
        ),
        (
            "display.table({{a = 'x'}}, {columns = {{'a', format = '%d'}}})",
            "the format '%d' does not fit: bad argument #2 to",
        ),
    ] {
        let message = notebook.fail(code).message;
        assert!(message.contains(problem), "{code}: {message}");
    }
}

#[test]
fn a_table_without_end_can_be_interrupted() {
    let mut notebook = Notebook::new();
    notebook.run("rows = {} local row = {a = 1, b = 'x'} for i = 1, 3e6 do rows[i] = row end");
    let interrupt = notebook.interrupt.clone();
    notebook.host.on_event(move |event| {
        if matches!(event, Event::Write(..)) {
            let interrupt = interrupt.clone();
            // While the table is being laid out, which takes many seconds.
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(200));
                interrupt.raise();
            });
        }
    });
    let begun = Instant::now();
    let failure = notebook.fail("print('begun') pcall(display.table, rows, {max = math.huge})");
    assert_eq!(failure.name, "Interrupted");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    notebook.interrupt.clear();
    assert_eq!(notebook.value("#rows").as_deref(), Some("3000000"));
}
