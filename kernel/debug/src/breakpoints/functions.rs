use std::collections::HashMap;
use std::sync::Arc;

use perilune_language::debug::FunctionBreakpoint;

use super::Breakpoints;
use super::rule::{Mistakes, Rule};
use crate::DebugError;
use crate::body::Breakpoint;
use crate::request::NamedFunction;

/// A breakpoint on a function.
#[derive(Debug, Clone)]
pub(super) struct Function {
    id: u32,
    name: Arc<str>,
    rule: Result<Rule, String>,
}

impl Function {
    pub(super) fn wish(&self) -> Option<FunctionBreakpoint> {
        let rule = self.rule.as_ref().ok()?;
        Some(FunctionBreakpoint {
            id: self.id,
            name: Arc::clone(&self.name),
            condition: rule.condition.clone(),
            hits: rule.hits,
            count: Arc::clone(&rule.count),
        })
    }

    fn told(&self) -> Breakpoint {
        Breakpoint {
            id: Some(self.id),
            verified: self.rule.is_ok(),
            message: self.rule.as_ref().err().cloned(),
            reason: self.rule.is_err().then_some("failed"),
            ..Breakpoint::default()
        }
    }
}

impl Breakpoints {
    /// Sets all breakpoints on functions, in place of those that there were.
    pub(crate) fn set_functions(
        &mut self,
        wanted: Vec<NamedFunction>,
        mistakes: &Mistakes,
    ) -> Result<Vec<Breakpoint>, DebugError> {
        self.room_for(self.functions.len(), wanted.len())?;
        let former = std::mem::take(&mut self.functions).into_iter();
        let mut former: HashMap<_, _> = former.map(|it| (Arc::clone(&it.name), it)).collect();
        for wanted in wanted {
            let name = wanted.name.trim();
            let mut rule = if name.is_empty() {
                Err("a breakpoint on a function needs the function's name".to_owned())
            } else {
                Rule::new(
                    wanted.condition.as_deref(),
                    wanted.hit_condition.as_deref(),
                    mistakes,
                )
            };
            let id = match former.remove(name) {
                Some(earlier) => {
                    if let (Ok(rule), Ok(earlier)) = (&mut rule, &earlier.rule) {
                        rule.go_on_from(earlier);
                    }
                    earlier.id
                }
                None => Self::next_id(&mut self.newest),
            };
            self.functions.push(Function {
                id,
                name: name.into(),
                rule,
            });
        }
        self.wishes = None;
        Ok(self.functions.iter().map(Function::told).collect())
    }
}
