//! What Lua's own error messages say.

/// Which operation Lua refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Call,
    Index,
    Arithmetic,
    Concatenation,
    Length,
    Comparison,
    /// A value of `for i = 1, 2, 3`, by its place from 0.
    ForValue(usize),
    /// A function's argument, by its place from 1.
    Argument(usize),
}

/// A variable that a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variable<'a> {
    /// `global`, `local`, `field`, `method`, `upvalue`, `constant`, ...
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
}

/// A message that Lua or its library wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complaint<'a> {
    pub(super) operation: Operation,
    pub(super) variable: Option<Variable<'a>>,
    /// Whether the value was `nil`, or not given at all.
    pub(super) is_nil: bool,
}

/// How the library's arithmetic for strings complains.
const STRING_ARITHMETIC: [&str; 8] = [
    "attempt to add a '",
    "attempt to sub a '",
    "attempt to mul a '",
    "attempt to mod a '",
    "attempt to pow a '",
    "attempt to div a '",
    "attempt to idiv a '",
    "attempt to unm a '",
];

/// Where the message itself begins, behind `cell[1]:2: `.
pub(super) fn without_place(message: &str) -> &str {
    // Each coroutine that an error passes through may have put a place before it.
    let Some((place, rest)) = message
        .split_once(": ")
        .filter(|(place, _)| !place.contains('\n'))
    else {
        return message;
    };
    let is_place = place.rsplit_once(':').is_some_and(|(_, line)| {
        !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_place {
        without_place(rest)
    } else {
        message
    }
}

impl<'a> Complaint<'a> {
    /// What a message complains of; nothing if it is none of Lua's.
    pub(super) fn of(message: &'a str) -> Option<Self> {
        let text = without_place(message);
        let operation = if let Some(rest) = text.strip_prefix("bad argument #") {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            Operation::Argument(rest[..digits].parse().ok()?)
        } else if let Some(rest) = text.strip_prefix("bad 'for' ") {
            let values = ["initial", "limit", "step"];
            Operation::ForValue(values.iter().position(|value| rest.starts_with(value))?)
        } else if text.starts_with("attempt to call") {
            Operation::Call
        } else if text.starts_with("attempt to index") {
            Operation::Index
        } else if text.starts_with("attempt to concatenate") {
            Operation::Concatenation
        } else if text.starts_with("attempt to get length") {
            Operation::Length
        } else if text.starts_with("attempt to compare") {
            Operation::Comparison
        } else if text.starts_with("attempt to perform")
            || STRING_ARITHMETIC
                .iter()
                .any(|start| text.starts_with(start))
            || (text.starts_with("number") && text.ends_with("has no integer representation"))
        {
            Operation::Arithmetic
        } else {
            return None;
        };
        Some(Self {
            operation,
            variable: variable(text),
            is_nil: text.contains(" a nil value")
                || text.ends_with("got nil)")
                || text.ends_with("got no value)"),
        })
    }
}

impl Complaint<'_> {
    /// Whether it is a function of C that complains of what it was given.
    pub(super) fn is_of_argument(&self) -> bool {
        matches!(self.operation, Operation::Argument(_))
    }
}

/// The variable in `... (global 'x')` or `number (field 'y') has ...`.
fn variable(text: &str) -> Option<Variable<'_>> {
    let start = text.rfind(" (")? + 2;
    let inside = &text[start..start + text[start..].find("')")?];
    let (kind, name) = inside.split_once(" '")?;
    Some(Variable { kind, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_understood() {
        let complaint =
            Complaint::of("cell[1]:2: attempt to index a nil value (field 'c')").unwrap();
        assert_eq!(complaint.operation, Operation::Index);
        let variable = complaint.variable.unwrap();
        assert_eq!((variable.kind, variable.name), ("field", "c"));
        assert!(complaint.is_nil);
        let complaint =
            Complaint::of("a.lua:1: bad argument #12 to 'f' (number expected, got nil)");
        assert_eq!(complaint.unwrap().operation, Operation::Argument(12));
        let complaint =
            Complaint::of("c:1: number (local 'x') has no integer representation").unwrap();
        assert_eq!(complaint.variable.map(|found| found.name), Some("x"));
        assert_eq!(Complaint::of("c:1: odd: 3"), None);
    }
}
