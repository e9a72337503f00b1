//! Bars for loops.

use std::time::{Duration, Instant};

use crate::notebook::{Event, Notebook};
use perilune_language::{Display, DisplayAction};
use serde_json::{Value, json};

const MIME: &str = "application/vnd.perilune.progress+json";

fn displays(notebook: &Notebook) -> Vec<Display> {
    let events = notebook.host.take().into_iter();
    let displays = events.filter_map(|event| match event {
        Event::Display(display) => Some(display),
        _ => None,
    });
    displays.collect()
}

/// What the bars of a cell say at last, outermost first.
fn bars(notebook: &mut Notebook, code: &str) -> Vec<Value> {
    notebook.host.take();
    let _ = notebook.try_run(code);
    let mut ids: Vec<String> = Vec::new();
    let mut bars: Vec<Value> = Vec::new();
    for display in displays(notebook) {
        let id = display.id.unwrap();
        let bar = display.bundle.data[MIME].clone();
        match ids.iter().position(|known| *known == id) {
            Some(place) => bars[place] = bar,
            None => {
                assert_eq!(display.action, DisplayAction::Show);
                ids.push(id);
                bars.push(bar);
            }
        }
    }
    bars
}

/// Done, total and state of the only bar of a cell.
fn bar(notebook: &mut Notebook, code: &str) -> (Value, Value, String) {
    let bars = bars(notebook, code);
    assert_eq!(bars.len(), 1, "{code}: {bars:?}");
    let state = bars[0]["state"].as_str().unwrap().to_owned();
    (bars[0]["done"].clone(), bars[0]["total"].clone(), state)
}

