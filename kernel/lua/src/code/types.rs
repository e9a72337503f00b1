use std::fmt;

/// A type as LuaCATS writes it, as far as it says what fields there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// A class, or one of Lua's own types.
    Named(String),
    /// `T[]`
    List(Box<Self>),
    /// `table<K, V>`
    Map(Box<Self>, Box<Self>),
    /// `{name: T}`
    Record(Vec<(String, bool, Self)>),
    /// `fun(a: T): R`
    Function {
        parameters: Vec<(String, bool, Option<Self>)>,
        returns: Vec<Self>,
    },
    /// `A|B`
    Union(Vec<Self>),
    /// `T?`
    Optional(Box<Self>),
    /// What is not understood, as it stands.
    Other(String),
}

/// Deeper nesting is not understood.
const MAX_DEPTH: usize = 20;

impl Type {
    pub(super) fn named(name: &str) -> Self {
        Self::Named(name.to_owned())
    }

    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        match parser.union() {
            Some(found) if parser.rest().trim().is_empty() => found,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) | Self::Other(name) => f.write_str(name),
            Self::List(of) => match **of {
                Self::Union(_) | Self::Function { .. } => write!(f, "({of})[]"),
                _ => write!(f, "{of}[]"),
            },
            Self::Map(key, value) => write!(f, "table<{key}, {value}>"),
            Self::Record(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, is_optional, kind)| {
                        format!("{name}{}: {kind}", if *is_optional { "?" } else { "" })
                    })
                    .collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
            Self::Function {
                parameters,
                returns,
            } => {
                write!(f, "fun({})", parameter_list(parameters))?;
                let returns: Vec<_> = returns.iter().map(ToString::to_string).collect();
                match returns.is_empty() {
                    true => Ok(()),
                    false => write!(f, ": {}", returns.join(", ")),
                }
            }
            Self::Union(types) => {
                let types: Vec<_> = types.iter().map(ToString::to_string).collect();
                f.write_str(&types.join("|"))
            }
            Self::Optional(of) => match **of {
                Self::Union(_) | Self::Function { .. } => write!(f, "({of})?"),
                _ => write!(f, "{of}?"),
            },
        }
    }
}

/// `a: number, b?: string`
pub(super) fn parameter_list(parameters: &[(String, bool, Option<Type>)]) -> String {
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, is_optional, kind)| {
            let mark = if *is_optional { "?" } else { "" };
            match kind {
                Some(kind) => format!("{name}{mark}: {kind}"),
                None => format!("{name}{mark}"),
            }
        })
        .collect();
    parameters.join(", ")
}

