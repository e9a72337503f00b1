use std::fmt::Write;

use comfy_table::{Cell as TextCell, CellAlignment, ContentArrangement, Row, Table, TableStyle};
use comfy_table::{ContentLineStyle, LineStyle};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::html::escape;

/// A table of texts, for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) title: Option<String>,
    pub(crate) columns: Vec<Column>,
    /// Each has a cell for each column.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// How many rows are not shown.
    pub(crate) more_rows: usize,
    /// How many columns are not shown.
    pub(crate) more_columns: usize,
}

/// What a column is called, and where its texts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Numbers stand on the right.
    pub(crate) is_numeric: bool,
}

/// What stands in a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// HTML in place of the text, where somebody asked for it.
    pub(crate) html: Option<String>,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            html: None,
        }
    }
}

/// What stands for a table without columns and without a title.
const EMPTY: &str = "(empty table)";
/// How wide a cell of the text is, in columns of a terminal.
const TEXT_WIDTH: usize = 60;
/// How many characters a cell of the HTML has.
const HTML_WIDTH: usize = 2_000;

impl Grid {
    /// The table as aligned text, without a newline at its end.
    pub(crate) fn to_text(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(style())
            .set_content_arrangement(ContentArrangement::Disabled);
        let cells = |texts: Vec<String>| -> Row {
            let aligned = texts.into_iter().zip(&self.columns).map(|(text, column)| {
                TextCell::new(text).set_alignment(if column.is_numeric {
                    CellAlignment::Right
                } else {
                    CellAlignment::Left
                })
            });
            aligned.collect::<Vec<_>>().into()
        };
        table.set_header(cells(
            self.columns
                .iter()
                .map(|column| line_of(&column.name))
                .collect(),
        ));
        for row in &self.rows {
            table.add_row(cells(row.iter().map(|cell| line_of(&cell.text)).collect()));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 0));
        }
        let mut lines: Vec<String> = self.title.iter().map(|title| line_of(title)).collect();
        if !self.columns.is_empty() {
            lines.extend(table.lines().map(|line| line.trim_end().to_owned()));
        }
        lines.extend(self.rest());
        if lines.is_empty() {
            lines.push(EMPTY.to_owned());
        }
        lines.join("\n")
    }

    /// The table as HTML. Its colours are those of the page.
    pub(crate) fn to_html(&self) -> String {
        let mut html = "<table class=\"perilune-table\">".to_owned();
        let is_empty = self.columns.is_empty();
        if let Some(title) = self.title.as_deref().or(is_empty.then_some(EMPTY)) {
            let _ = write!(html, "<caption>{}</caption>", escape(title));
        }
        let align = |column: &Column| if column.is_numeric { "right" } else { "left" };
        html.push_str("<thead><tr>");
        for column in &self.columns {
            let (side, name) = (align(column), escape(&column.name));
            let _ = write!(html, "<th style=\"text-align: {side}\">{name}</th>");
        }
        html.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            html.push_str("<tr>");
            for (cell, column) in row.iter().zip(&self.columns) {
                let side = align(column);
                let keeps_lines = cell.html.is_none() && cell.text.contains(['\n', '\t']);
                let space = if keeps_lines {
                    "; white-space: pre-wrap"
                } else {
                    ""
                };
                let _ = write!(html, "<td style=\"text-align: {side}{space}\">");
                match &cell.html {
                    Some(own) => html.push_str(own),
                    None => html.push_str(&escape(&cut(&cell.text))),
                }
                html.push_str("</td>");
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody>");
        if let Some(rest) = self.rest() {
            let width = self.columns.len().max(1);
            let _ = write!(
                html,
                "<tfoot><tr><td colspan=\"{width}\" style=\"text-align: left\">{rest}</td></tr></tfoot>"
            );
        }
        html.push_str("</table>");
        html
    }

    /// What is said of that which is not shown.
    fn rest(&self) -> Option<String> {
        let columns = match self.more_columns {
            0 => None,
            1 => Some("1 more column".to_owned()),
            more => Some(format!("{more} more columns")),
        };
        match (self.more_rows, columns) {
            (0, None) => None,
            (0, Some(columns)) => Some(format!("… {columns}")),
            (rows, None) => Some(format!("… {rows} more")),
            (rows, Some(columns)) => Some(format!("… {rows} more, and {columns}")),
        }
    }
}

