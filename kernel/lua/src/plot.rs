//! `plot`: charts, shown when they are made.
//!
//! Here Lua's tables become typed columns; what a chart is, and how it is rendered, is in
//! `perilune-chart`. Tables are read as they are, without metamethods.

mod chart;
mod columns;
mod matrix;
mod options;
mod source;

use std::sync::Arc;

use mlua::{Lua, Table, Value};
use perilune_chart::Chart;
use perilune_language::{Host, Interrupt};

use crate::function;
pub(crate) use chart::{begin_cell, was_shown};
use columns::{Reader, Roles};
use options::Options;

/// The charts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Line,
    Scatter,
    Bar,
    Histogram,
    Heatmap,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Line,
        Self::Scatter,
        Self::Bar,
        Self::Histogram,
        Self::Heatmap,
    ];

    /// What its function is called.
    fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Scatter => "scatter",
            Self::Bar => "bar",
            Self::Histogram => "hist",
            Self::Heatmap => "heatmap",
        }
    }
}

/// Makes the global `plot`, which is a module too.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua, host: &Arc<dyn Host>, interrupt: &Interrupt) -> mlua::Result<()> {
    chart::install(lua, host, interrupt)?;
    let plot = lua.create_table()?;
    for kind in Kind::ALL {
        let (host, interrupt) = (Arc::clone(host), interrupt.clone());
        let show = function::create(lua, move |lua, arguments| {
            let arguments = Arguments::parse(kind, arguments)?;
            let options = Options::of(kind, arguments.options.as_ref())?;
            let made = make(kind, &arguments, &options, &interrupt)?;
            chart::create(lua, &*host, kind, made, arguments.options, options.show)
        })?;
        plot.raw_set(kind.name(), show)?;
    }
    let loaded: Table = lua.named_registry_value("_LOADED")?;
    loaded.raw_set("plot", &plot)?;
    lua.globals().raw_set("plot", plot)
}

/// What a function was called with: `(data, options)`, or `(xs, ys, options)`.
struct Arguments {
    data: Table,
    /// The second array of two.
    heights: Option<Table>,
    options: Option<Table>,
}

impl Arguments {
    fn parse(kind: Kind, arguments: &[Value]) -> Result<Self, String> {
        let name = kind.name();
        let Some(Value::Table(data)) = arguments.first() else {
            let given = arguments.first().map_or("nothing", source::type_name);
            return Err(format!(
                "plot.{name} wants a table of data, such as {{3, 1, 4}}, not {given}"
            ));
        };
        let (heights, rest) = match arguments.get(1) {
            // Options have no element 1.
            Some(Value::Table(second)) if second.raw_len() > 0 || arguments.len() > 2 => {
                (Some(second.clone()), arguments.get(2))
            }
            second => (None, second),
        };
        let options = match rest {
            None | Some(Value::Nil) => None,
            Some(Value::Table(options)) => Some(options.clone()),
            Some(other) => {
                return Err(format!(
                    "plot.{name}: options are a table, such as {{title = \"…\"}}, not a {}",
                    source::type_name(other)
                ));
            }
        };
        if heights.is_some() && matches!(kind, Kind::Histogram | Kind::Heatmap) {
            return Err(format!(
                "plot.{name} wants one table of data, and after it options such as {{title = \"…\"}}"
            ));
        }
        Ok(Self {
            data: data.clone(),
            heights,
            options,
        })
    }
}

fn make(
    kind: Kind,
    arguments: &Arguments,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<Chart, String> {
    let reader = Reader::new(kind, interrupt);
    let style = options.style();
    let made = match kind {
        Kind::Heatmap => {
            let (matrix, style) = reader.matrix(&arguments.data, options, style)?;
            Chart::heatmap(&matrix, style)
        }
        Kind::Histogram => {
            let (values, color, style) = reader.sample(&arguments.data, options, style)?;
            Chart::histogram(&values, color.as_ref(), options.bins, style)
        }
        Kind::Line | Kind::Scatter | Kind::Bar => {
            let Roles { table, style } =
                reader.table(&arguments.data, arguments.heights.as_ref(), options, style)?;
            match kind {
                Kind::Line => Chart::line(table, style),
                Kind::Scatter => Chart::scatter(table, style),
                _ => Chart::bar(table, options.layout, style),
            }
        }
    };
    made.map_err(|error| format!("plot.{}: {error}", kind.name()))
}