#[test]
fn a_loop_sees_what_it_would_see_without_a_bar() {
    let mut notebook = Notebook::new();
    notebook.run(
        "function seen(...) local all = {}
            for i, v in progress(...) do all[#all + 1] = v == nil and tostring(i) or i .. '=' .. tostring(v) end
            return table.concat(all, ' ') end",
    );
    for (arguments, expected) in [
        ("3", "1 2 3"),
        ("0", ""),
        ("2, 4", "2 3 4"),
        ("5, 1, -2", "5 3 1"),
        ("1, 2, 0.5", "1.0 1.5 2.0"),
        ("{'a', 'b', x = 1}", "1=a 2=b"),
        ("{}", ""),
        ("{x = false}", "x=false"),
        ("ipairs{'a', 'b'}", "1=a 2=b"),
        ("pairs{x = 1}", "x=1"),
        ("('a-b'):gmatch('%a')", "a b"),
        (
            "coroutine.wrap(function() coroutine.yield(1, 'x') coroutine.yield(2) end)",
            "1=x 2",
        ),
        (
            "setmetatable({}, {__pairs = function() return next, {k = 1} end})",
            "k=1",
        ),
        (
            "setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return i <= 2 and i * i or nil end})",
            "1=1 2=4",
        ),
    ] {
        let value = notebook.value(&format!("seen({arguments})")).unwrap();
        assert_eq!(value, format!("\"{expected}\""), "{arguments}");
    }
}

#[test]
fn a_bar_knows_how_much_there_is_to_do_where_that_can_be_known() {
    let mut notebook = Notebook::new();
    for (arguments, total) in [
        ("3", json!(3)),
        ("2, 9, 2", json!(4)),
        ("{1, 2}", json!(2)),
        ("{a = 1, b = 2}", json!(2)),
        ("pairs{a = 1, b = 2}", json!(2)),
        ("ipairs{1, 2, 3}", json!(3)),
        ("('abc'):gmatch('.'), {total = 3}", json!(3)),
        ("('abc'):gmatch('.')", json!(null)),
    ] {
        let (done, found, state) = bar(
            &mut notebook,
            &format!("n = 0 for _ in progress({arguments}) do n = n + 1 end"),
        );
        assert_eq!(
            (&found, state.as_str()),
            (&total, "finished"),
            "{arguments}"
        );
        assert_eq!(Some(done.to_string()), notebook.value("n"), "{arguments}");
    }
}

#[test]
fn a_bar_has_a_label_and_every_representation() {
    let mut notebook = Notebook::new();
    notebook.run("for i in progress(2, {label = 'load <x>'}) do end");
    let shown = displays(&notebook);
    assert_eq!(shown.len(), 2, "one at the start, one at the end");
    assert_eq!(
        (shown[0].action, shown[1].action),
        (DisplayAction::Show, DisplayAction::Update)
    );
    assert_eq!(shown[0].id, shown[1].id);
    let data = &shown[1].bundle.data;
    let plain = shown[1].bundle.text().unwrap();
    assert!(
        plain.starts_with("load <x>: 100%|████████████████████| 2/2 [00:00"),
        "{plain}"
    );
    let html = data["text/html"].as_str().unwrap();
    assert!(
        html.contains("load &lt;x&gt;") && html.contains("<progress max=\"1\" value=\"1.0000\""),
        "{html}"
    );
    assert_eq!(data[MIME]["label"], "load <x>");
}

#[test]
fn a_bar_is_drawn_at_most_ten_times_a_second() {
    let mut notebook = Notebook::new();
    let begun = Instant::now();
    notebook.run(
        "local stop = os.clock() + 0.55
        for i in progress(1e9) do if os.clock() > stop then break end end",
    );
    let tenths = begun.elapsed().as_millis() as usize / 100;
    let drawn = displays(&notebook).len();
    // One at the start and one at the end, and in between one in each tenth of a second.
    assert!(
        (4..=2 + tenths).contains(&drawn),
        "{drawn} in {tenths} tenths of a second"
    );
}

#[test]
fn however_a_loop_ends_its_bar_tells_the_truth() {
    let mut notebook = Notebook::new();
    let stopped = (json!(2), json!(9), "stopped".to_owned());
    for code in [
        "for i in progress(9) do if i == 3 then break end end",
        "(function() for i in progress(9) do if i == 3 then return end end end)()",
        "for i in progress(9) do if i == 3 then goto out end end ::out::",
    ] {
        assert_eq!(bar(&mut notebook, code), stopped, "{code}");
    }
    let failed = (json!(2), json!(9), "failed".to_owned());
    for code in [
        "for i in progress(9) do if i == 3 then error('x') end end",
        "pcall(function() for i in progress(9) do if i == 3 then error('x') end end end)",
        "local n = 0 for i in progress(function() n = n + 1 if n == 3 then error('x') end return n end, {total = 9}) do end",
    ] {
        assert_eq!(bar(&mut notebook, code), failed, "{code}");
    }
    let (done, _, state) = bar(
        &mut notebook,
        "for i in progress(9) do if i == 9 then os.exit(0) end end",
    );
    assert_eq!((done, state.as_str()), (json!(8), "stopped"));
}

#[test]
fn an_interrupt_leaves_every_bar_in_its_true_state() {
    let mut notebook = Notebook::new();
    let interrupt = notebook.interrupt.clone();
    notebook.host.on_event(move |event| {
        if matches!(event, Event::Write(..)) {
            interrupt.raise();
        }
    });
    let begun = Instant::now();
    let bars = bars(
        &mut notebook,
        "for i in progress(3) do for j in progress(5) do
            if i == 2 and j == 4 then print('now') while true do end end end end",
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    let summary: Vec<_> = bars
        .iter()
        .map(|bar| (bar["done"].clone(), bar["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        summary,
        [(json!(1), "interrupted"), (json!(3), "interrupted")]
    );
    notebook.interrupt.clear();
    assert_eq!(
        bar(&mut notebook, "for i in progress(2) do end").2,
        "finished"
    );
}

#[test]
fn a_loop_within_a_loop_has_one_bar_for_all_its_rounds() {
    let mut notebook = Notebook::new();
    let code = "for i in progress(50, {label = 'outer'}) do
        for j in progress(4, {label = 'inner'}) do end end";
    notebook.host.take();
    notebook.run(code);
    let shown = displays(&notebook);
    assert!(shown.len() < 20, "{} messages", shown.len());
    let bars = bars(&mut notebook, code);
    let summary: Vec<_> = bars
        .iter()
        .map(|bar| {
            (
                bar["label"].as_str().unwrap(),
                bar["depth"].clone(),
                bar["done"].clone(),
            )
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("outer", json!(1), json!(50)),
            ("inner", json!(2), json!(4))
        ]
    );
    assert!(bars.iter().all(|bar| bar["state"] == "finished"));
}

#[test]
fn a_bar_that_a_cell_leaves_open_is_none_around_those_of_the_next() {
    let mut notebook = Notebook::new();
    notebook.run("step = progress(5) step()");
    let next = bars(&mut notebook, "for i in progress(2) do end");
    assert_eq!(next[0]["depth"], 1);
}

#[test]
fn a_bar_that_was_cleared_is_shown_again() {
    let mut notebook = Notebook::new();
    notebook.run("for i in progress(2) do display.clear{wait = true} print(i) end");
    let actions: Vec<_> = displays(&notebook)
        .into_iter()
        .map(|display| display.action)
        .collect();
    assert_eq!(actions, [DisplayAction::Show, DisplayAction::Show]);
}

#[test]
fn loops_with_a_bar_may_yield_and_close_what_the_iterator_wants_closed() {
    let mut notebook = Notebook::new();
    let code = "local c = coroutine.wrap(function() for i in progress(3) do coroutine.yield(i) end return 'end' end)
        print(c(), c(), c(), c())
        local closed = setmetatable({}, {__close = function() print('closed') end})
        local n = 0
        for i in progress(function() n = n + 1 return n end, nil, nil, closed) do break end";
    assert_eq!(notebook.output(code), "1\t2\t3\tend\nclosed\n");
}

#[test]
fn a_bar_can_be_moved_by_hand() {
    let mut notebook = Notebook::new();
    assert_eq!(
        bar(
            &mut notebook,
            "local b <close> = progress.bar{label = 'bytes', total = 10} b:advance(4) b:advance() b:set(10)"
        ),
        (json!(10), json!(10), "finished".to_owned())
    );
    assert_eq!(
        bar(
            &mut notebook,
            "b = progress.bar{total = 10} b:advance(2.5) b:close() b:close()"
        ),
        (json!(2.5), json!(10), "stopped".to_owned())
    );
    assert_eq!(
        notebook.fail("b:advance()").message,
        "cell[3]:1: this progress bar is closed"
    );
    assert_eq!(
        notebook.fail("progress.bar{}:set('7')").message,
        "cell[4]:1: a progress bar is moved by a number, not a string"
    );
    let failed = bar(
        &mut notebook,
        "local b <close> = progress.bar() b:advance(3) error('x')",
    );
    assert_eq!(failed, (json!(3), json!(null), "failed".to_owned()));
}

#[test]
fn wrong_arguments_are_errors_at_the_caller() {
    let mut notebook = Notebook::new();
    for (number, (code, expected)) in [
        (
            "progress()",
            "progress wants a number, a table or an iterator, not a nil",
        ),
        (
            "progress('x')",
            "progress wants a number, a table or an iterator, not a string",
        ),
        (
            "progress(1, 'x')",
            "progress wants a number, or the first, the last, and the step between them",
        ),
        ("progress(1, 2, 0)", "progress: the step is zero"),
        (
            "progress(-1e308, 1e308, 1e308)",
            "progress: the first and the last are too far from each other",
        ),
        (
            "progress(math.mininteger, math.maxinteger, math.maxinteger)",
            "progress: the first and the last are too far from each other",
        ),
        (
            "progress(5, {lable = 'x'})",
            "progress has no option 'lable'; there are label and total",
        ),
        (
            "progress.bar{total = 'x'}",
            "progress: total must be a number, not a string",
        ),
        (
            "progress(next, {label = 'x'})",
            "give the table itself: progress(t, {label = ...})",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let message = notebook.fail(&format!("local x = {code}")).message;
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
    let code = "local loop = progress
        type, select, next, ipairs, setmetatable, error, progress, display, math.floor = nil
        n = 0 for i in loop(3, {label = 'x'}) do n = n + i end";
    assert_eq!(bar(&mut notebook, code).2, "finished");
    assert_eq!(notebook.value("n").as_deref(), Some("6"));
}

#[test]
fn a_bar_costs_a_loop_little() {
    let mut notebook = Notebook::new();
    // A round that does a little, beside one that does the same below a bar.
    let code =
        "local function time(loop) local start = os.clock() loop() return os.clock() - start end
        local best = math.huge
        for _ = 1, 5 do
            local with = time(function() for i in progress(300000) do end end)
            best = math.min(best, with / 300000)
        end
        best * 1e9";
    let nanoseconds: f64 = notebook.value(code).unwrap().parse().unwrap();
    // A build without optimisation has some 200 on a small machine; a message each would have
    // many thousands.
    assert!(nanoseconds < 5_000.0, "{nanoseconds} ns a round");
}
