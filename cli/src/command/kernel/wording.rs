//! How times and code are said in a line.

use console::truncate_str;

/// How long that is, to the two largest units.
pub fn age(seconds: f64) -> String {
    // A float that is too large or none becomes the nearest number.
    let seconds = seconds.max(0.0) as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        (_, _, _) => format!("{days} d {} h", hours % 24),
    }
}

/// The beginning of a text, without anything that a terminal would act on.
pub fn one_line(text: &str, columns: usize) -> String {
    let plain: String = text
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    truncate_str(&words.join(" "), columns, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_units_at_most() {
        let ages = [0.4, 59.9, 61.0, 7_260.0, 90_000.0, -1.0, f64::NAN];
        let words: Vec<_> = ages.map(age).into();
        let expected = [
            "0 s",
            "59 s",
            "1 min 1 s",
            "2 h 1 min",
            "1 d 1 h",
            "0 s",
            "0 s",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn code_becomes_a_line_that_harms_no_terminal() {
        assert_eq!(
            one_line("for i = 1, 2 do\n\tprint(i)\nend", 60),
            "for i = 1, 2 do print(i) end"
        );
        assert_eq!(one_line("a\u{1b}[2Jb", 60), "a [2Jb");
        assert_eq!(one_line("abcdefgh", 4), "abc…");
    }
}
