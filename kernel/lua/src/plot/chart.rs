use std::cell::{Cell, RefCell};
use std::sync::Arc;

use mlua::{AnyUserData, Lua, Table, Value};
use perilune_chart::Chart;
use perilune_language::{Display, DisplayAction, Host, Interrupt, MimeBundle};
use serde_json::Map;
use uuid::Uuid;

use super::{Arguments, Kind, Options, make};
use crate::function;
use crate::json::from_json;

/// The registry's metatable of charts.
const METATABLE: &str = "perilune.plot.chart";
/// The fields in which a chart keeps what is not for users.
const STATE: &str = "perilune.state";
const OPTIONS: &str = "perilune.options";

/// The version of Vega-Lite that JupyterLab renders.
const VEGA_LITE: &str = "application/vnd.vegalite.v5+json";
const SVG: &str = "image/svg+xml";

/// How wide a sketch is, in characters.
const COLUMNS: usize = 72;

/// What a chart in Lua stands for.
struct State {
    kind: Kind,
    chart: RefCell<Chart>,
    /// In which run of a cell it was shown last.
    shown_in: Cell<u64>,
}

/// Which run of a cell this is, counted from 1.
#[derive(Debug, Default)]
struct Run(u64);

/// A new cell runs, in which nothing has been shown yet.
pub(crate) fn begin_cell(lua: &Lua) {
    if let Some(mut run) = lua.app_data_mut::<Run>() {
        run.0 += 1;
    }
}

/// Whether a value is a chart that this cell has shown. As the cell's value it is not shown again.
pub(crate) fn was_shown(lua: &Lua, value: &Value) -> bool {
    let shown = state(lua, value).and_then(|state| {
        let state = state.borrow::<State>().ok()?;
        Some(state.shown_in.get())
    });
    shown.is_some_and(|shown| shown == current_run(lua))
}

fn current_run(lua: &Lua) -> u64 {
    lua.app_data_ref::<Run>().map_or(0, |run| run.0)
}

/// Makes what charts have in common.
pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, interrupt: &Interrupt) -> mlua::Result<()> {
    lua.set_app_data(Run::default());
    let meta = lua.create_table()?;
    let methods = lua.create_table()?;
    let (host, interrupt) = (Arc::clone(host), interrupt.clone());
    let update = function::create(lua, move |lua, arguments| {
        update(lua, &*host, &interrupt, arguments)
    })?;
    methods.raw_set("update", update)?;
    let svg = function::create(lua, |lua, arguments| {
        of_self(lua, arguments, "svg", |chart| {
            chart.svg().map_err(|error| error.to_string())
        })
    })?;
    methods.raw_set("svg", svg)?;
    let vega = function::create(lua, |lua, arguments| {
        let spec = of_self(lua, arguments, "vega", |chart| Ok(chart.vega_lite()))?;
        from_json(lua, &spec).map_err(|error| error.to_string())
    })?;
    methods.raw_set("vega", vega)?;
    let save = function::create(lua, |lua, arguments| {
        let path = function::string(arguments, 1, "the path")?;
        of_self(lua, arguments, "save", |chart| save(chart, &path))
    })?;
    methods.raw_set("save", save)?;
    let mime = function::create(lua, |lua, arguments| {
        let bundle = of_self(lua, arguments, "__mime", bundle)?;
        let data = lua.create_table().map_err(|error| error.to_string())?;
        for (mime, content) in &bundle.data {
            let content =
                from_json(lua, content).and_then(|content| data.raw_set(mime.as_str(), content));
            content.map_err(|error| error.to_string())?;
        }
        Ok(data)
    })?;
    let text = function::create(lua, |lua, arguments| {
        of_self(lua, arguments, "__tostring", |chart| {
            Ok(chart.sketch(COLUMNS))
        })
    })?;
    meta.raw_set("__index", methods)?;
    meta.raw_set("__mime", mime)?;
    meta.raw_set("__tostring", text)?;
    meta.raw_set("__name", "chart")?;
    lua.set_named_registry_value(METATABLE, meta)
}

