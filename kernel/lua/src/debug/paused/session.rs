//! What the user has named outside of functions.

use mlua::Value;

use super::PausedCode;
use super::paths::element;
use crate::cell::kept_value;
use crate::magic::{is_users_global, library_globals};
use crate::value::compare;

/// A global, or a local of an earlier cell.
pub(super) struct Named {
    /// The global's key, mostly a string.
    pub(super) key: Value,
    pub(super) value: Value,
    /// Whether it is a local of an earlier cell, and if so whether it is constant.
    pub(super) local: Option<bool>,
    /// An expression for it.
    pub(super) path: Option<String>,
}

impl PausedCode<'_> {
    /// The user's globals and the locals of earlier cells, in their order.
    pub(super) fn named(&self) -> mlua::Result<Vec<Named>> {
        let mut named = self.globals(true)?;
        let kept: Vec<_> = {
            let kept = self.context.kept.borrow();
            kept.all()
                .map(|(name, local)| (name.to_owned(), local.is_constant))
                .collect()
        };
        for (name, is_constant) in kept {
            let value = kept_value(self.lua, self.context, &name).unwrap_or(Value::Nil);
            let key = Value::String(self.lua.create_string(&name)?);
            for global in named.iter_mut().filter(|global| global.key == key) {
                global.path = Some(format!("_G.{name}"));
            }
            named.push(Named {
                key,
                value,
                local: Some(is_constant),
                path: Some(name),
            });
        }
        named.sort_by(|left, right| {
            compare(&left.key, &right.key).then(right.local.is_some().cmp(&left.local.is_some()))
        });
        Ok(named)
    }

    /// The globals that are the user's, or those that are the library's.
    pub(super) fn globals(&self, are_users: bool) -> mlua::Result<Vec<Named>> {
        let library = library_globals(self.lua)?;
        let globals = self.lua.globals();
        let mut found = Vec::new();
        for key in self.layout().names(self.lua, &globals, None, 0, MOST)? {
            let value: Value = globals.raw_get(&key)?;
            if is_users_global(&library, &key, &value) == are_users {
                let path = element(Some("_G"), &key).map(|path| match path.strip_prefix("_G.") {
                    Some(name) => name.to_owned(),
                    None => path,
                });
                found.push(Named {
                    key,
                    value,
                    local: None,
                    path,
                });
            }
        }
        found.sort_by(|left, right| compare(&left.key, &right.key));
        Ok(found)
    }
}

/// So many globals are looked at.
const MOST: usize = 20_000;
