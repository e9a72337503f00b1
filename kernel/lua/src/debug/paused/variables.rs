use std::ops::Range;
use std::rc::Rc;

use mlua::{Table, Value};
use perilune_language::debug::{HolderId, Part, Refusal, Variable};

use super::calls::{Call, Local, Upvalue, upvalues};
use super::looks::{Held, Holder};
use super::paths::element;
use super::preview::Preview;
use super::session::Named;
use super::tables::SORTED;
use super::values::About;
use super::{PausedCode, of_lua, refuse};
use crate::value::{compare, metatable};

/// So many elements of a table are given where nobody says how many, and so many variables at all.
const UNASKED: usize = 1_000;
const MOST: usize = 10_000;

impl PausedCode<'_> {
    pub(super) fn holder(&self, id: HolderId) -> Result<Rc<Holder>, Refusal> {
        match self.context.looks.borrow().holder(id) {
            Some(holder) => Ok(holder),
            None => refuse("this value is gone: code has gone on since it was shown"),
        }
    }

    pub(super) fn variables_of(
        &mut self,
        holder: HolderId,
        part: Part,
    ) -> Result<Vec<Variable>, Refusal> {
        let holder = self.holder(holder)?;
        let found = match (&holder.what, &holder.call) {
            (Held::Locals, Some(call)) => self.locals(call).map(|all| slice(all, part, false)),
            (Held::Varargs, Some(call)) => self.varargs(call).map(|all| slice(all, part, true)),
            (Held::Upvalues, Some(call)) => {
                let upvalues = call.upvalues(self.lua);
                upvalues.map(|all| slice(self.upvalues(all, Some(call), true), part, false))
            }
            (Held::Locals | Held::Varargs | Held::Upvalues, None) => Ok(Vec::new()),
            (Held::Session, call) => {
                let library = call.as_ref().map(|_| self.library(call.clone()));
                let named = self.named();
                named.map(|named| {
                    let total = named.len();
                    let mut all = self.session(slice(named, part, false), call.as_ref());
                    let wanted = part.count.filter(|count| *count > 0).unwrap_or(MOST);
                    if part.start.saturating_add(wanted) > total && part.indexed != Some(true) {
                        all.extend(library);
                    }
                    all
                })
            }
            (Held::Library, call) => {
                let named = self.globals(false);
                named.map(|named| self.session(slice(named, part, false), call.as_ref()))
            }
            (Held::Value(Value::Table(table)), _) => self.elements(&holder, table, part),
            (Held::Rest(table, from), _) => {
                let part = Part {
                    start: *from,
                    ..Part::default()
                };
                self.elements(&holder, table, part)
            }
            (Held::Value(Value::Function(function)), call) => {
                let upvalues = upvalues(self.lua, function);
                upvalues.map(|all| slice(self.upvalues(all, call.as_ref(), false), part, false))
            }
            (Held::Values(values), call) => {
                let mut preview = self.preview();
                let all = values.iter().enumerate().map(|(at, value)| {
                    let about = About {
                        name: format!("[{}]", at + 1),
                        call: call.as_ref(),
                        is_constant: true,
                        ..About::default()
                    };
                    self.variable(&mut preview, value, about)
                });
                Ok(slice(all.collect(), part, true))
            }
            (Held::Value(value), _) => Ok(slice(self.inside(&holder, value), part, false)),
        };
        found.map_err(|error| of_lua(&error))
    }

    /// The locals of a call, and its variable arguments as one.
    fn locals(&self, call: &Rc<Call>) -> mlua::Result<Vec<Variable>> {
        let locals = self.locals_of(call)?;
        let mut preview = self.preview();
        let names = shown_names(&locals);
        let mut found: Vec<_> = locals
            .iter()
            .zip(names)
            .map(|(local, name)| {
                let about = About {
                    path: (name == local.name).then(|| local.name.clone()),
                    name,
                    call: Some(call),
                    is_constant: local.is_constant,
                    is_virtual: false,
                };
                self.variable(&mut preview, &local.value, about)
            })
            .collect();
        let arguments = call.arguments(self.lua)?.len();
        if arguments > 0 {
            let values = if arguments == 1 { "value" } else { "values" };
            let mut varargs = self.made_up("...", format!("{arguments} {values}"));
            varargs.holder = Some(self.hold(Holder {
                what: Held::Varargs,
                path: None,
                call: Some(Rc::clone(call)),
            }));
            varargs.indexed = arguments;
            found.push(varargs);
        }
        Ok(found)
    }

    fn varargs(&self, call: &Rc<Call>) -> mlua::Result<Vec<Variable>> {
        let mut preview = self.preview();
        let arguments = call.arguments(self.lua)?.into_iter();
        Ok(arguments
            .enumerate()
            .map(|(at, value)| {
                let about = About {
                    name: format!("[{}]", at + 1),
                    path: Some(format!("(select({}, ...))", at + 1)),
                    call: Some(call),
                    ..About::default()
                };
                self.variable(&mut preview, &value, about)
            })
            .collect())
    }

    /// Upvalues, of the function whose frame it is or of one that is a value.
    fn upvalues(
        &self,
        upvalues: Vec<Upvalue>,
        call: Option<&Rc<Call>>,
        is_frame: bool,
    ) -> Vec<Variable> {
        let mut preview = self.preview();
        let shown = upvalues
            .iter()
            .filter(|upvalue| !self.is_plain_environment(upvalue));
        shown
            .map(|upvalue| {
                let about = About {
                    name: upvalue.name.clone(),
                    path: is_frame.then(|| upvalue.name.clone()),
                    call,
                    is_constant: is_frame
                        && call.is_some_and(|call| self.is_constant_upvalue(call, upvalue)),
                    ..About::default()
                };
                self.variable(&mut preview, &upvalue.value, about)
            })
            .collect()
    }

    fn session(&self, named: Vec<Named>, call: Option<&Rc<Call>>) -> Vec<Variable> {
        let mut preview = self.preview();
        named
            .into_iter()
            .map(|named| {
                let name = preview.name(&named.key);
                let about = About {
                    name,
                    path: named.path,
                    call,
                    is_constant: named.local == Some(true),
                    is_virtual: false,
                };
                self.variable(&mut preview, &named.value, about)
            })
            .collect()
    }

    /// What the library defines, as one.
    fn library(&self, call: Option<Rc<Call>>) -> Variable {
        let named = self.globals(false).map_or(0, |named| named.len());
        let mut library = self.made_up("[library]", format!("{named} globals of Lua's library"));
        library.holder = Some(self.hold(Holder {
            what: Held::Library,
            path: None,
            call,
        }));
        library.named = named;
        library
    }

    /// What is inside of a foreign object or a coroutine.
    fn inside(&self, holder: &Holder, value: &Value) -> Vec<Variable> {
        let mut preview = self.preview();
        let mut found = Vec::new();
        if let Value::Thread(_) = value {
            found.push(self.made_up("[status]", preview.of(value)));
        }
        for (at, value) in self.user_values(value).iter().enumerate() {
            let about = About {
                name: format!("[uservalue {}]", at + 1),
                call: holder.call.as_ref(),
                is_virtual: true,
                ..About::default()
            };
            found.push(self.variable(&mut preview, value, about));
        }
        found.extend(self.metatable_of(&mut preview, holder, value));
        found
    }

    fn metatable_of(
        &self,
        preview: &mut Preview<'_>,
        holder: &Holder,
        value: &Value,
    ) -> Option<Variable> {
        let meta = metatable(self.lua, value)?;
        let path = holder.path.as_ref();
        let about = About {
            name: "[metatable]".to_owned(),
            path: path.map(|path| format!("debug.getmetatable({path})")),
            call: holder.call.as_ref(),
            is_constant: false,
            is_virtual: true,
        };
        Some(self.variable(preview, &Value::Table(meta), about))
    }

    /// Elements of a table: those with numbers, those with names, and its metatable.
    fn elements(&self, holder: &Holder, table: &Table, part: Part) -> mlua::Result<Vec<Variable>> {
        let mut size = self.layout().size(self.lua, table);
        let whole = Value::Table(table.clone());
        let has_metatable = metatable(self.lua, &whole).is_some();
        if !size.is_exact {
            // What is behind is found when it is asked for.
            size.named = usize::MAX / 4;
        }
        let metatables = usize::from(has_metatable);
        let (indexed, named) = match part.indexed {
            Some(true) => (size.indexed, 0),
            Some(false) => (0, size.named + metatables),
            None => (size.indexed, size.named + metatables),
        };
        let count = part.count.filter(|count| *count > 0);
        let most = count.map_or(UNASKED, |count| count.min(MOST));
        let end = part.start.saturating_add(most);
        let indices = part.start.min(indexed)..end.min(indexed);
        let names = part.start.saturating_sub(indexed)..end.saturating_sub(indexed).min(named);
        let mut preview = self.preview();
        let mut found = Vec::with_capacity(indices.len());
        let mut add = |preview: &mut Preview<'_>, key: &Value, value: &Value| {
            let about = About {
                name: preview.name(key),
                path: element(holder.path.as_deref(), key),
                call: holder.call.as_ref(),
                ..About::default()
            };
            found.push(self.variable(preview, value, about));
        };
        for index in indices {
            let index = i64::try_from(index + 1).unwrap_or(i64::MAX);
            let value: Value = table.raw_get(index)?;
            add(&mut preview, &Value::Integer(index), &value);
        }
        let is_sorted = size.is_exact && size.named <= SORTED;
        let keys = self.names(table, &names, is_sorted)?;
        for key in &keys {
            let value: Value = table.raw_get(key)?;
            add(&mut preview, key, &value);
        }
        let is_end = keys.len() < names.len();
        if has_metatable && named > 0 && (is_end || names.contains(&size.named)) {
            found.extend(self.metatable_of(&mut preview, holder, &whole));
        } else if count.is_none() && end < indexed.saturating_add(named) {
            let rest = match size.is_exact {
                true => format!("{} more", indexed + named - end),
                false => "more than can be counted at once".to_owned(),
            };
            let mut more = self.made_up("…", rest);
            more.holder = Some(self.hold(Holder {
                what: Held::Rest(table.clone(), end),
                path: holder.path.clone(),
                call: holder.call.clone(),
            }));
            more.named = 1;
            found.push(more);
        }
        Ok(found)
    }

    /// The keys of a table that are no indices, from one place in their order to another.
    fn names(
        &self,
        table: &Table,
        places: &Range<usize>,
        is_sorted: bool,
    ) -> mlua::Result<Vec<Value>> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let layout = self.layout();
        if is_sorted {
            let mut keys = layout.names(self.lua, table, None, 0, SORTED + 1)?;
            keys.sort_by(compare);
            let end = places.end.min(keys.len());
            return Ok(keys[places.start.min(end)..end].to_vec());
        }
        // To go on where somebody stopped reading takes no search.
        let before = self.context.looks.borrow().read_until(table, places.start);
        let keys = match &before {
            Some(key) => layout.names(self.lua, table, Some(key), 0, places.len()),
            None => layout.names(self.lua, table, None, places.start, places.len()),
        };
        let keys = match keys {
            Ok(keys) => keys,
            // The key is gone.
            Err(_) => layout.names(self.lua, table, None, places.start, places.len())?,
        };
        if let Some(last) = keys.last() {
            let mut looks = self.context.looks.borrow_mut();
            looks.remember_read(table, places.start + keys.len(), last);
        }
        Ok(keys)
    }
}

/// What locals are called: those that are hidden by others of the same name are told apart.
pub(super) fn shown_names(locals: &[Local]) -> Vec<String> {
    let names = locals.iter().enumerate().map(|(at, local)| {
        let hiding = locals[at + 1..].iter();
        match hiding.filter(|later| later.name == local.name).count() {
            0 => local.name.clone(),
            1 => format!("{} (outer)", local.name),
            depth => format!("{} (outer {depth})", local.name),
        }
    });
    names.collect()
}

/// The part that is wanted of variables which all have names, or all have numbers.
fn slice<T>(all: Vec<T>, part: Part, are_indexed: bool) -> Vec<T> {
    if part.indexed.is_some_and(|indexed| indexed != are_indexed) {
        return Vec::new();
    }
    let count = part.count.filter(|count| *count > 0);
    let count = count.unwrap_or(MOST).min(MOST);
    all.into_iter().skip(part.start).take(count).collect()
}