/// The chart as a value of Lua, shown unless the user said not to.
pub(super) fn create(
    lua: &Lua,
    host: &dyn Host,
    kind: Kind,
    chart: Chart,
    options: Option<Table>,
    show: bool,
) -> Result<Table, String> {
    let id = Uuid::new_v4().to_string();
    let shown = if show { Some(bundle(&chart)?) } else { None };
    let state = State {
        kind,
        chart: RefCell::new(chart),
        shown_in: Cell::new(if show { current_run(lua) } else { 0 }),
    };
    let create = || {
        let value = lua.create_table()?;
        value.raw_set("id", id.as_str())?;
        value.raw_set(STATE, lua.create_any_userdata(state)?)?;
        value.raw_set(OPTIONS, options)?;
        value.set_metatable(Some(lua.named_registry_value::<Table>(METATABLE)?))?;
        Ok(value)
    };
    let value = create().map_err(|error: mlua::Error| error.to_string())?;
    if let Some(bundle) = shown {
        send(host, DisplayAction::Show, bundle, id);
    }
    Ok(value)
}

/// `chart:update(data, options)`: other data in the same chart. What the options do not say stays.
fn update(
    lua: &Lua,
    host: &dyn Host,
    interrupt: &Interrupt,
    arguments: &[Value],
) -> Result<(), String> {
    let wrong = || "call it with a colon: chart:update(data)".to_owned();
    let (Some(Value::Table(value)), Some(state)) = (
        arguments.first(),
        arguments.first().and_then(|value| state(lua, value)),
    ) else {
        return Err(wrong());
    };
    let state = state.borrow::<State>().map_err(|_| wrong())?;
    let mut arguments = Arguments::parse(state.kind, &arguments[1..])?;
    let before = value.raw_get::<Option<Table>>(OPTIONS).ok().flatten();
    let options =
        merged(lua, before, arguments.options.take()).map_err(|error| error.to_string())?;
    let parsed = Options::of(state.kind, Some(&options))?;
    let chart = make(state.kind, &arguments, &parsed, interrupt)?;
    let id = value.raw_get::<Value>("id").unwrap_or(Value::Nil);
    let id = function::string(&[id], 0, "the chart's id")?;
    send(host, DisplayAction::Update, bundle(&chart)?, id);
    state.chart.replace(chart);
    value
        .raw_set(OPTIONS, options)
        .map_err(|error| error.to_string())
}

fn merged(lua: &Lua, before: Option<Table>, after: Option<Table>) -> mlua::Result<Table> {
    let merged = lua.create_table()?;
    for options in before.iter().chain(&after) {
        for (key, value) in options.pairs::<Value, Value>().flatten() {
            merged.raw_set(key, value)?;
        }
    }
    Ok(merged)
}

fn send(host: &dyn Host, action: DisplayAction, bundle: MimeBundle, id: String) {
    host.display(Display {
        action,
        bundle,
        id: Some(id),
        transient: Map::new(),
    });
}

/// Every representation of a chart.
fn bundle(chart: &Chart) -> Result<MimeBundle, String> {
    let svg = chart.svg().map_err(|error| error.to_string())?;
    Ok(MimeBundle::plain(chart.sketch(COLUMNS))
        .with(SVG, svg)
        .with(VEGA_LITE, chart.vega_lite()))
}

fn save(chart: &Chart, path: &str) -> Result<(), String> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let content = match extension {
        "svg" => chart.svg().map_err(|error| error.to_string())?,
        "json" | "vl" => format!("{:#}\n", chart.vega_lite()),
        "txt" => chart.sketch(COLUMNS) + "\n",
        _ => {
            return Err(format!(
                "{path:?} does not say what to write: end it with .svg, .json (Vega-Lite) or .txt"
            ));
        }
    };
    std::fs::write(path, content).map_err(|error| format!("{path} cannot be written: {error}"))
}

/// Gives the chart on which a method was called to `body`.
fn of_self<T>(
    lua: &Lua,
    arguments: &[Value],
    method: &str,
    body: impl FnOnce(&Chart) -> Result<T, String>,
) -> Result<T, String> {
    let wrong = || format!("call it with a colon: chart:{method}()");
    let state = arguments
        .first()
        .and_then(|value| state(lua, value))
        .ok_or_else(wrong)?;
    let state = state.borrow::<State>().map_err(|_| wrong())?;
    body(&state.chart.borrow())
}

/// What a chart keeps; nothing if the value is no chart.
fn state(lua: &Lua, value: &Value) -> Option<AnyUserData> {
    let Value::Table(table) = value else {
        return None;
    };
    let meta = lua.named_registry_value::<Table>(METATABLE).ok()?;
    if table.metatable()? != meta {
        return None;
    }
    match table.raw_get::<Value>(STATE).ok()? {
        Value::UserData(state) => Some(state),
        _ => None,
    }
}
