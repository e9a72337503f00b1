use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::style::{END, WRONG};

/// How many characters of a line are shown.
const WIDTH: usize = 160;
/// How many characters of a long line are shown before the part that is marked.
const BEFORE: usize = 60;

/// A part of a line, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The line, from 1.
    pub(super) line: usize,
    pub(super) whole: Range<usize>,
    /// What matters most of it.
    pub(super) point: Range<usize>,
}

/// Lua's lines: a carriage return and a newline, in either order, are one end of a line.
pub(crate) fn lines(code: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(code);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let bytes = text.as_bytes();
        let pair =
            matches!(bytes.get(end + 1), Some(b'\n' | b'\r')) && bytes[end] != bytes[end + 1];
        rest = Some(&text[end + 1 + usize::from(pair)..]);
        Some(&text[..end])
    })
}

/// Where each line starts, in bytes.
pub(super) fn line_starts(code: &str) -> Vec<usize> {
    lines(code)
        .map(|line| line.as_ptr() as usize - code.as_ptr() as usize)
        .collect()
}

/// The lines around `line`, counted from 1, with an arrow at it and the mark below it.
pub(super) fn excerpt(code: &str, line: usize, around: usize, mark: Option<&Mark>) -> Vec<String> {
    let first = line.saturating_sub(around).max(1);
    let mut shown: Vec<_> = lines(code)
        .enumerate()
        .map(|(index, text)| (index + 1, text))
        .skip(first - 1)
        .take_while(|(number, _)| *number <= line + around)
        .collect();
    while shown
        .last()
        .is_some_and(|(number, text)| *number > line && text.trim().is_empty())
    {
        shown.pop();
    }
    let Some((last, _)) = shown.last().filter(|(last, _)| *last >= line) else {
        return Vec::new();
    };
    let width = last.to_string().len();
    let mut text = Vec::with_capacity(shown.len() + 1);
    for (number, line_text) in shown {
        if number != line {
            let window = window(line_text, None);
            text.push(format!("    {number:width$} | {window}"));
            continue;
        }
        let mark = mark.filter(|mark| mark.line == line && is_worth_it(line_text, &mark.whole));
        let window = window(line_text, mark.map(|mark| &mark.whole));
        text.push(format!("{WRONG}--> {number:width$} |{END} {window}"));
        if let Some(mark) = mark {
            let underline = underline(line_text, mark);
            text.push(format!("    {:width$} | {WRONG}{underline}{END}", ""));
        }
    }
    text.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Whether the mark is less than all of the line, which has an arrow already.
fn is_worth_it(line: &str, mark: &Range<usize>) -> bool {
    line.get(mark.clone()).is_some_and(|marked| {
        !marked.is_empty() && marked.len() < line.trim().trim_end_matches(';').len()
    })
}

fn clean(text: &str) -> String {
    text.replace('\t', "    ")
        .replace(char::is_control, "\u{fffd}")
}

/// Where a line's window begins, in bytes, and whether something is left out before it.
fn window_start(line: &str, mark: Option<&Range<usize>>) -> usize {
    let Some(mark) = mark else { return 0 };
    let before = line[..mark.start].chars().count();
    let to_end = line[..mark.end.min(line.len())].chars().count();
    if to_end <= WIDTH {
        return 0;
    }
    let skipped = before.saturating_sub(BEFORE);
    line.char_indices().nth(skipped).map_or(0, |(at, _)| at)
}

fn window(line: &str, mark: Option<&Range<usize>>) -> String {
    let start = window_start(line, mark);
    let text = &line[start..];
    let before = if start > 0 { "…" } else { "" };
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{before}{}…", clean(&text[..end])),
        None => format!("{before}{}", clean(text)),
    }
}

/// `~~~^^`: the mark, and in it the point.
fn underline(line: &str, mark: &Mark) -> String {
    let start = window_start(line, Some(&mark.whole));
    let width = |range: Range<usize>| line.get(range).map_or(0, |text| clean(text).width());
    let point = mark.point.start.clamp(mark.whole.start, mark.whole.end)
        ..mark.point.end.clamp(mark.whole.start, mark.whole.end);
    let blank = width(start..mark.whole.start) + usize::from(start > 0);
    let text = [
        " ".repeat(blank),
        "~".repeat(width(mark.whole.start..point.start)),
        "^".repeat(width(point.clone())),
        "~".repeat(width(point.end..mark.whole.end)),
    ]
    .concat();
    // A mark that goes on behind the window ends with it.
    text.chars().take(WIDTH + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(code: &str, whole: Range<usize>, point: Range<usize>) -> Vec<String> {
        let mark = Mark {
            line: 1,
            whole,
            point,
        };
        let text = excerpt(code, 1, 0, Some(&mark));
        text.iter()
            .map(|line| line.replace(WRONG, "").replace(END, ""))
            .collect()
    }

    #[test]
    fn lines_end_as_luas_do() {
        let all: Vec<_> = lines("a\r\nb\n\rc\n\nd").collect();
        assert_eq!(all, ["a", "b", "c", "", "d"]);
        assert_eq!(line_starts("a\r\nb\n\nc"), [0, 3, 5, 6]);
    }

    #[test]
    fn an_excerpt_marks_its_line_and_stays_in_the_code() {
        assert_eq!(
            excerpt("one\ntwo\nthree", 3, 1, None),
            [
                "    2 | two".to_owned(),
                format!("{WRONG}--> 3 |{END} three")
            ]
        );
        assert!(excerpt("one", 2, 1, None).is_empty());
    }

    #[test]
    fn a_mark_stands_below_its_part() {
        assert_eq!(
            marked("x = a.b.c", 4..7, 6..7),
            ["--> 1 | x = a.b.c", "      |     ~~^"]
        );
        assert_eq!(marked("f(x)", 0..4, 0..4).len(), 1, "the arrow says it all");
    }

    #[test]
    fn marks_are_as_wide_as_what_is_above_them() {
        let line = "\tt['日本é'] + x";
        let start = line.find('x').unwrap();
        assert_eq!(
            marked(line, start..start + 1, start..start + 1)[1],
            format!("      | {}^", " ".repeat(4 + 3 + 5 + 2 + 3))
        );
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mark_is_shown() {
        let line = format!(
            "x = {} + nothing + {}",
            "1 + ".repeat(100),
            "2 + ".repeat(100)
        );
        let start = line.find("nothing").unwrap();
        let shown = marked(&line, start..start + 7, start..start + 7);
        assert!(
            shown[0].contains("nothing") && shown[0].chars().count() < 180,
            "{shown:?}"
        );
        let column = shown[0].chars().take_while(|c| *c != 'n').count();
        assert_eq!(shown[1].chars().position(|c| c == '^'), Some(column));
    }
}
