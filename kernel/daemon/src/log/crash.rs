//! What a process says last that is ended by a signal of its own making.
//!
//! C's `abort`, a failed assertion, memory that Rust cannot have, a stack that is full: what is
//! said of it goes to standard error, which is a pipe of the kernel's own, and ends with it. So
//! before the process ends it takes what is in there to where its log goes. Everything here runs in
//! a signal's handler, of a process in which nothing is sure: no allocation, no lock, only calls
//! that signal-safety(7) lists.

use std::cell::UnsafeCell;
use std::os::fd::RawFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;

use super::line::{Format, Style};

/// Hands over, piece by piece, what was written to standard output and error last. The buffer is
/// to be used for it.
pub type LastWords = fn(&mut [u8], &mut dyn FnMut(&[u8]));

struct Report {
    /// The process that it is about: one that C code forks has its handlers, and is another.
    process: libc::pid_t,
    outputs: Vec<RawFd>,
    style: Style,
    last_words: LastWords,
}

static REPORT: OnceLock<Report> = OnceLock::new();

const SIGNALS: [(libc::c_int, &str); 5] = [
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
];
static BEFORE: [OnceLock<libc::sigaction>; SIGNALS.len()] = [const { OnceLock::new() }; 5];

/// Lets a process that is ended by a fault, or ends itself with `abort`, say so in its log, with
/// what it wrote last. How it ends stays as it is, core dump and all.
///
/// The outputs must stay open for as long as the process lives.
pub fn report_crashes(outputs: Vec<RawFd>, style: Style, last_words: LastWords) {
    let report = Report {
        // SAFETY: it cannot fail.
        process: unsafe { libc::getpid() },
        outputs,
        style,
        last_words,
    };
    if REPORT.set(report).is_err() {
        return;
    }
    for ((signal, _), before) in SIGNALS.iter().zip(&BEFORE) {
        // SAFETY: both are plain structures, for which zero is a value; the handler has the
        // signature that SA_SIGINFO asks for, and does what a handler may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = crashed as *const () as libc::sighandler_t;
            // On a stack of its own where the thread has one: its own may be full.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            let mut old: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(*signal, &raw const action, &raw mut old) == 0 {
                let _ = before.set(old);
            }
        }
    }
}

/// The handlers' memory: their stack may be small.
struct Memory {
    line: UnsafeCell<Line>,
    buffer: UnsafeCell<[u8; 4096]>,
    is_taken: AtomicBool,
}

// SAFETY: who has taken it has it alone.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory {
    line: UnsafeCell::new(Line {
        bytes: [0; 1024],
        length: 0,
    }),
    buffer: UnsafeCell::new([0; 4096]),
    is_taken: AtomicBool::new(false),
};

extern "C" fn crashed(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let index = SIGNALS
        .iter()
        .position(|(number, _)| *number == signal)
        .unwrap_or(0);
    // Two threads may crash at once: one reports.
    if !MEMORY.is_taken.swap(true, Ordering::Acquire) {
        // SAFETY: it cannot fail, and a handler may call it.
        let process = unsafe { libc::getpid() };
        if let Some(report) = REPORT.get().filter(|report| report.process == process) {
            // SAFETY: it was not taken, and now is.
            let (line, buffer) = unsafe { (&mut *MEMORY.line.get(), &mut *MEMORY.buffer.get()) };
            say(report, SIGNALS[index].1, line, buffer);
        }
        MEMORY.is_taken.store(false, Ordering::Release);
    }
    // SAFETY: the structures were filled by `sigaction` or are plain, and `info` is the system's.
    // Whoever had the signal before us has a fault when the instruction is tried again. A signal that
    // somebody sent, `abort` too, comes once more, and then ends the process: Rust's own handler
    // lets it live, as one who waits for the fault.
    unsafe {
        if (*info).si_code <= 0 {
            let mut end: libc::sigaction = std::mem::zeroed();
            end.sa_sigaction = libc::SIG_DFL;
            libc::sigaction(signal, &raw const end, std::ptr::null_mut());
            libc::raise(signal);
        } else if let Some(before) = BEFORE[index].get() {
            libc::sigaction(signal, before, std::ptr::null_mut());
        }
    }
}

