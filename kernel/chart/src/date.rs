//! Dates, as milliseconds since 1970 in UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// The forms of ISO 8601 that have no time zone.
const MOMENTS: [&str; 4] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
];

/// Reads a day, a month or a moment. Without a time zone it is taken as UTC.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let bytes = text.as_bytes();
    // Four digits and a hyphen: chrono alone takes years of any length.
    if bytes.len() < 7 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let day = |text: &str| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc())
    };
    let moment = match bytes.len() {
        7 => day(&format!("{text}-01")),
        8..=10 => day(text),
        _ => DateTime::parse_from_rfc3339(text)
            .map(|moment| moment.to_utc())
            .ok()
            .or_else(|| {
                let mut moments = MOMENTS
                    .iter()
                    .map(|form| NaiveDateTime::parse_from_str(text, form));
                Some(moments.find_map(Result::ok)?.and_utc())
            }),
    }?;
    Some(moment.timestamp_millis() as f64)
}

/// The moment; the earliest one for what no calendar has.
pub(crate) fn moment(milliseconds: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds as i64).unwrap_or(DateTime::UNIX_EPOCH)
}

/// Whether it is the start of a day.
pub(crate) fn is_midnight(milliseconds: f64) -> bool {
    milliseconds.rem_euclid(86_400_000.0) == 0.0
}

/// As ISO 8601 has it: the day alone if `is_day`.
pub(crate) fn iso(milliseconds: f64, is_day: bool) -> String {
    let form = if is_day {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%dT%H:%M:%S%.3fZ"
    };
    moment(milliseconds).format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_dates_are_read() {
        for (text, read) in [
            ("1969-07-20", "1969-07-20T00:00:00.000Z"),
            ("1969-07", "1969-07-01T00:00:00.000Z"),
            (" 1969-07-20T20:17:40Z ", "1969-07-20T20:17:40.000Z"),
            ("1969-07-20T16:17:40.5-04:00", "1969-07-20T20:17:40.500Z"),
            ("1969-07-20 20:17", "1969-07-20T20:17:00.000Z"),
            ("1969-07-20 20:17:40.25", "1969-07-20T20:17:40.250Z"),
        ] {
            assert_eq!(parse(text).map(|ms| iso(ms, false)).as_deref(), Some(read));
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "1969",
            "1969-13-01",
            "69-07-20",
            "12345-01-01",
            "é969-07-20",
            "1969-07-20x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
