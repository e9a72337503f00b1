//! What data breakpoints watch, as it is named.

use perilune_language::debug::{Refusal, ScopeKind};

use super::{named, stopped};

const CODE: &str = "local up = 1
local t = {x = {y = 1}, 'one'}
local function f(a)
  local i = 'x'
  return a, up, t, i
end
f(5)";

#[test]
fn variables_and_fields_can_be_watched_by_name() {
    stopped(CODE, 5, |look| {
        let frame = Some(look.frame);
        for name in [
            "a",
            "up",
            "t",
            "t.x",
            "t.x.y",
            "t[1]",
            "t[i].y",
            "t['new']",
            "some_global",
        ] {
            let target = look.paused.data_target(None, frame, name).unwrap();
            assert_eq!(target.description, name);
            assert!(!target.data.is_empty());
        }
        for name in ["f()", "a.b", "1", "a + 1", ""] {
            let refused = look.paused.data_target(None, frame, name);
            assert!(refused.is_err(), "{name}: {refused:?}");
        }
    });
}

#[test]
fn what_a_holder_holds_can_be_watched() {
    stopped(CODE, 5, |look| {
        let locals = look.scope(ScopeKind::Locals);
        assert!(look.paused.data_target(Some(locals), None, "a").is_ok());
        let Err(Refusal(why)) = look.paused.data_target(Some(locals), None, "zzz") else {
            panic!("there is no such variable")
        };
        assert_eq!(why, "there is no variable zzz here");
        let upvalues = look.of(ScopeKind::Upvalues);
        let table = named(&upvalues, "t").holder.unwrap();
        let field = look.paused.data_target(Some(table), None, "x").unwrap();
        assert_eq!(field.description, "x");
        let by_name = look
            .paused
            .data_target(None, Some(look.frame), "t.x")
            .unwrap();
        assert_eq!(field.data.split(':').next(), by_name.data.split(':').next());
    });
}
