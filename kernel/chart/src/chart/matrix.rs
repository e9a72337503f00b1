use super::Column;
use crate::ChartError;
use crate::scale::{Categories, Range};
use crate::value::Value;

/// More rows or columns are averaged.
const SIDE: usize = 80;

/// Numbers in rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// What the values are called; may be empty, as the names below.
    pub name: String,
    /// What the columns are.
    pub x_name: String,
    /// What the rows are.
    pub y_name: String,
    /// What each column is called.
    pub columns: Vec<String>,
    /// What each row is called, from the top.
    pub rows: Vec<String>,
    /// Row after row.
    pub values: Vec<Value>,
}

impl Matrix {
    /// The matrix of a table with a row for each cell. Values of the same cell are averaged.
    /// Numbers rise to the right and to the top; anything else stays in its order.
    ///
    /// # Errors
    ///
    /// When a value is text, or columns differ in length.
    pub fn of_cells(x: &Column, y: &Column, values: &Column) -> Result<Self, ChartError> {
        super::same_length((x, "x"), (values, "the values"))?;
        super::same_length((y, "y"), (values, "the values"))?;
        let (columns, x_places) = sides(x);
        let (mut rows, mut y_places) = sides(y);
        if y.values
            .iter()
            .all(|value| !matches!(value, Value::Text(_)))
        {
            rows.reverse();
            for place in y_places.iter_mut().flatten() {
                *place = rows.len() - 1 - *place;
            }
        }
        let mut cells = vec![Mean::default(); columns.len() * rows.len()];
        let numbers = super::numbers(values, "color")?;
        for ((column, row), number) in x_places.iter().zip(&y_places).zip(numbers) {
            if let (Some(column), Some(row), Some(number)) = (column, row, number) {
                cells[row * columns.len() + column].add(number);
            }
        }
        let cells = cells
            .iter()
            .map(|cell| cell.value().map_or(Value::Missing, Value::Number));
        Ok(Self {
            name: values.name.clone(),
            x_name: x.name.clone(),
            y_name: y.name.clone(),
            columns,
            rows,
            values: cells.collect(),
        })
    }
}

/// The names along a side, and where each row of a table belongs.
fn sides(column: &Column) -> (Vec<String>, Vec<Option<usize>>) {
    let mut numbers: Vec<f64> = Vec::new();
    for value in &column.values {
        match value {
            Value::Number(number) if number.is_finite() => numbers.push(*number),
            Value::Text(_) => {
                let mut categories = Categories::default();
                let places = column
                    .values
                    .iter()
                    .map(|value| Some(categories.index(value.category()?)));
                let places = places.collect();
                return (categories.names, places);
            }
            _ => {}
        }
    }
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    let places = column.values.iter().map(|value| match value {
        Value::Number(number) => numbers
            .binary_search_by(|other| other.total_cmp(number))
            .ok(),
        _ => None,
    });
    let places = places.collect();
    (numbers.iter().map(f64::to_string).collect(), places)
}

/// Coloured cells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heatmap {
    pub(crate) columns: Vec<String>,
    /// From the top.
    pub(crate) rows: Vec<String>,
    /// Row after row; all are finite.
    pub(crate) cells: Vec<Option<f64>>,
    pub(crate) range: Range,
}

impl Heatmap {
    pub(super) fn new(matrix: &Matrix) -> Result<(Self, Vec<String>), ChartError> {
        let width = matrix.columns.len();
        if width * matrix.rows.len() != matrix.values.len() {
            return Err(ChartError::Lengths {
                column: "the matrix".to_owned(),
                length: matrix.values.len(),
                other: "its rows and columns".to_owned(),
                other_length: width * matrix.rows.len(),
            });
        }
        let cell = |(index, value): (usize, &Value)| {
            value.number().map_err(|text| ChartError::NotANumber {
                column: format!("column {}", index % width.max(1) + 1),
                row: index / width.max(1) + 1,
                value: crate::text::clean(text),
            })
        };
        let cells = matrix.values.iter().enumerate().map(cell);
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        let whole = Self {
            columns: matrix
                .columns
                .iter()
                .map(|name| crate::text::clean(name))
                .collect(),
            rows: matrix
                .rows
                .iter()
                .map(|name| crate::text::clean(name))
                .collect(),
            range: Range::of(cells.iter().flatten().copied()),
            cells,
        };
        let (across, down) = whole.block(SIDE, SIDE);
        let notes = if (across, down) == (1, 1) {
            Vec::new()
        } else {
            vec![format!("each cell is the mean of {down} × {across} values")]
        };
        Ok((whole.averaged(SIDE, SIDE), notes))
    }

    /// How many cells have to become one for this many columns and rows.
    fn block(&self, columns: usize, rows: usize) -> (usize, usize) {
        let across = self.columns.len().div_ceil(columns).max(1);
        (across, self.rows.len().div_ceil(rows).max(1))
    }

    /// With at most so many columns and rows.
    pub(crate) fn averaged(self, columns: usize, rows: usize) -> Self {
        let (across, down) = self.block(columns, rows);
        if (across, down) == (1, 1) {
            return self;
        }
        let width = self.columns.len().div_ceil(across);
        let mut means = vec![Mean::default(); width * self.rows.len().div_ceil(down)];
        for (index, cell) in self.cells.iter().enumerate() {
            let (row, column) = (index / self.columns.len(), index % self.columns.len());
            if let Some(value) = cell {
                means[row / down * width + column / across].add(*value);
            }
        }
        let cells: Vec<_> = means.iter().map(Mean::value).collect();
        Self {
            columns: self.columns.into_iter().step_by(across).collect(),
            rows: self.rows.into_iter().step_by(down).collect(),
            range: Range::of(cells.iter().flatten().copied()),
            cells,
        }
    }
}

/// A mean of numbers whose sum may be more than a float can hold.
#[derive(Debug, Clone, Default)]
struct Mean {
    mean: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        self.mean = self.mean * ((self.count - 1.0) / self.count) + number / self.count;
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.mean.clamp(f64::MIN, f64::MAX))
    }
}
