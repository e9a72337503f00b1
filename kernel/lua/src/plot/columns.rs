use mlua::{Table, Value};
use perilune_chart::{Column, Rgb, Style, Table as ChartTable, Value as Datum};
use perilune_language::Interrupt;

use super::Kind;
use super::options::{Key, Options, Said};
use super::source::{Source, datum, field, fields, length, type_name};

/// After how many rows an interrupt is looked for.
const BREATH: usize = 4_096;

/// Reads a chart's columns out of Lua's tables.
pub(super) struct Reader<'a> {
    kind: Kind,
    interrupt: &'a Interrupt,
}

/// What data a chart has, and what is said of its looks.
pub(super) struct Roles {
    pub(super) table: ChartTable,
    pub(super) style: Style,
}

impl<'a> Reader<'a> {
    pub(super) fn new(kind: Kind, interrupt: &'a Interrupt) -> Self {
        Self { kind, interrupt }
    }

    /// The columns of a line, scatter or bar chart.
    pub(super) fn table(
        &self,
        data: &Table,
        heights: Option<&Table>,
        options: &Options,
        mut style: Style,
    ) -> Result<Roles, String> {
        if let Some(heights) = heights {
            let x = self.list(data, "x")?;
            let y = self.list(heights, "y")?;
            return self.plain(x, y, options, style);
        }
        let source = self.source(data)?;
        match &source {
            Source::List(list) => {
                let y = self.list(list, "y")?;
                let x = Column::index(y.values.len());
                self.plain(x, y, options, style)
            }
            Source::Pairs(pairs)
                if !matches!(options.y, Said::Name(Key::Index(_)) | Said::List(_)) =>
            {
                let x = self.field_of_rows(pairs, &Key::Index(1))?;
                let y = self.field_of_rows(pairs, &Key::Index(2))?;
                self.plain(Column::new("", x), Column::new("", y), options, style)
            }
            Source::Map(map) => {
                let mut entries: Vec<(Value, Value)> =
                    map.pairs::<Value, Value>().flatten().collect();
                entries.sort_by(|(left, _), (right, _)| order(left, right));
                let (mut x, mut y) = (Vec::new(), Vec::new());
                for (key, value) in entries {
                    let name = datum(&key).ok_or_else(|| self.undrawable(1, "keys", &key))?;
                    let number = match datum(&value) {
                        Some(Datum::Text(text)) => text.trim().parse().ok().map(Datum::Number),
                        other => other,
                    };
                    let Some(number) = number else {
                        let name = key.to_string().unwrap_or_default();
                        let kind = type_name(&value);
                        return Err(self.says(&format!("{name} is a {kind}, not a number")));
                    };
                    x.push(name);
                    y.push(number);
                }
                self.plain(Column::new("", x), Column::new("", y), options, style)
            }
            Source::Pairs(_) | Source::Records(_) | Source::Columns(_) => {
                let y = self.heights(&source, options)?;
                let rows = y.first().map_or(0, |column| column.values.len());
                let x = match &options.x {
                    Said::Nothing if self.has(&source, "x") => {
                        self.column(&source, &Key::Name("x".to_owned()))?
                    }
                    Said::Nothing => Column::index(rows),
                    Said::Name(key) => self.column(&source, key)?,
                    Said::List(list) => self.list(list, "x")?,
                };
                let color = self.color(Some(&source), options, &mut style)?;
                Ok(Roles {
                    table: ChartTable { x, y, color },
                    style,
                })
            }
        }
    }

    /// Columns whose names are what the options say.
    fn plain(
        &self,
        mut x: Column,
        mut y: Column,
        options: &Options,
        mut style: Style,
    ) -> Result<Roles, String> {
        match &options.x {
            Said::Nothing => {}
            Said::Name(name) => x.name = name.to_string(),
            Said::List(list) => x = self.list(list, "")?,
        }
        match &options.y {
            Said::Nothing => {}
            Said::Name(name) => y.name = name.to_string(),
            Said::List(_) => {
                return Err(self.says("y names fields, but these rows have none; give y as data"));
            }
        }
        let color = self.color(None, options, &mut style)?;
        let table = ChartTable {
            x,
            y: vec![y],
            color,
        };
        Ok(Roles { table, style })
    }

