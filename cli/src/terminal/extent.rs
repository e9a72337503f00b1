use console::measure_text_width;

/// How far text has moved a terminal's cursor from where it began, so that it can be taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Lines down.
    lines: usize,
    /// Columns to the right.
    column: usize,
}

impl Extent {
    /// Takes text that was written to a terminal of so many columns.
    pub fn write(&mut self, text: &str, columns: usize) {
        let columns = columns.max(1);
        for part in text.split_inclusive(['\n', '\r']) {
            let line = part.trim_end_matches(['\n', '\r']);
            let width = self.column + measure_text_width(line);
            // A line that fills the terminal exactly has not wrapped yet.
            self.lines += width.saturating_sub(1) / columns;
            self.column = if width == 0 {
                0
            } else {
                (width - 1) % columns + 1
            };
            if part.ends_with('\n') {
                self.lines += 1;
                self.column = 0;
            } else if part.ends_with('\r') {
                self.column = 0;
            }
        }
    }

    /// Takes an image of so many rows, whose last one the cursor is on; of a height that nobody
    /// knows if nothing, and then it cannot be taken back.
    pub fn draw(&mut self, rows: Option<usize>) {
        const UNKNOWN: usize = usize::MAX / 4;
        self.lines = self
            .lines
            .saturating_add(rows.map_or(UNKNOWN, |rows| rows.saturating_sub(1)));
        self.column = 1;
    }

    /// How far to the right the cursor is, from 0.
    pub fn column(self) -> usize {
        self.column
    }

    /// Takes text that was measured by itself, from the start of a line to the start of another.
    pub fn add(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        self.column = other.column;
    }

    /// The last text that was added has been erased.
    pub fn take_back(&mut self, other: Self) {
        self.lines = self.lines.saturating_sub(other.lines);
        self.column = 0;
    }

    /// What takes it all back from a terminal of so many rows; `None` when it has scrolled away.
    pub fn erasure(self, rows: usize) -> Option<String> {
        match self.lines {
            0 => Some("\r\u{1b}[J".to_owned()),
            lines if lines < rows => Some(format!("\r\u{1b}[{lines}A\u{1b}[J")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(text: &str) -> Extent {
        let mut extent = Extent::default();
        extent.write(text, 10);
        extent
    }

    #[test]
    fn lines_are_counted_with_those_that_wrap() {
        assert_eq!(
            extent("a\nb\n"),
            Extent {
                lines: 2,
                column: 0
            }
        );
        assert_eq!(
            extent("0123456789"),
            Extent {
                lines: 0,
                column: 10
            }
        );
        assert_eq!(
            extent("0123456789a"),
            Extent {
                lines: 1,
                column: 1
            }
        );
        assert_eq!(
            extent("0123456789\n"),
            Extent {
                lines: 1,
                column: 0
            }
        );
    }

    #[test]
    fn colours_take_no_room_and_wide_characters_take_two_columns() {
        assert_eq!(
            extent("\u{1b}[31mab\u{1b}[0m"),
            Extent {
                lines: 0,
                column: 2
            }
        );
        assert_eq!(
            extent("\u{6708}"),
            Extent {
                lines: 0,
                column: 2
            }
        );
    }

    #[test]
    fn a_carriage_return_goes_back() {
        assert_eq!(
            extent("50%\r100%\r"),
            Extent {
                lines: 0,
                column: 0
            }
        );
    }

    #[test]
    fn what_has_scrolled_away_cannot_be_erased() {
        assert_eq!(extent("a\nb\n").erasure(24).unwrap(), "\r\u{1b}[2A\u{1b}[J");
        assert_eq!(extent("a\nb\n").erasure(2), None);
    }
}
