//! Which variables are constant, and those that exist in the code alone.
//!
//! Lua forgets attributes when it has compiled them, and a constant number or string is put into
//! the instructions themselves. So the code is asked, where it is at hand.

use std::collections::VecDeque;
use std::ffi::CStr;
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, Value, ffi};

use super::PausedCode;
use super::calls::{Call, Local, Upvalue};
use crate::failure::record_of;
use crate::magic;
use crate::syntax::{DeclarationId, FunctionId, Origin, TokenKind, Tree, tokens};

/// Code that was read.
pub(super) struct Code {
    /// As it was found.
    found: Arc<str>,
    /// As Lua.
    text: String,
    tree: Tree,
}

/// The code that was read last.
#[derive(Default)]
pub(super) struct Codes(VecDeque<(String, Rc<Code>)>);

/// Code of so many chunks is kept, and of each so much is read, in bytes.
const MOST: usize = 8;
const LONGEST: usize = 256 << 10;

impl Codes {
    fn get(&self, chunk: &str, found: &Arc<str>) -> Option<Rc<Code>> {
        let (_, code) = self.0.iter().find(|(name, _)| name == chunk)?;
        let is_same = Arc::ptr_eq(&code.found, found) || *code.found == **found;
        is_same.then(|| Rc::clone(code))
    }

    fn add(&mut self, chunk: &str, code: &Rc<Code>) {
        self.0.retain(|(name, _)| name != chunk);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((chunk.to_owned(), Rc::clone(code)));
    }
}

/// A function in its code.
struct Place {
    code: Rc<Code>,
    /// Nothing for the chunk's own code.
    function: Option<FunctionId>,
    /// The line that it is at.
    line: usize,
}

impl Place {
    fn line_of(&self, byte: usize) -> usize {
        let before = &self.code.text[..byte.min(self.code.text.len())];
        before.matches('\n').count() + 1
    }

    /// The innermost function around a byte.
    fn function_at(&self, byte: usize) -> Option<FunctionId> {
        let functions = self.code.tree.functions.iter().enumerate();
        let around = functions.filter(|(_, function)| function.span.contains(byte));
        let innermost = around.max_by_key(|(_, function)| function.span.start);
        innermost.map(|(index, _)| FunctionId(index))
    }

    /// The declarations of the function that are in force at its line, in their order.
    fn declarations(&self) -> Vec<DeclarationId> {
        let all = self.code.tree.declarations.iter().enumerate();
        all.filter(|(_, declaration)| {
            let scope = declaration.scope;
            declaration.origin_is_named()
                && self.function_at(declaration.name.start) == self.function
                && self.line_of(scope.start) <= self.line
                && (scope.end >= self.code.text.len() || self.line_of(scope.end) >= self.line)
        })
        .map(|(index, _)| DeclarationId(index))
        .collect()
    }

    /// Whether a name was declared constant.
    fn is_constant(&self, declaration: DeclarationId) -> bool {
        let declaration = self.code.tree.declaration(declaration);
        let mut behind = tokens(
            self.code
                .text
                .get(declaration.name.end..)
                .unwrap_or_default(),
        );
        behind.next().is_some_and(|token| token.is("<"))
            && behind
                .next()
                .is_some_and(|token| matches!(token.text, "const" | "close"))
    }

    /// The literal that a constant stands for, if it is declared alone.
    fn literal(&self, declaration: DeclarationId) -> Option<String> {
        let declaration = self.code.tree.declaration(declaration);
        let behind = self.code.text.get(declaration.name.end..)?;
        let words: Vec<_> = tokens(behind).take(7).collect();
        let [open, attribute, close, equals, rest @ ..] = &*words else {
            return None;
        };
        if !(open.is("<") && attribute.text == "const" && close.is(">") && equals.is("=")) {
            return None;
        }
        let (sign, rest) = match rest {
            [minus, rest @ ..] if minus.is("-") => ("-", rest),
            rest => ("", rest),
        };
        let (value, next) = (rest.first()?, rest.get(1));
        let is_literal = match value.kind {
            TokenKind::Number => true,
            TokenKind::String => sign.is_empty(),
            _ => sign.is_empty() && ["nil", "true", "false"].iter().any(|word| value.is(word)),
        };
        // What goes on is an expression; a name or a keyword begins another statement.
        let is_whole = next.is_none_or(|next| match next.kind {
            TokenKind::Name => true,
            TokenKind::Keyword => !["and", "or"].contains(&next.text),
            _ => next.is(";") || next.is("::"),
        });
        (is_literal && is_whole).then(|| format!("{sign}{}", value.text))
    }
}

impl crate::syntax::Declaration {
    /// Whether its name stands in the code.
    fn origin_is_named(&self) -> bool {
        !matches!(self.origin, Origin::Receiver(_))
    }
}