    /// The y columns.
    fn heights(&self, source: &Source, options: &Options) -> Result<Vec<Column>, String> {
        match &options.y {
            Said::Name(key) => Ok(vec![self.column(source, key)?]),
            Said::List(list) => {
                let keys = self.keys(list)?;
                keys.iter().map(|key| self.column(source, key)).collect()
            }
            Said::Nothing if self.has(source, "y") => {
                Ok(vec![self.column(source, &Key::Name("y".to_owned()))?])
            }
            Said::Nothing => {
                let names = fields(source);
                if matches!(source, Source::Columns(_)) && matches!(options.color, Said::Nothing) {
                    // Without another word, each column is a series.
                    let x = match &options.x {
                        Said::Name(key) => key.to_string(),
                        _ => "x".to_owned(),
                    };
                    let others = names.iter().filter(|name| **name != x);
                    return others
                        .map(|name| self.column(source, &Key::Name(name.clone())))
                        .collect();
                }
                let example = if self.has_names(source) {
                    "\"…\""
                } else {
                    "2"
                };
                Err(self.says(&format!(
                    "say which field is y, such as {{y = {example}}}; the fields are {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// The column that decides on colours. A name that is no field is a colour.
    fn color(
        &self,
        source: Option<&Source>,
        options: &Options,
        style: &mut Style,
    ) -> Result<Option<Column>, String> {
        match &options.color {
            Said::Nothing => Ok(None),
            Said::List(list) => Ok(Some(self.list(list, "")?)),
            Said::Name(key) => {
                let name = key.to_string();
                if let Some(source) = source
                    && (self.has(source, &name) || matches!(key, Key::Index(_)))
                {
                    return Ok(Some(self.column(source, key)?));
                }
                let color = name.parse::<Rgb>().map_err(|error| match source {
                    None => self.says(&format!("color: {error}")),
                    Some(source) => {
                        let names = fields(source).join(", ");
                        self.says(&format!(
                            "color: {error}; and it is no field, which are {names}"
                        ))
                    }
                })?;
                style.color = Some(color);
                Ok(None)
            }
        }
    }

    /// The values of a histogram, and what colours them.
    pub(super) fn sample(
        &self,
        data: &Table,
        options: &Options,
        mut style: Style,
    ) -> Result<(Column, Option<Column>, Style), String> {
        if let Said::Name(label) = &options.y
            && style.y_label.is_none()
        {
            style.y_label = Some(label.to_string());
        }
        let source = self.source(data)?;
        match &source {
            Source::List(list) => {
                let mut values = self.list(list, "")?;
                if let Said::Name(name) = &options.x {
                    values.name = name.to_string();
                }
                let color = self.color(None, options, &mut style)?;
                Ok((values, color, style))
            }
            Source::Columns(_) if matches!(options.x, Said::Nothing) && !self.has(&source, "x") => {
                // Each column is a series.
                let (mut values, mut names) = (Vec::new(), Vec::new());
                let columns = fields(&source);
                for name in &columns {
                    let column = self.column(&source, &Key::Name(name.clone()))?;
                    names.extend(std::iter::repeat_n(
                        Datum::Text(name.clone()),
                        column.values.len(),
                    ));
                    values.extend(column.values);
                }
                let color = (columns.len() > 1).then(|| Column::new("", names));
                let name = if columns.len() == 1 {
                    columns[0].clone()
                } else {
                    String::new()
                };
                Ok((Column::new(name, values), color, style))
            }
            Source::Map(_) | Source::Pairs(_) => Err(self.says(
                "the values are a list such as {3, 1, 4}, or a field such as {x = \"price\"}",
            )),
            Source::Records(_) | Source::Columns(_) => {
                let key = match &options.x {
                    Said::Name(key) => key.clone(),
                    _ if self.has(&source, "x") => Key::Name("x".to_owned()),
                    _ => {
                        let names = fields(&source).join(", ");
                        return Err(self.says(&format!(
                            "say which field is counted, such as {{x = \"…\"}}; the fields are {names}"
                        )));
                    }
                };
                let values = self.column(&source, &key)?;
                let color = self.color(Some(&source), options, &mut style)?;
                Ok((values, color, style))
            }
        }
    }

    /// Whether fields have names, not only places.
    fn has_names(&self, source: &Source) -> bool {
        fields(source)
            .iter()
            .any(|name| name.parse::<i64>().is_err())
    }

    pub(super) fn source(&self, data: &Table) -> Result<Source, String> {
        Source::of(data).map_err(|problem| self.says(&problem))
    }

    /// A list of fields' names.
    fn keys(&self, list: &Table) -> Result<Vec<Key>, String> {
        let keys = (1..=length(list)).map(|index| match list.raw_get::<Value>(index) {
            Ok(Value::String(name)) => Ok(Key::Name(name.to_string_lossy())),
            Ok(Value::Integer(index)) => Ok(Key::Index(index)),
            _ => Err(self.says("y is a field's name or a list of them")),
        });
        keys.collect()
    }

    /// Whether some row has the field.
    pub(super) fn has(&self, source: &Source, name: &str) -> bool {
        let key = Key::Name(name.to_owned());
        match source {
            Source::Columns(columns) => !field(columns, &key).is_nil(),
            Source::Records(rows) => (1..=length(rows)).any(|row| {
                matches!(rows.raw_get::<Value>(row), Ok(Value::Table(row)) if !field(&row, &key).is_nil())
            }),
            _ => false,
        }
    }

    /// A field of all rows, which some row must have.
    pub(super) fn column(&self, source: &Source, key: &Key) -> Result<Column, String> {
        let values = match source {
            Source::Columns(columns) => match field(columns, key) {
                Value::Table(list) => self.list(&list, &key.to_string())?.values,
                Value::Nil => return Err(self.no_field(source, key)),
                other => {
                    return Err(self.says(&format!(
                        "{key} is a {}, not a list of values",
                        type_name(&other)
                    )));
                }
            },
            Source::Records(rows) | Source::Pairs(rows) => {
                let values = self.field_of_rows(rows, key)?;
                if !values.is_empty() && values.iter().all(|value| *value == Datum::Missing) {
                    return Err(self.no_field(source, key));
                }
                values
            }
            Source::List(_) | Source::Map(_) => return Err(self.no_field(source, key)),
        };
        // What is named by its position has no name to show.
        let name = match key {
            Key::Name(name) => name.clone(),
            Key::Index(index) => format!("column {index}"),
        };
        Ok(Column::new(name, values))
    }

    fn no_field(&self, source: &Source, key: &Key) -> String {
        let names = fields(source);
        match &*names {
            [] => self.says(&format!("no row has a field {key}")),
            names => self.says(&format!(
                "no row has a field {key}; the fields are {}",
                names.join(", ")
            )),
        }
    }

    fn field_of_rows(&self, rows: &Table, key: &Key) -> Result<Vec<Datum>, String> {
        let mut values = Vec::new();
        for index in 1..=length(rows) {
            self.breathe(index)?;
            let value = match rows.raw_get::<Value>(index).unwrap_or(Value::Nil) {
                Value::Table(row) => field(&row, key),
                Value::Nil => Value::Nil,
                other => {
                    let kind = type_name(&other);
                    return Err(self.says(&format!(
                        "row {index} is a {kind}, but the first is a table"
                    )));
                }
            };
            let value = datum(&value).ok_or_else(|| {
                let kind = type_name(&value);
                self.says(&format!(
                    "row {index}: {key} is a {kind}, which cannot be drawn"
                ))
            })?;
            values.push(value);
        }
        Ok(values)
    }

    /// The values of a list; `role` says in errors what it is.
    pub(super) fn list(&self, list: &Table, role: &str) -> Result<Column, String> {
        let values = (1..=length(list)).map(|row| list.raw_get::<Value>(row).unwrap_or(Value::Nil));
        let mut data = Vec::with_capacity(length(list));
        for (index, value) in values.enumerate() {
            self.breathe(index)?;
            data.push(datum(&value).ok_or_else(|| self.undrawable(index + 1, role, &value))?);
        }
        Ok(Column::new("", data))
    }

    fn undrawable(&self, row: usize, role: &str, value: &Value) -> String {
        let role = if role.is_empty() { "the data" } else { role };
        self.says(&format!(
            "value {row} of {role} is a {}, which cannot be drawn",
            type_name(value)
        ))
    }

    /// Lets an interrupt end a long reading. Nobody reads the message.
    pub(super) fn breathe(&self, row: usize) -> Result<(), String> {
        if row.is_multiple_of(BREATH) && self.interrupt.is_raised() {
            return Err(self.says("interrupted"));
        }
        Ok(())
    }

    pub(super) fn says(&self, problem: &str) -> String {
        format!("plot.{}: {problem}", self.kind.name())
    }
}

/// Numbers before strings, each in its order.
fn order(left: &Value, right: &Value) -> std::cmp::Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.as_bytes().cmp(&right.as_bytes()),
        (Value::String(_), _) => std::cmp::Ordering::Greater,
        (_, Value::String(_)) => std::cmp::Ordering::Less,
        (left, right) => {
            let number = |value: &Value| value.as_f64().unwrap_or(0.0);
            number(left).total_cmp(&number(right))
        }
    }
}
