/// What the files of a log are called.
///
/// `kernel.log` is written to. When it ends it gets the next number, `kernel.log.000001`, and keeps
/// it; the numbers only grow. So no file is ever renamed under who reads or compresses it, and the
/// order of the names is the order of the lines, whatever the clock does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    current: String,
}

/// A file of a log that is not written to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rotated {
    pub number: u64,
    pub form: Form,
}

/// How a rotated file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// As it was written.
    Plain,
    /// Compressed, and whole.
    Gzip,
    /// Being compressed, or left so by a process that was killed.
    Partial,
}

impl Form {
    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Partial => ".gz.part",
        }
    }
}

impl Names {
    pub fn of(current: &str) -> Self {
        Self {
            current: current.to_owned(),
        }
    }

    pub fn current(&self) -> &str {
        &self.current
    }

    pub fn rotated(&self, number: u64, form: Form) -> String {
        format!("{}.{number:06}{}", self.current, form.suffix())
    }

    /// Which file of this log has a name; none for every other name.
    pub fn parse(&self, name: &str) -> Option<Rotated> {
        let rest = name.strip_prefix(&self.current)?.strip_prefix('.')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = rest.split_at(digits);
        let form = [Form::Plain, Form::Gzip, Form::Partial]
            .into_iter()
            .find(|form| form.suffix() == suffix)?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        let rotated = Rotated { number, form };
        // One number has one name, or a file could be taken for another.
        (self.rotated(number, form) == name).then_some(rotated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_names_is_the_order_of_the_numbers() {
        let names = Names::of("kernel.log");
        let mut sorted: Vec<_> = (1..2000).map(|n| names.rotated(n, Form::Plain)).collect();
        sorted.sort();
        for (number, name) in (1..).zip(sorted) {
            assert_eq!(names.parse(&name).unwrap().number, number);
        }
    }

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let names = Names::of("kernel.log");
        for number in [1, 999_999, 1_000_000, u64::MAX] {
            for form in [Form::Plain, Form::Gzip, Form::Partial] {
                let name = names.rotated(number, form);
                assert_eq!(names.parse(&name), Some(Rotated { number, form }));
            }
        }
    }

    #[test]
    fn other_files_are_not_the_logs() {
        let names = Names::of("kernel.log");
        for name in [
            "kernel.log",
            "kernel.log.",
            "kernel.log.1",
            "kernel.log.0000001",
            "kernel.log.000000",
            "kernel.log.000001.bz2",
            "kernel.log.000001.gz.gz",
            "kernel.log.99999999999999999999",
            "kernel.log.+00001",
            "other.log.000001",
        ] {
            assert_eq!(names.parse(name), None, "{name}");
        }
    }
}
