//! Tables whose entries are rows.

use std::collections::BTreeSet;

use mlua::{Lua, Table, Value, ffi};

use super::grid::{Cell, Column, Grid};
use super::pretty::{Printer, Unwound, raw_metatable};
use crate::interrupt;

/// How many rows are shown unless somebody says otherwise.
pub(crate) const ROWS: usize = 50;
/// How many columns are shown unless somebody names them.
const COLUMNS: usize = 40;
/// How many rows are looked at to find the columns.
const EXAMINED: usize = 1_000;
/// The registry's metatable of HTML that goes into a table as it is.
pub(crate) const FRAGMENT: &str = "perilune.fragment";

/// By what a row's value is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Index(i64),
    Name(Vec<u8>),
}

impl Key {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(index) => Some(Self::Index(*index)),
            Value::String(name) => Some(Self::Name(name.as_bytes().to_vec())),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Index(index) => index.to_string(),
            Self::Name(name) => String::from_utf8_lossy(name).into_owned(),
        }
    }

    fn get(&self, lua: &Lua, row: &Table) -> mlua::Result<Value> {
        match self {
            Self::Index(index) => row.raw_get(*index),
            Self::Name(name) => row.raw_get(lua.create_string(name)?),
        }
    }
}

/// A column that somebody asked for.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) key: Key,
    pub(crate) title: String,
    /// How `string.format` writes its values.
    pub(crate) format: Option<String>,
}

/// What is to be shown of a table.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) title: Option<String>,
    pub(crate) columns: Option<Vec<Chosen>>,
    pub(crate) most_rows: usize,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            title: None,
            columns: None,
            most_rows: ROWS,
        }
    }
}

/// Why there is no grid.
#[derive(Debug)]
pub(crate) enum GridError {
    /// The cell ends.
    Unwound,
    /// What is wrong with the table.
    Message(String),
}

impl From<Unwound> for GridError {
    fn from(_: Unwound) -> Self {
        Self::Unwound
    }
}

impl From<mlua::Error> for GridError {
    fn from(error: mlua::Error) -> Self {
        Self::Message(error.to_string())
    }
}

/// Writes a value by a format.
pub(crate) type Formatter<'a> = &'a dyn Fn(&str, &Value) -> Result<String, GridError>;

/// Whether a value is a sequence of at least two records, which share most of their fields and
/// hold no tables. Such a value is shown as a table without being asked to.
pub(crate) fn is_plainly_records(lua: &Lua, table: &Table) -> bool {
    let length = table.raw_len();
    if length < 2 || raw_metatable(table).is_some() || !is_sequence(lua, table, length) {
        return false;
    }
    let mut fields = BTreeSet::new();
    let mut fewest = usize::MAX;
    for index in 1..=length.min(EXAMINED) {
        let Ok(Value::Table(row)) = table.raw_get::<Value>(index) else {
            return false;
        };
        if raw_metatable(&row).is_some_and(|meta| has_a_look(&meta)) {
            return false;
        }
        let mut count = 0;
        for (key, value) in row.pairs::<Value, Value>().flatten() {
            let Value::String(name) = key else {
                return false;
            };
            if count > COLUMNS || !is_scalar(&value) {
                return false;
            }
            fields.insert(name.as_bytes().to_vec());
            count += 1;
        }
        fewest = fewest.min(count);
    }
    fewest > 0 && fields.len() <= COLUMNS && 2 * fewest >= fields.len()
}

/// Whether a metatable says itself how its values look.
fn has_a_look(meta: &Table) -> bool {
    ["__mime", "__display", "__tostring", "__name"]
        .iter()
        .any(|name| !matches!(meta.raw_get::<Value>(*name), Ok(Value::Nil)))
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Table(table) => raw_metatable(table).is_some_and(|meta| has_a_look(&meta)),
        Value::Function(_) | Value::Thread(_) => false,
        _ => true,
    }
}