fn say(report: &Report, signal: &str, line: &mut Line, buffer: &mut [u8]) {
    // What was just read from the pipes is on its way to where we look for it.
    let moment = libc::timespec {
        tv_sec: 0,
        tv_nsec: 5_000_000,
    };
    // SAFETY: it reads the time to wait, and nobody asks how much is left of it.
    unsafe { libc::nanosleep(&raw const moment, std::ptr::null_mut()) };
    line.begin(report.style);
    line.add(report.style, b"the process is ended by ");
    line.add(report.style, signal.as_bytes());
    line.end(report);
    let mut is_begun = false;
    (report.last_words)(buffer, &mut |bytes| {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_whole) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            if !is_begun {
                line.begin(report.style);
                line.add(report.style, b"it wrote: ");
                is_begun = true;
            }
            line.add(report.style, text);
            if is_whole {
                line.end(report);
                is_begun = false;
            }
        }
    });
    if is_begun {
        line.end(report);
    }
}

/// A line of the log, made without memory from anywhere.
struct Line {
    bytes: [u8; 1024],
    length: usize,
}

const TARGET: &str = "perilune_daemon::crash";
/// What ends a line needs so much room at most.
const END: usize = 16;

impl Line {
    fn begin(&mut self, style: Style) {
        self.length = 0;
        if style.journal {
            self.put(b"<3>");
        }
        match style.format {
            Format::Json => {
                self.put(b"{\"timestamp\":\"");
                self.put_time();
                self.put(b"\",\"level\":\"ERROR\",\"target\":\"");
                self.put(TARGET.as_bytes());
                self.put(b"\",\"message\":\"");
            }
            Format::Text => {
                if !style.journal {
                    self.put_time();
                    self.put(b" ");
                }
                self.put(b"ERROR ");
                self.put(TARGET.as_bytes());
                self.put(b": ");
            }
        }
    }

    /// Adds to the message, as far as there is room, with control characters escaped.
    fn add(&mut self, style: Style, text: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in text {
            if self.length + END > self.bytes.len() {
                return;
            }
            match byte {
                0..=0x1f | 0x7f => {
                    self.put(b"\\u00");
                    self.put(&[
                        DIGITS[usize::from(byte >> 4)],
                        DIGITS[usize::from(byte & 15)],
                    ]);
                }
                b'"' | b'\\' if style.format == Format::Json => self.put(&[b'\\', *byte]),
                byte => self.put(&[*byte]),
            }
        }
    }

    fn end(&mut self, report: &Report) {
        if report.style.format == Format::Json {
            self.put(b"\",\"fields\":{}}");
        }
        self.put(b"\n");
        for output in &report.outputs {
            // SAFETY: the bytes are there; what becomes of them nobody is left to hear.
            unsafe { libc::write(*output, self.bytes.as_ptr().cast(), self.length) };
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.length..self.length + bytes.len()) {
            room.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn put_time(&mut self) {
        let mut now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: it fills the structure.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
        let seconds = now.tv_sec.rem_euclid(86_400);
        let (year, month, day) = date(now.tv_sec.div_euclid(86_400));
        for (number, digits, mark) in [
            (year, 4, b'-'),
            (month, 2, b'-'),
            (day, 2, b'T'),
            (seconds / 3600, 2, b':'),
            (seconds / 60 % 60, 2, b':'),
            (seconds % 60, 2, b'.'),
            (now.tv_nsec / 1_000_000, 3, b'Z'),
        ] {
            self.put_number(number, digits);
            self.put(&[mark]);
        }
    }

    fn put_number(&mut self, number: i64, digits: u32) {
        for place in (0..digits).rev() {
            let digit = u8::try_from(number / 10_i64.pow(place) % 10).unwrap_or(0);
            self.put(&[b'0' + digit]);
        }
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Days, NaiveDate};

    use super::date;

    #[test]
    fn a_day_is_the_one_of_the_calendar() {
        let first = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for days in (0..60_000).step_by(13) {
            let day = first + Days::new(days);
            let expected = (
                i64::from(day.year()),
                i64::from(day.month()),
                i64::from(day.day()),
            );
            assert_eq!(date(days.try_into().unwrap()), expected);
        }
    }
}