/// A line below the names, and two blanks between columns.
fn style() -> TableStyle {
    TableStyle::new()
        .header_lines(ContentLineStyle::none().junction(' '))
        .header_separator(LineStyle::none().fill('─').junction(' '))
        .content_lines(ContentLineStyle::none().junction(' '))
}

/// A text on one line of a terminal, cut where it is too wide.
fn line_of(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(4 * TEXT_WIDTH));
    for character in text.chars() {
        match character {
            '\n' => line.push('⏎'),
            '\t' => line.push(' '),
            // They would move the cursor, or colour what follows.
            character if character.is_control() => line.push('\u{fffd}'),
            character => line.push(character),
        }
        if line.len() > 16 * TEXT_WIDTH {
            break;
        }
    }
    if line.width() <= TEXT_WIDTH {
        return line;
    }
    let mut width = 0;
    let end = line.char_indices().find_map(|(at, character)| {
        width += character.width().unwrap_or(0);
        (width > TEXT_WIDTH - 1).then_some(at)
    });
    line.truncate(end.unwrap_or(line.len()));
    line.push('…');
    line
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(HTML_WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(columns: &[(&str, bool)], rows: &[&[&str]]) -> Grid {
        Grid {
            columns: columns
                .iter()
                .map(|(name, is_numeric)| Column {
                    name: (*name).to_owned(),
                    is_numeric: *is_numeric,
                })
                .collect(),
            rows: rows
                .iter()
                .map(|row| row.iter().map(|text| Cell::from(*text)).collect())
                .collect(),
            ..Grid::default()
        }
    }

    #[test]
    fn texts_stand_on_the_left_and_numbers_on_the_right() {
        let grid = grid(
            &[("name", false), ("size", true)],
            &[&["a", "1"], &["bcdef", "20000"]],
        );
        assert_eq!(
            grid.to_text(),
            "name   size\n\
             ───── ─────\n\
             a         1\n\
             bcdef 20000"
        );
        assert_eq!(
            grid.to_html(),
            "<table class=\"perilune-table\"><thead><tr>\
             <th style=\"text-align: left\">name</th><th style=\"text-align: right\">size</th>\
             </tr></thead><tbody>\
             <tr><td style=\"text-align: left\">a</td><td style=\"text-align: right\">1</td></tr>\
             <tr><td style=\"text-align: left\">bcdef</td><td style=\"text-align: right\">20000</td></tr>\
             </tbody></table>"
        );
    }

    #[test]
    fn wide_and_combining_characters_keep_columns_straight() {
        let grid = grid(
            &[("名", false), ("x", false)],
            &[&["月の裏", "1"], &["e\u{301}te\u{301}", "2"], &["🌒", "3"]],
        );
        assert_eq!(
            grid.to_text(),
            "名     x\n\
             ────── ─\n\
             月の裏 1\n\
             e\u{301}te\u{301}    2\n\
             🌒     3"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let mut grid = Grid {
            title: Some("Moons".to_owned()),
            more_rows: 12,
            ..grid(&[("a", false)], &[&["1"]])
        };
        assert_eq!(grid.to_text(), "Moons\na\n─\n1\n… 12 more");
        assert!(grid.to_html().contains(">… 12 more</td></tr></tfoot>"));
        assert!(grid.to_html().contains("<caption>Moons</caption>"));
        grid.more_columns = 1;
        assert!(grid.to_text().ends_with("… 12 more, and 1 more column"));
        grid.more_rows = 0;
        assert!(grid.to_text().ends_with("\n… 1 more column"));
    }

    #[test]
    fn no_cell_breaks_its_table() {
        let long = "月".repeat(40);
        let grid = grid(&[("<i>", false)], &[&["a\nb\tc\u{1b}[31m"], &[&long]]);
        let text = grid.to_text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[2], "a⏎b c\u{fffd}[31m");
        assert_eq!(lines[3], format!("{}…", "月".repeat(29)));
        let html = grid.to_html();
        assert!(
            html.contains("&lt;i&gt;") && !html.contains("<i>"),
            "{html}"
        );
        assert!(html.contains("white-space: pre-wrap\">a\nb"), "{html}");
    }
}