impl PausedCode<'_> {
    /// Says of locals which are constant, and adds those that are in the code alone.
    pub(super) fn with_attributes(&self, call: &Call, locals: &mut Vec<Local>) {
        let Some(place) = self.place(call) else {
            return;
        };
        let declarations = place.declarations();
        let name_of = |id: &DeclarationId| place.code.tree.declaration(*id).name(&place.code.text);
        for at in 0..locals.len() {
            let name = locals[at].name.clone();
            let hiding = locals[at + 1..].iter();
            let depth = hiding.filter(|later| later.name == name).count();
            let mut same = declarations.iter().rev().filter(|id| name_of(id) == name);
            if let Some(declaration) = same.nth(depth) {
                locals[at].is_constant |= place.is_constant(*declaration);
            }
        }
        for declaration in &declarations {
            let name = name_of(declaration);
            if locals.iter().any(|local| local.name == name) || !place.is_constant(*declaration) {
                continue;
            }
            let value = place
                .literal(*declaration)
                .and_then(|text| self.literal(&text).ok());
            if let Some(value) = value {
                locals.push(Local {
                    name: name.to_owned(),
                    index: 0,
                    value,
                    is_constant: true,
                });
            }
        }
    }

    /// The constants of functions around a call's that are in the code alone.
    pub(super) fn constants_around(&self, call: &Call) -> Vec<(String, Value)> {
        let Some(place) = self.place(call) else {
            return Vec::new();
        };
        let Some(function) = place.function else {
            return Vec::new();
        };
        let start = place.code.tree.function(function).span.start;
        let visible = place.code.tree.visible_at(&place.code.text, start);
        visible
            .into_iter()
            .filter(|(_, declaration)| place.is_constant(*declaration))
            .filter_map(|(name, declaration)| {
                let value = self.literal(&place.literal(declaration)?).ok()?;
                Some((name.to_owned(), value))
            })
            .collect()
    }

    /// Whether a local of a function around a call's was declared constant.
    pub(super) fn is_constant_upvalue(&self, call: &Rc<Call>, upvalue: &Upvalue) -> bool {
        let in_code = self.place(call).and_then(|place| {
            let start = match place.function {
                Some(function) => place.code.tree.function(function).span.start,
                None => return None,
            };
            let visible = place.code.tree.visible_at(&place.code.text, start);
            let (_, declaration) = visible
                .into_iter()
                .find(|(name, _)| *name == upvalue.name)?;
            Some(place.is_constant(declaration))
        });
        in_code.unwrap_or_else(|| {
            // It is of an earlier cell then.
            let kept = self.context.kept.borrow().get(&upvalue.name);
            kept.is_some_and(|local| local.is_constant) && self.is_of_cell(call)
        })
    }

    /// Where in its code a call is.
    fn place(&self, call: &Call) -> Option<Place> {
        let mut record = record_of(call.call);
        // SAFETY: the call has not ended.
        let is_main = unsafe {
            if ffi::lua_getinfo(call.thread, c"Sl".as_ptr(), &mut record) == 0 {
                return None;
            }
            CStr::from_ptr(record.what) == c"main"
        };
        let code = self.code_of(&call.function)?;
        let mut place = Place {
            code,
            function: None,
            line: usize::try_from(record.currentline).ok()?,
        };
        // A cell's own function is the kernel's.
        let is_cell = call.function.to_pointer() == self.context.entry.get();
        if !is_main && !is_cell {
            let functions = place.code.tree.functions.iter();
            let found = functions.enumerate().find(|(_, function)| {
                let lines = (
                    place.line_of(function.span.start),
                    place.line_of(function.span.end),
                );
                let of = (record.linedefined as usize, record.lastlinedefined as usize);
                lines == of
            });
            place.function = Some(FunctionId(found?.0));
        }
        Some(place)
    }

    /// The code that a function is of, if it has anything constant.
    fn code_of(&self, function: &Function) -> Option<Rc<Code>> {
        let chunk = function.info().source?;
        let sources = self.context.sources.borrow();
        let (found, is_cell) = match (chunk.strip_prefix('='), chunk.strip_prefix('@')) {
            (Some(name), _) => (sources.of_cell(name)?, true),
            (None, Some(path)) => (sources.of_chunk(path, true)?, false),
            (None, None) => (Arc::from(&*chunk), false),
        };
        let may_be_constant = found.contains("const") || found.contains("close");
        if found.len() > LONGEST || !may_be_constant {
            return None;
        }
        let known = self.context.looks.borrow().codes.get(&chunk, &found);
        if known.is_some() {
            return known;
        }
        let text = match is_cell {
            true => magic::read(&found).masked.into_owned(),
            false => found.to_string(),
        };
        let code = Rc::new(Code {
            tree: Tree::of(&text),
            found,
            text,
        });
        self.context.looks.borrow_mut().codes.add(&chunk, &code);
        Some(code)
    }
}
