//! What functions are called.

use std::collections::HashMap;
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::Arc;

use mlua::Function;

use super::PausedCode;
use crate::failure::{library_names, lines};
use crate::value::name_on;

/// What is known of functions while code does not go on.
#[derive(Default)]
pub(super) struct FunctionNames {
    /// By the chunk and the line that they begin at.
    defined: HashMap<(String, usize), Option<String>>,
    /// What files say.
    files: HashMap<String, Option<Arc<str>>>,
    /// Those in loaded modules.
    library: Option<Rc<HashMap<*const c_void, String>>>,
}

/// So many functions are looked up in their code at each stop, and so many files read for it.
const MOST: usize = 2_000;
const MOST_FILES: usize = 100;

impl PausedCode<'_> {
    /// A function on one line: its name, as far as it has one, and where it is.
    pub(super) fn function_text(&self, function: &Function) -> String {
        let info = function.info();
        let (name, place) = match (info.what, info.line_defined, &info.short_src) {
            ("C", ..) => (self.library_name(function), "builtin".to_owned()),
            (_, Some(line), Some(chunk)) => {
                (self.name_where_defined(function), format!("{chunk}:{line}"))
            }
            (_, _, chunk) => (None, chunk.clone().unwrap_or_default()),
        };
        match name {
            Some(name) => format!("function: {name} ({place})"),
            None => format!("function: {:p} ({place})", function.to_pointer()),
        }
    }

    /// What a function is called where it is defined, if the code is at hand and says so.
    pub(super) fn name_where_defined(&self, function: &Function) -> Option<String> {
        let info = function.info();
        let source = info.source?;
        let line = info.line_defined.filter(|line| *line > 0)?;
        let key = (source, line);
        let looks = self.context.looks.borrow();
        if let Some(known) = looks.functions.defined.get(&key) {
            return known.clone();
        }
        let has_room = looks.functions.defined.len() < MOST;
        drop(looks);
        let code = has_room.then(|| self.chunk(&key.0)).flatten();
        let name = code.and_then(|code| name_on(lines(&code).nth(line - 1)?));
        if has_room {
            let mut looks = self.context.looks.borrow_mut();
            looks.functions.defined.insert(key, name.clone());
        }
        name
    }

    /// The code of a chunk, from what Lua says is its source.
    fn chunk(&self, source: &str) -> Option<Arc<str>> {
        let sources = self.context.sources.borrow();
        if let Some(name) = source.strip_prefix('=') {
            return sources.of_cell(name);
        }
        let path = source.strip_prefix('@')?;
        let looks = self.context.looks.borrow();
        if let Some(known) = looks.functions.files.get(path) {
            return known.clone();
        }
        if looks.functions.files.len() >= MOST_FILES {
            return None;
        }
        drop(looks);
        let code = sources.of_chunk(path, true);
        let mut looks = self.context.looks.borrow_mut();
        looks.functions.files.insert(path.to_owned(), code.clone());
        code
    }

    fn library_name(&self, function: &Function) -> Option<String> {
        let known = self.context.looks.borrow().functions.library.clone();
        let names = known.unwrap_or_else(|| {
            let names = Rc::new(library_names(self.lua));
            let mut looks = self.context.looks.borrow_mut();
            looks.functions.library = Some(Rc::clone(&names));
            names
        });
        names.get(&function.to_pointer()).cloned()
    }
}
