//! How long code takes.

use std::time::{Duration, Instant};

use mlua::{Lua, Table, Value};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use perilune_language::Stream;

use super::LIBRARY;
use super::call::{Answer, Call, answer, nothing};
use super::options::Flag;
use super::registry::{Form, Magic};
use super::source::Code;
use crate::context::Context;
use crate::function;

pub(super) const MAGICS: &[Magic] = &[
    Magic {
        name: "time",
        form: Form::Both,
        usage: "CODE",
        summary: "Runs code once and says how long it took.",
        help: "`%time f(x)` runs what stands behind it on its line, `%%time` runs the cell below \
               it. The code is part of the cell: locals that it declares are the cell's, and its \
               value is passed on, so that `%time f(x)` at a cell's end shows what `f` returns.\n\n\
               Shown are the processor time of the whole kernel, the time on the wall, and the \
               memory that Lua has now and how much of it is new.",
        options: &[],
        code: Code::Timed,
        takes_all_words: false,
        run: |_| nothing(),
    },
    Magic {
        name: "timeit",
        form: Form::Both,
        usage: "[-n LOOPS] [-r REPEATS] CODE",
        summary: "Runs code many times and says how long one time takes.",
        help: "The number of loops is found so that a measurement takes 0.2 seconds or more, and \
               then there are seven of them. Shown are the mean, its standard deviation, and the \
               best. `%%timeit` measures the cell below it.\n\n\
               The code is a function of its own: it sees the locals around it, but those that it \
               declares are gone afterwards. Its value is thrown away.",
        options: &[
            Flag {
                letter: 'n',
                number: Some("loops"),
                about: "how often the code runs for one measurement",
            },
            Flag {
                letter: 'r',
                number: Some("repeats"),
                about: "how many measurements there are; 7 if not given",
            },
        ],
        code: Code::Repeated,
        takes_all_words: false,
        run: repeat,
    },
    Magic {
        name: "nohistory",
        form: Form::Cell,
        usage: "",
        summary: "Runs a cell that no history will keep.",
        help: "The cell runs as if the line were not there, and neither the kernel's history nor \
               `perilune history` will know it. A notebook's file has its cells all the same.",
        options: &[],
        code: Code::Plain,
        takes_all_words: false,
        run: |_| nothing(),
    },
];

const REPEATS: u64 = 7;

/// What has passed of everything so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    wall: Instant,
    user: Duration,
    system: Duration,
    /// What Lua has of memory, in bytes.
    memory: usize,
}

impl Clock {
    pub(crate) fn start(lua: &Lua) -> Self {
        let (user, system) = processor_time();
        Self {
            wall: Instant::now(),
            user,
            system,
            memory: lua.used_memory(),
        }
    }

    /// What has passed since.
    pub(crate) fn report(&self, lua: &Lua) -> String {
        let wall = self.wall.elapsed();
        let now = processor_time();
        let user = now.0.saturating_sub(self.user);
        let system = now.1.saturating_sub(self.system);
        let memory = lua.used_memory();
        let (sign, change) = if memory < self.memory {
            ('-', self.memory - memory)
        } else {
            ('+', memory - self.memory)
        };
        format!(
            "CPU times: user {}, sys {}, total {}\nWall time: {}\nLua memory: {} ({sign}{})\n",
            duration(user.as_secs_f64()),
            duration(system.as_secs_f64()),
            duration((user + system).as_secs_f64()),
            duration(wall.as_secs_f64()),
            size(memory),
            size(change),
        )
    }
}

/// The processor time of this process, in user and in system mode.
fn processor_time() -> (Duration, Duration) {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return (Duration::ZERO, Duration::ZERO);
    };
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_micros(value.num_microseconds().try_into().unwrap_or(0))
    };
    (time(usage.user_time()), time(usage.system_time()))
}

pub(super) fn start(lua: &Lua, context: &Context, id: &str) {
    let clock = Clock::start(lua);
    context
        .magics
        .clocks
        .borrow_mut()
        .push((id.to_owned(), clock));
}