/// Whether a table has no keys but 1 to `length`.
fn is_sequence(lua: &Lua, table: &Table, length: usize) -> bool {
    let Ok(last) = i64::try_from(length) else {
        return false;
    };
    let mut has_more = false;
    // SAFETY: the closure owns nothing; the last key of a sequence is there to go on from, and
    // behind it come only those that are stored apart from the sequence.
    let looked: mlua::Result<()> = unsafe {
        lua.exec_raw(table, |state| {
            ffi::lua_pushinteger(state, last);
            while ffi::lua_next(state, 1) != 0 {
                ffi::lua_settop(state, -2);
                if ffi::lua_isinteger(state, -1) == 0
                    || !(1..=last).contains(&ffi::lua_tointeger(state, -1))
                {
                    has_more = true;
                    break;
                }
            }
            ffi::lua_settop(state, 0);
        })
    };
    looked.is_ok() && !has_more
}

/// A table as rows and columns: records, lists, named columns, or keys and values.
pub(crate) fn grid_of(
    lua: &Lua,
    table: &Table,
    selection: &Selection,
    format: Formatter<'_>,
) -> Result<Grid, GridError> {
    let length = table.raw_len();
    let mut source = if length > 0 {
        match table.raw_get::<Value>(1)? {
            Value::Table(_) => Source::Rows(table, length),
            _ => Source::Values(table, length),
        }
    } else {
        by_name(table)?
    };
    let (columns, more_columns) = match &selection.columns {
        Some(chosen) => (source.positional(chosen), 0),
        None => source.columns()?,
    };
    let total = source.count();
    let shown = total.min(selection.most_rows);
    let mut grid = Grid {
        title: selection.title.clone(),
        columns: columns
            .iter()
            .map(|column| Column {
                name: column.title.clone(),
                is_numeric: shown > 0,
            })
            .collect(),
        rows: Vec::with_capacity(shown),
        more_rows: total - shown,
        more_columns,
    };
    let mut has_values = vec![false; columns.len()];
    for index in 0..shown {
        if interrupt::is_due() {
            return Err(GridError::Unwound);
        }
        let mut row = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter().enumerate() {
            let value = source.get(lua, index, &column.key)?;
            if !matches!(value, Value::Nil) {
                has_values[place] = true;
                grid.columns[place].is_numeric &=
                    matches!(value, Value::Integer(_) | Value::Number(_));
            }
            row.push(match (&column.format, &value) {
                (_, Value::Nil) => Cell::default(),
                (Some(pattern), value) => Cell::from(format(pattern, value)?.as_str()),
                (None, value) => cell(lua, value)?,
            });
        }
        grid.rows.push(row);
    }
    for (column, has_values) in grid.columns.iter_mut().zip(has_values) {
        column.is_numeric &= has_values;
    }
    Ok(grid)
}

/// Where the rows are.
enum Source<'a> {
    /// A table for each row.
    Rows(&'a Table, usize),
    /// A value for each row.
    Values(&'a Table, usize),
    /// A sequence for each column.
    Columns(Vec<(Key, Table)>),
    /// A key and a value for each row.
    Pairs(Vec<(Value, Value)>),
}

fn by_name(table: &Table) -> Result<Source<'_>, GridError> {
    let mut pairs: Vec<(Value, Value)> = table.pairs::<Value, Value>().flatten().collect();
    pairs.sort_by(|(left, _), (right, _)| super::pretty::compare(left, right));
    let columns: Option<Vec<_>> = pairs
        .iter()
        .map(|(key, value)| match value {
            Value::Table(column) if column.raw_len() > 0 => Some((Key::of(key)?, column.clone())),
            _ => None,
        })
        .collect();
    Ok(match columns {
        Some(columns) if !columns.is_empty() => Source::Columns(columns),
        _ => Source::Pairs(pairs),
    })
}

