use std::rc::Rc;

use perilune_language::debug::{FrameId, HolderId, Refusal, Scope, ScopeKind};

use super::looks::{Held, Holder};
use super::{PausedCode, of_lua};

impl PausedCode<'_> {
    pub(super) fn scopes_of(&mut self, frame: FrameId) -> Result<Vec<Scope>, Refusal> {
        let call = self.call(frame)?;
        let count = |counted: mlua::Result<usize>| counted.map_err(|error| of_lua(&error));
        let locals = count(self.locals_of(&call).map(|locals| locals.len()))?;
        let arguments = count(call.arguments(self.lua).map(|values| values.len()))?;
        let upvalues = count(call.upvalues(self.lua).map(|all| {
            let shown = all
                .iter()
                .filter(|upvalue| !self.is_plain_environment(upvalue));
            shown.count()
        }))?;
        let kept = self.context.kept.borrow().names().count();
        let session = count(self.users_globals())? + kept;
        let scope = |kind, name, what, named| Scope {
            kind,
            name,
            holder: self.hold(Holder {
                what,
                path: None,
                call: Some(Rc::clone(&call)),
            }),
            named,
            indexed: 0,
        };
        let mut scopes = vec![scope(
            ScopeKind::Locals,
            "Locals",
            Held::Locals,
            locals + usize::from(arguments > 0),
        )];
        if upvalues > 0 {
            scopes.push(scope(
                ScopeKind::Upvalues,
                "Upvalues",
                Held::Upvalues,
                upvalues,
            ));
        }
        scopes.push(scope(
            ScopeKind::Globals,
            "Globals",
            Held::Session,
            session + 1,
        ));
        Ok(scopes)
    }

    pub(super) fn session_holder(&mut self) -> HolderId {
        self.hold(Holder {
            what: Held::Session,
            path: None,
            call: None,
        })
    }

    pub(super) fn hold(&self, holder: Holder) -> HolderId {
        self.context.looks.borrow_mut().add_holder(holder)
    }
}
