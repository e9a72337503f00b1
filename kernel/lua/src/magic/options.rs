//! What may stand before the words that a magic is told.

/// An option of one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag {
    pub(super) letter: char,
    /// What its number counts; nothing if it is just there or not.
    pub(super) number: Option<&'static str>,
    pub(super) about: &'static str,
}

impl Flag {
    pub(super) fn sign(&self) -> String {
        format!("-{}", self.letter)
    }
}

/// The options that were given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Given(Vec<(char, u64)>);

impl Given {
    pub(super) fn has(&self, letter: char) -> bool {
        self.number(letter).is_some()
    }

    pub(super) fn number(&self, letter: char) -> Option<u64> {
        let found = self.0.iter().rev().find(|(given, _)| *given == letter);
        found.map(|(_, number)| *number)
    }
}

/// Takes the options off the beginning of `words`; `--` ends them.
///
/// # Errors
///
/// What is wrong with one of them.
pub(super) fn parse(flags: &[Flag], words: &mut Vec<String>) -> Result<Given, String> {
    let mut given = Given::default();
    while let Some(word) = words.first() {
        if word == "--" {
            words.remove(0);
            break;
        }
        let mut letters = word.chars();
        let (Some('-'), Some(letter)) = (letters.next(), letters.next()) else {
            break;
        };
        let Some(flag) = flags.iter().find(|flag| flag.letter == letter) else {
            return Err(unknown(word, flags));
        };
        let mut value = letters.as_str().to_owned();
        words.remove(0);
        let Some(what) = flag.number else {
            if !value.is_empty() {
                return Err(format!("-{letter} stands alone, without {value:?}"));
            }
            given.0.push((letter, 0));
            continue;
        };
        if value.is_empty() && !words.is_empty() {
            value = words.remove(0);
        }
        let number = value.parse().ok().filter(|number| *number > 0);
        let Some(number) = number else {
            return Err(format!("-{letter} wants a number of {what}, not {value:?}"));
        };
        given.0.push((letter, number));
    }
    Ok(given)
}

fn unknown(word: &str, flags: &[Flag]) -> String {
    let known: Vec<_> = flags.iter().map(Flag::sign).collect();
    match &*known {
        [] => format!("it has no options, but was given {word}; a name like that follows --"),
        known => format!("it has no option {word}, but {}", known.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        Flag {
            letter: 'a',
            number: None,
            about: "",
        },
        Flag {
            letter: 'n',
            number: Some("loops"),
            about: "",
        },
    ];

    fn read(line: &str) -> Result<(Given, Vec<String>), String> {
        let mut words = line.split_whitespace().map(str::to_owned).collect();
        parse(FLAGS, &mut words).map(|given| (given, words))
    }

    #[test]
    fn options_come_before_the_words() {
        let (given, words) = read("-a -n 10 x -n").unwrap();
        assert!(given.has('a'));
        assert_eq!(given.number('n'), Some(10));
        assert_eq!(words, ["x", "-n"]);
        assert_eq!(read("-n3").unwrap().0.number('n'), Some(3));
        assert_eq!(read("-- -a").unwrap().1, ["-a"]);
        assert_eq!(read("-").unwrap().1, ["-"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, expected) in [
            ("-x", "it has no option -x, but -a and -n"),
            ("-ab", "-a stands alone, without \"b\""),
            ("-n", "-n wants a number of loops, not \"\""),
            ("-n 0", "-n wants a number of loops, not \"0\""),
        ] {
            assert_eq!(read(line), Err(expected.to_owned()));
        }
    }
}