impl Source<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Rows(_, length) | Self::Values(_, length) => *length,
            Self::Columns(columns) => {
                let lengths = columns.iter().map(|(_, column)| column.raw_len());
                lengths.max().unwrap_or(0)
            }
            Self::Pairs(pairs) => pairs.len(),
        }
    }

    /// The columns there are, and how many beside them.
    fn columns(&self) -> Result<(Vec<Chosen>, usize), GridError> {
        let named = |key: Key, title: &str| Chosen {
            key,
            title: title.to_owned(),
            format: None,
        };
        let keys: Vec<Key> = match self {
            Self::Rows(table, length) => {
                let mut keys = BTreeSet::new();
                for index in 1..=(*length).min(EXAMINED) {
                    let row = row(table, index)?;
                    let found = row.pairs::<Value, Value>().flatten();
                    keys.extend(found.filter_map(|(key, _)| Key::of(&key)).take(EXAMINED));
                }
                keys.into_iter().collect()
            }
            Self::Values(..) => {
                return Ok((
                    vec![named(Key::Index(1), "#"), named(Key::Index(2), "value")],
                    0,
                ));
            }
            Self::Columns(columns) => columns.iter().map(|(key, _)| key.clone()).collect(),
            Self::Pairs(pairs) if pairs.is_empty() => return Ok((Vec::new(), 0)),
            Self::Pairs(_) => {
                return Ok((
                    vec![named(Key::Index(1), "key"), named(Key::Index(2), "value")],
                    0,
                ));
            }
        };
        let more = keys.len().saturating_sub(COLUMNS);
        let columns = keys.into_iter().take(COLUMNS).map(|key| {
            let title = key.text();
            named(key, &title)
        });
        Ok((columns.collect(), more))
    }

    /// The columns that were chosen: where rows have no names, names are those of the places.
    fn positional(&mut self, chosen: &[Chosen]) -> Vec<Chosen> {
        let is_unnamed = match self {
            Self::Rows(table, length) => (1..=(*length).min(EXAMINED)).all(|index| {
                row(table, index).is_ok_and(|row| {
                    let mut keys = row.pairs::<Value, Value>().flatten();
                    !keys.any(|(key, _)| matches!(key, Value::String(_)))
                })
            }),
            Self::Values(..) | Self::Pairs(_) => true,
            Self::Columns(_) => false,
        };
        // A list of plain values has one column to name, and no use for a number before it.
        let offset = if matches!(self, Self::Values(..)) && chosen.len() == 1 {
            2
        } else {
            1
        };
        chosen
            .iter()
            .zip(offset..)
            .map(|(column, place)| match &column.key {
                Key::Name(_) if is_unnamed => Chosen {
                    key: Key::Index(place),
                    ..column.clone()
                },
                _ => column.clone(),
            })
            .collect()
    }

    fn get(&self, lua: &Lua, index: usize, key: &Key) -> Result<Value, GridError> {
        Ok(match self {
            Self::Rows(table, _) => key.get(lua, &row(table, index + 1)?)?,
            Self::Values(table, _) => match key {
                Key::Index(1) => Value::Integer(i64::try_from(index + 1).unwrap_or(i64::MAX)),
                Key::Index(2) => table.raw_get(index + 1)?,
                _ => Value::Nil,
            },
            Self::Columns(columns) => match columns.iter().find(|(name, _)| name == key) {
                Some((_, column)) => column.raw_get(index + 1)?,
                None => Value::Nil,
            },
            Self::Pairs(pairs) => match key {
                Key::Index(1) => pairs[index].0.clone(),
                Key::Index(2) => pairs[index].1.clone(),
                _ => Value::Nil,
            },
        })
    }
}

fn row(table: &Table, index: usize) -> Result<Table, GridError> {
    match table.raw_get::<Value>(index)? {
        Value::Table(row) => Ok(row),
        other => Err(GridError::Message(format!(
            "row {index} is a {}, not a table",
            other.type_name()
        ))),
    }
}

fn cell(lua: &Lua, value: &Value) -> Result<Cell, Unwound> {
    if let Value::String(text) = value {
        return Ok(Cell {
            text: text.to_string_lossy(),
            html: None,
        });
    }
    let html = match value {
        Value::Table(table) => fragment(lua, table),
        _ => None,
    };
    Ok(Cell {
        text: Printer::new(lua).print_line(value)?,
        html,
    })
}

/// The HTML of a fragment that `display.fragment` made.
pub(crate) fn fragment(lua: &Lua, table: &Table) -> Option<String> {
    let meta = lua.named_registry_value::<Table>(FRAGMENT).ok()?;
    if raw_metatable(table)? != meta {
        return None;
    }
    let html = table.raw_get::<Value>("html").ok()?;
    Some(html.as_string()?.to_string_lossy())
}
