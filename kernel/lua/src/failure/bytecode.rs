//! Compiled functions, read from what `string.dump` makes of them (ldump.c of 5.4).

use super::instruction::identity;

/// A function of a compiled chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    /// The lines that it begins and ends at; 0 and 0 for the chunk itself.
    pub(super) first_line: usize,
    pub(super) last_line: usize,
    /// What stands for its code, as in [`Instruction`](super::instruction::Instruction).
    pub(super) identity: u64,
    pub(super) code: Vec<u32>,
    /// The line of each instruction.
    pub(super) lines: Vec<usize>,
}

/// `4-byte signature, version, format, 6 bytes of data, 3 sizes, an integer, a float`
const HEADER: usize = 4 + 1 + 1 + 6 + 3 + 8 + 8;
/// Functions in functions are read down to here; Lua's compiler allows fewer.
const DEPTH: usize = 250;
/// In `lineinfo`: the line is in `abslineinfo`.
const ABSOLUTE: u8 = 0x80;

/// All functions of a dumped chunk, outer ones first.
pub(super) fn functions(dump: &[u8]) -> Option<Vec<Function>> {
    // One byte says how many upvalues the chunk has.
    let mut reader = Reader {
        rest: dump.get(HEADER + 1..)?,
    };
    let mut found = Vec::new();
    reader.function(&mut found, 0)?;
    Some(found)
}

/// The lines that code of a dumped chunk can stop at, function by function, outer ones first.
pub(crate) fn active_lines(dump: &[u8]) -> Option<Vec<Vec<usize>>> {
    let functions = functions(dump)?.into_iter();
    let lines = functions.map(|function| {
        // The instruction that counts variable arguments is no place to stop at.
        let counts = function.code.first().map(|code| code & OPCODE) == Some(VARARGPREP);
        function.lines[usize::from(counts).min(function.lines.len())..].to_vec()
    });
    Some(lines.collect())
}

/// The bits of an instruction that say what it does, and the one that each function with variable
/// arguments begins with (lopcodes.h).
const OPCODE: u32 = 0x7f;
const VARARGPREP: u32 = 81;

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// Seven bits a byte, the most significant first; the last byte has its high bit set.
    fn size(&mut self) -> Option<usize> {
        let mut size = 0usize;
        loop {
            let byte = self.byte()?;
            size = size.checked_mul(128)? | usize::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                return Some(size);
            }
        }
    }

    /// A string: one more than its length, and 0 for none.
    fn skip_string(&mut self) -> Option<()> {
        let length = self.size()?;
        self.take(length.saturating_sub(1)).map(|_| ())
    }

    fn function(&mut self, found: &mut Vec<Function>, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        self.skip_string()?;
        let first_line = self.size()?;
        let last_line = self.size()?;
        self.take(3)?;
        let length = self.size()?;
        let code: Vec<u32> = self
            .take(length.checked_mul(4)?)?
            .chunks_exact(4)
            .map(|four| u32::from_ne_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        for _ in 0..self.size()? {
            self.skip_constant()?;
        }
        let upvalues = self.size()?;
        self.take(upvalues.checked_mul(3)?)?;
        let place = found.len();
        found.push(Function {
            first_line,
            last_line,
            identity: identity(&code),
            code,
            lines: Vec::new(),
        });
        for _ in 0..self.size()? {
            self.function(found, depth + 1)?;
        }
        found[place].lines = self.lines(first_line)?;
        for _ in 0..self.size()? {
            self.skip_string()?;
            self.size()?;
            self.size()?;
        }
        for _ in 0..self.size()? {
            self.skip_string()?;
        }
        Some(())
    }

    fn skip_constant(&mut self) -> Option<()> {
        // The types are those of lobject.h: nil, false, true, float, integer, short, long string.
        match self.byte()? {
            0x00 | 0x01 | 0x11 => Some(()),
            0x13 | 0x03 => self.take(8).map(|_| ()),
            0x04 | 0x14 => self.skip_string(),
            _ => None,
        }
    }

    /// Each instruction's line: the difference to that before it, or an absolute one.
    fn lines(&mut self, first_line: usize) -> Option<Vec<usize>> {
        let length = self.size()?;
        let differences = self.take(length)?;
        let mut absolute = Vec::new();
        for _ in 0..self.size()? {
            absolute.push((self.size()?, self.size()?));
        }
        let mut line = first_line;
        let mut absolute = absolute.into_iter();
        let mut lines = Vec::with_capacity(length);
        for difference in differences {
            line = if *difference == ABSOLUTE {
                absolute.next()?.1
            } else {
                line.checked_add_signed(isize::from(i8::from_ne_bytes([*difference])))?
            };
            lines.push(line);
        }
        Some(lines)
    }
}

#[cfg(test)]
mod tests {
    use mlua::Lua;

    use super::*;

    fn of(code: &str) -> Vec<Function> {
        let dump = Lua::new().load(code).into_function().unwrap().dump(false);
        functions(&dump).unwrap()
    }

    #[test]
    fn each_function_has_its_lines() {
        let found = of(
            "local a <const> = 1.5\nlocal b = 'x' .. a\n\nfunction f(n)\n  return n + 1\nend\nreturn b",
        );
        let places: Vec<_> = found.iter().map(|f| (f.first_line, f.last_line)).collect();
        assert_eq!(places, [(0, 0), (4, 6)]);
        assert!(found[0].lines.contains(&2) && found[0].lines.contains(&7));
        assert!(found[1].lines.iter().all(|line| (5..=6).contains(line)));
        assert_eq!(found[1].lines.len(), found[1].code.len());
    }

    #[test]
    fn lines_far_apart_and_many_instructions_are_followed() {
        let code = format!(
            "x = 1{}y = 2\n{}return z",
            "\n".repeat(1_000),
            "x = y\n".repeat(500)
        );
        let found = of(&code);
        assert!(found[0].lines.contains(&1_001) && found[0].lines.contains(&1_501));
        assert_eq!(found[0].lines.last(), Some(&1_502));
    }

    #[test]
    fn what_is_cut_short_is_nothing() {
        let dump = Lua::new()
            .load("local t = {} function t.f() end")
            .into_function()
            .unwrap()
            .dump(false);
        assert!((0..dump.len()).all(|length| functions(&dump[..length]).is_none()));
    }
}
