use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

use super::{Range, Tick};
use crate::date;

const SECOND: f64 = 1e3;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
const MONTH: f64 = 30.4 * DAY;
const YEAR: f64 = 365.25 * DAY;

/// Steps that clocks and calendars have, up to days, in milliseconds.
const STEPS: [f64; 18] = [
    1.0,
    10.0,
    100.0,
    SECOND,
    5.0 * SECOND,
    15.0 * SECOND,
    30.0 * SECOND,
    MINUTE,
    5.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
];

/// Steps of whole months.
const MONTHS: [u32; 4] = [1, 3, 6, 12];

/// About `count` places to label.
pub(super) fn ticks(range: Range, count: usize) -> Vec<Tick> {
    let rough = (range.max() - range.min()) / count as f64;
    if let Some(step) = STEPS.iter().find(|step| **step >= rough) {
        return by_clock(range, *step);
    }
    let years = rough / YEAR;
    let step = MONTHS
        .iter()
        .find(|months| f64::from(**months) * MONTH >= rough);
    let step = step.copied().unwrap_or_else(|| {
        let power = 10f64.powf(years.log10().floor());
        let factor = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .find(|factor| factor * power >= years);
        (factor.unwrap_or(10.0) * power) as u32 * 12
    });
    by_calendar(range, step.max(1))
}

fn by_clock(range: Range, step: f64) -> Vec<Tick> {
    // Steps of several days begin with the first day there is.
    let start = if step > DAY {
        (range.min() / DAY).ceil() * DAY
    } else {
        (range.min() / step).ceil() * step
    };
    let count = ((range.max() - start) / step).floor() as i64;
    let form = match step {
        step if step >= DAY => "%b %-d",
        step if step >= MINUTE => "%H:%M",
        step if step >= SECOND => "%H:%M:%S",
        _ => "%H:%M:%S%.3f",
    };
    let values = (0..=count).map(|n| start + n as f64 * step);
    values
        .map(|value| {
            // Among hours, midnight is where the day is named.
            let form = if date::is_midnight(value) {
                "%b %-d"
            } else {
                form
            };
            tick(range, value, form)
        })
        .collect()
}

fn by_calendar(range: Range, months: u32) -> Vec<Tick> {
    let start = date::moment(range.min());
    let month = start.year() * 12 + i32::try_from(start.month0()).unwrap_or(0);
    let step = i32::try_from(months).unwrap_or(i32::MAX);
    let first = month.div_euclid(step) * step;
    let form = if months.is_multiple_of(12) {
        "%Y"
    } else {
        "%b %Y"
    };
    let mut ticks = Vec::new();
    let mut next = month_start(first);
    while let Some(at) = next {
        let value = at.timestamp_millis() as f64;
        if value > range.max() {
            break;
        }
        if value >= range.min() {
            ticks.push(tick(range, value, form));
        }
        next = at.checked_add_months(Months::new(months));
    }
    ticks
}

/// The start of a month, counted from the year 0.
fn month_start(month: i32) -> Option<DateTime<Utc>> {
    let month0 = u32::try_from(month.rem_euclid(12)).ok()?;
    let day = NaiveDate::from_ymd_opt(month.div_euclid(12), month0 + 1, 1)?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

fn tick(range: Range, value: f64, form: &str) -> Tick {
    Tick {
        at: range.position(value),
        label: date::moment(value).format(form).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, to: &str) -> Vec<String> {
        let range = Range::of([from, to].map(|text| date::parse(text).unwrap_or(f64::NAN)));
        ticks(range, 5).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_those_of_clocks_and_calendars() {
        assert_eq!(
            labels("1969-07-16", "1969-07-24"),
            ["Jul 16", "Jul 18", "Jul 20", "Jul 22", "Jul 24"]
        );
        assert_eq!(
            labels("1969-01-01", "1969-12-31"),
            ["Jan 1969", "Apr 1969", "Jul 1969", "Oct 1969"]
        );
        assert_eq!(
            labels("1957-10-04", "2026-01-01"),
            ["1960", "1980", "2000", "2020"]
        );
        assert_eq!(
            labels("1969-07-20T18:00", "1969-07-21T06:00"),
            ["18:00", "21:00", "Jul 21", "03:00", "06:00"]
        );
        assert_eq!(
            labels("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.004Z").len(),
            5
        );
    }
}