pub(super) fn stop(lua: &Lua, context: &Context, id: &str) {
    let mut clocks = context.magics.clocks.borrow_mut();
    // Those behind it belong to code that an error has left.
    if let Some(at) = clocks.iter().rposition(|(of, _)| of == id) {
        let report = clocks[at].1.report(lua);
        clocks.truncate(at);
        context.streams.flush();
        context.write(Stream::Stdout, report.as_bytes());
    }
}

fn repeat(call: &Call<'_>) -> Answer {
    let lua = call.lua;
    let measure = || {
        let library: Table = lua.named_registry_value(LIBRARY)?;
        let timeit: mlua::Function = library.raw_get("timeit")?;
        let loops = call.options.number('n');
        let repeats = call.options.number('r').unwrap_or(REPEATS);
        timeit.call::<mlua::Function>((loops, repeats))
    };
    let measure = measure().map_err(|error| error.to_string())?;
    answer(lua, measure)
}

/// What the part in Lua is made with: a clock, and what says the times.
pub(super) fn functions(lua: &Lua) -> mlua::Result<(mlua::Function, mlua::Function)> {
    let began = Instant::now();
    let clock = lua.create_function(move |_, ()| Ok(began.elapsed().as_secs_f64()))?;
    let report = function::create(lua, |lua, arguments| {
        let [Value::Integer(loops), Value::Table(times), ..] = arguments else {
            return Err("the times are missing".to_owned());
        };
        let times: Vec<f64> = times.sequence_values().flatten().collect();
        let text = repeated_report(u64::try_from(*loops).unwrap_or(0), &times);
        let context = super::context(lua);
        context.streams.flush();
        context.write(Stream::Stdout, text.as_bytes());
        Ok(())
    })?;
    Ok((clock, report))
}

/// What is said of measurements, in seconds for one loop each.
fn repeated_report(loops: u64, times: &[f64]) -> String {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / count;
    let best = times.iter().copied().fold(f64::INFINITY, f64::min);
    format!(
        "{} ± {} per loop, best {} (mean ± std. dev. of {} {}, {} {} each)\n",
        duration(mean),
        duration(variance.sqrt()),
        duration(best),
        times.len(),
        if times.len() == 1 { "run" } else { "runs" },
        grouped(loops),
        if loops == 1 { "loop" } else { "loops" },
    )
}

/// A time in seconds with three digits that count.
fn duration(seconds: f64) -> String {
    if seconds >= 60.0 {
        let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
        return if minutes >= 60.0 {
            format!(
                "{} h {} min {seconds:.0} s",
                (minutes / 60.0).floor(),
                minutes % 60.0
            )
        } else {
            format!("{minutes} min {seconds:.1} s")
        };
    }
    let (value, unit) = match seconds {
        0.0 => return "0 s".to_owned(),
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s if s >= 1e-6 => (s * 1e6, "µs"),
        s => (s * 1e9, "ns"),
    };
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

fn size(bytes: usize) -> String {
    const KIB: f64 = 1024.0;
    match bytes as f64 {
        b if b >= KIB * KIB * KIB => format!("{:.1} GiB", b / (KIB * KIB * KIB)),
        b if b >= KIB * KIB => format!("{:.1} MiB", b / (KIB * KIB)),
        b if b >= KIB => format!("{:.1} KiB", b / KIB),
        b => format!("{b} bytes"),
    }
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (1.5, "1.50 s"),
            (12.345, "12.3 s"),
            (0.123_456, "123 ms"),
            (45.6e-6, "45.6 µs"),
            (7e-9, "7.00 ns"),
            (75.25, "1 min 15.2 s"),
            (3_723.0, "1 h 2 min 3 s"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn measurements_are_summed_up() {
        assert_eq!(
            repeated_report(10_000, &[1e-6, 3e-6]),
            "2.00 µs ± 1.00 µs per loop, best 1.00 µs (mean ± std. dev. of 2 runs, 10,000 loops each)\n"
        );
    }
}
