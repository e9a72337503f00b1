use mlua::{Table, Value};
use perilune_chart::{Matrix, Style, Value as Datum};

use super::columns::Reader;
use super::options::{Key, Options, Said};
use super::source::{Source, fields, length, type_name};

impl Reader<'_> {
    /// The numbers of a heatmap: rows of a matrix, or records with x, y and colour.
    pub(super) fn matrix(
        &self,
        data: &Table,
        options: &Options,
        mut style: Style,
    ) -> Result<(Matrix, Style), String> {
        let source = match self.source(data)? {
            Source::Pairs(rows) => Source::Records(rows),
            other => other,
        };
        let is_matrix = match &source {
            Source::Records(rows) => (1..=length(rows)).any(|row| {
                matches!(rows.raw_get::<Value>(row), Ok(Value::Table(row)) if row.raw_len() > 0)
            }) && !matches!(options.x, Said::Name(Key::Index(_))),
            Source::List(list) => length(list) == 0,
            _ => false,
        };
        if is_matrix {
            if let Said::Name(label) = &options.color
                && style.color_label.is_none()
            {
                style.color_label = Some(label.to_string());
            }
            return Ok((self.rows(data, options)?, style));
        }
        if matches!(source, Source::List(_) | Source::Map(_)) {
            return Err(self.says(
                "the data are rows of numbers such as {{1, 2}, {3, 4}}, or records with x, y and color",
            ));
        }
        let role = |said: &Said, name: &str| match said {
            Said::Name(key) => Ok(key.clone()),
            _ if self.has(&source, name) => Ok(Key::Name(name.to_owned())),
            _ => {
                let names = fields(&source).join(", ");
                Err(self.says(&format!(
                    "say which field is {name}, such as {{{name} = \"…\"}}; the fields are {names}"
                )))
            }
        };
        let x = self.column(&source, &role(&options.x, "x")?)?;
        let y = self.column(&source, &role(&options.y, "y")?)?;
        let values = self.column(&source, &role(&options.color, "color")?)?;
        let matrix =
            Matrix::of_cells(&x, &y, &values).map_err(|error| self.says(&error.to_string()))?;
        Ok((matrix, style))
    }

    /// A matrix from its rows; the longest says how many columns there are.
    fn rows(&self, data: &Table, options: &Options) -> Result<Matrix, String> {
        let mut rows = Vec::new();
        for row in 1..=length(data) {
            self.breathe(row)?;
            match data.raw_get::<Value>(row).unwrap_or(Value::Nil) {
                Value::Table(cells) => rows.push(self.list(&cells, &format!("row {row}"))?.values),
                Value::Nil => rows.push(Vec::new()),
                other => {
                    return Err(self.says(&format!(
                        "row {row} is a {}, not a table of numbers",
                        type_name(&other)
                    )));
                }
            }
        }
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut values = Vec::with_capacity(width * rows.len());
        for row in &mut rows {
            row.resize(width, Datum::Missing);
            values.append(row);
        }
        let (x_name, columns) = self.side(&options.x, width, "x")?;
        let (y_name, rows) = self.side(&options.y, rows.len(), "y")?;
        Ok(Matrix {
            name: String::new(),
            x_name,
            y_name,
            columns,
            rows,
            values,
        })
    }

    /// What a side of a matrix is called, and each of its rows or columns.
    fn side(
        &self,
        said: &Said,
        length: usize,
        role: &str,
    ) -> Result<(String, Vec<String>), String> {
        let numbered = || (1..=length).map(|index| index.to_string()).collect();
        match said {
            Said::Nothing => Ok((String::new(), numbered())),
            Said::Name(name) => Ok((name.to_string(), numbered())),
            Said::List(list) => {
                let names = self.list(list, role)?.values;
                if names.len() != length {
                    return Err(self.says(&format!(
                        "{role} has {} names, but the matrix has {length} of them",
                        names.len()
                    )));
                }
                let names = names.into_iter().map(|name| match name {
                    Datum::Missing => String::new(),
                    Datum::Number(number) => number.to_string(),
                    Datum::Text(text) => text,
                });
                Ok((String::new(), names.collect()))
            }
        }
    }
}