/// The type that a text starts with, and what follows it.
pub(super) fn take_type(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let mut depth = 0usize;
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) => {
                if letter == open {
                    quote = None;
                }
            }
            None => match letter {
                '"' | '\'' | '`' => quote = Some(letter),
                '(' | '<' | '{' | '[' => depth += 1,
                ')' | '>' | '}' | ']' => depth = depth.saturating_sub(1),
                letter if letter.is_whitespace() && depth == 0 => {
                    let goes_on = text[at..].trim_start().starts_with('|')
                        || before == '|'
                        || before == ':'
                        || before == ',' && text.starts_with("fun(");
                    if !goes_on {
                        return (&text[..at], text[at..].trim());
                    }
                    continue;
                }
                _ => {}
            },
        }
        before = letter;
    }
    (text.trim_end(), "")
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn accept(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        self.at += if found { symbol.len() } else { 0 };
        found
    }

    fn word(&mut self) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !(letter.is_alphanumeric() || "_.*-".contains(letter)))
            .unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    fn union(&mut self) -> Option<Type> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let mut types = vec![self.suffixed()?];
        while self.accept("|") {
            types.push(self.suffixed()?);
        }
        self.depth -= 1;
        match types.len() {
            1 => types.pop(),
            _ => Some(Type::Union(types)),
        }
    }

    fn suffixed(&mut self) -> Option<Type> {
        let mut found = self.simple()?;
        let mut suffixes = 0;
        loop {
            if self.accept("[]") {
                found = Type::List(Box::new(found));
            } else if self.accept("?") {
                found = Type::Optional(Box::new(found));
            } else {
                return Some(found);
            }
            suffixes += 1;
            if suffixes > MAX_DEPTH {
                return None;
            }
        }
    }

    fn simple(&mut self) -> Option<Type> {
        if self.accept("(") {
            let inner = self.union()?;
            return self.accept(")").then_some(inner);
        }
        if self.accept("{") {
            return self.record();
        }
        self.skip_space();
        if let Some(quote) = self
            .rest()
            .chars()
            .next()
            .filter(|quote| "\"'`".contains(*quote))
        {
            let end = self.rest()[1..].find(quote)? + 2;
            let text = self.rest()[..end].to_owned();
            self.at += end;
            return Some(Type::Other(text));
        }
        let word = self.word()?;
        if word == "fun" && self.accept("(") {
            return self.function();
        }
        if !self.accept("<") {
            return Some(Type::named(word));
        }
        let mut arguments = vec![self.union()?];
        while self.accept(",") {
            arguments.push(self.union()?);
        }
        if !self.accept(">") {
            return None;
        }
        match (word, arguments.as_slice()) {
            ("table", [key, value]) => {
                Some(Type::Map(Box::new(key.clone()), Box::new(value.clone())))
            }
            _ => Some(Type::named(word)),
        }
    }

    fn record(&mut self) -> Option<Type> {
        let mut fields = Vec::new();
        let mut map = None;
        while !self.accept("}") {
            if self.accept("[") {
                let key = self.union()?;
                if !(self.accept("]") && self.accept(":")) {
                    return None;
                }
                map = Some((key, self.union()?));
            } else {
                let name = self.word()?.to_owned();
                let is_optional = self.accept("?");
                if !self.accept(":") {
                    return None;
                }
                fields.push((name, is_optional, self.union()?));
            }
            if !(self.accept(",") || self.accept(";") || self.rest().trim_start().starts_with('}'))
            {
                return None;
            }
        }
        match map {
            Some((key, value)) if fields.is_empty() => {
                Some(Type::Map(Box::new(key), Box::new(value)))
            }
            _ => Some(Type::Record(fields)),
        }
    }

    fn function(&mut self) -> Option<Type> {
        let mut parameters = Vec::new();
        while !self.accept(")") {
            let name = if self.accept("...") {
                "..."
            } else {
                self.word()?
            };
            let is_optional = self.accept("?");
            let kind = if self.accept(":") {
                Some(self.union()?)
            } else {
                None
            };
            parameters.push((name.to_owned(), is_optional, kind));
            if !(self.accept(",") || self.rest().trim_start().starts_with(')')) {
                return None;
            }
        }
        let mut returns = Vec::new();
        if self.accept(":") {
            returns.push(self.union()?);
            while self.accept(",") {
                returns.push(self.union()?);
            }
        }
        Some(Type::Function {
            parameters,
            returns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_written_as_they_were() {
        for text in [
            "number",
            "string[]",
            "(string|number)[]",
            "table<string, Point[]>",
            "{x: number, y?: {z: Point}}",
            "fun(a: number, b?: string, ...): Point, string?",
            "(fun(): number)?",
            "nil|\"a\"|'b'",
            "file*",
            "a.b.Class",
        ] {
            let found = Type::parse(text);
            assert_eq!(found.to_string(), text);
            assert!(!matches!(found, Type::Other(_)), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_stays_as_it_is() {
        let deep = "(".repeat(1_000);
        for text in ["{string,...}", "a b", "<", deep.as_str()] {
            assert_eq!(Type::parse(text), Type::Other(text.to_owned()));
        }
    }

    #[test]
    fn a_type_ends_where_its_explanation_begins() {
        assert_eq!(take_type("a | b c"), ("a | b", "c"));
        assert_eq!(
            take_type("fun(a: b): c, d rest"),
            ("fun(a: b): c, d", "rest")
        );
        assert_eq!(take_type("{a: b} # c"), ("{a: b}", "# c"));
        assert_eq!(take_type("'a b' c"), ("'a b'", "c"));
    }
}
