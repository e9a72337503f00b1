use mlua::{Table, Value};
use perilune_chart::{BarLayout, Style};

use super::Kind;
use super::source::type_name;

/// What a field or values may be said to be.
#[derive(Debug, Clone, Default)]
pub(super) enum Said {
    #[default]
    Nothing,
    /// A field's name, or words for an axis.
    Name(Key),
    /// Values, one for each row; or the names of several fields.
    List(Table),
}

/// How a field is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// As in `row.price`.
    Name(String),
    /// As in `row[2]`.
    Index(i64),
}

impl std::fmt::Display for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Index(index) => index.fmt(formatter),
        }
    }
}

/// The options of a chart.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) x: Said,
    pub(super) y: Said,
    pub(super) color: Said,
    pub(super) bins: Option<usize>,
    pub(super) layout: BarLayout,
    pub(super) show: bool,
    style: Style,
}

const COMMON: [&str; 8] = [
    "title", "x", "y", "color", "labels", "width", "height", "show",
];

impl Options {
    pub(super) fn of(kind: Kind, table: Option<&Table>) -> Result<Self, String> {
        let mut options = Self {
            show: true,
            ..Self::default()
        };
        let Some(table) = table else {
            return Ok(options);
        };
        let own: &[&str] = match kind {
            Kind::Bar => &["stack"],
            Kind::Histogram => &["bins"],
            _ => &[],
        };
        for (key, value) in table.pairs::<Value, Value>().flatten() {
            let name = match &key {
                Value::String(name) => name.to_string_lossy(),
                other => type_name(other).to_owned(),
            };
            let known = COMMON.iter().chain(own).any(|known| *known == name);
            let set = if known {
                options.set(&name, &value)
            } else {
                let all: Vec<_> = COMMON.iter().chain(own).copied().collect();
                Err(format!(
                    "there is no option {name:?}; there are {}",
                    all.join(", ")
                ))
            };
            set.map_err(|problem| format!("plot.{}: {problem}", kind.name()))?;
        }
        Ok(options)
    }

    /// What the chart looks like.
    pub(super) fn style(&self) -> Style {
        self.style.clone()
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            "title" => self.style.title = Some(text(name, value)?),
            "x" => self.x = said(name, value)?,
            "y" => self.y = said(name, value)?,
            "color" => self.color = said(name, value)?,
            "width" => self.style.width = Some(whole(name, value)?),
            "height" => self.style.height = Some(whole(name, value)?),
            "bins" => {
                self.bins = Some(usize::try_from(whole(name, value)?).map_err(|e| e.to_string())?);
            }
            "stack" if is_true(value) => self.layout = BarLayout::Stacked,
            "show" => self.show = is_true(value),
            "labels" => self.set_labels(value)?,
            _ => {}
        }
        Ok(())
    }

    fn set_labels(&mut self, value: &Value) -> Result<(), String> {
        let Value::Table(labels) = value else {
            let kind = type_name(value);
            return Err(format!(
                "labels is a table such as {{y = \"Height in m\"}}, not a {kind}"
            ));
        };
        for (axis, label) in labels.pairs::<Value, Value>().flatten() {
            let axis = axis.to_string().unwrap_or_default();
            let label = Some(text(&format!("labels.{axis}"), &label)?);
            match &*axis {
                "x" => self.style.x_label = label,
                "y" => self.style.y_label = label,
                "color" => self.style.color_label = label,
                _ => return Err(format!("labels has x, y and color, but no {axis:?}")),
            }
        }
        Ok(())
    }
}

fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Nil | Value::Boolean(false))
}

fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.to_string_lossy()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{name} is a string, not a {}", type_name(other))),
    }
}

fn whole(name: &str, value: &Value) -> Result<u32, String> {
    let number = match value {
        Value::Integer(number) => Some(*number),
        Value::Number(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    };
    number
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| match value {
            Value::Integer(_) | Value::Number(_) => {
                format!(
                    "{name} is a whole number from 1, not {}",
                    value.to_string().unwrap_or_default()
                )
            }
            other => format!("{name} is a whole number, not a {}", type_name(other)),
        })
}

fn said(name: &str, value: &Value) -> Result<Said, String> {
    Ok(match value {
        Value::String(text) => Said::Name(Key::Name(text.to_string_lossy())),
        Value::Integer(index) => Said::Name(Key::Index(*index)),
        Value::Table(list) => Said::List(list.clone()),
        other => {
            let kind = type_name(other);
            return Err(format!(
                "{name} is the name of a field, or values, not a {kind}"
            ));
        }
    })
}
