use std::collections::HashMap;
use std::sync::Arc;

use perilune_language::debug::{DataBreakpoint, FunctionBreakpoint};

use super::Breakpoints;
use super::rule::{Mistakes, Rule};
use crate::DebugError;
use crate::body::Breakpoint;
use crate::request::{NamedData, NamedFunction};

/// A breakpoint on what a name says: functions that are called so, or data.
#[derive(Debug, Clone)]
pub(super) struct Named {
    id: u32,
    name: Arc<str>,
    rule: Result<Rule, String>,
}

impl Named {
    pub(super) fn on_function(&self) -> Option<FunctionBreakpoint> {
        let rule = self.rule.as_ref().ok()?;
        Some(FunctionBreakpoint {
            id: self.id,
            name: Arc::clone(&self.name),
            condition: rule.condition.clone(),
            hits: rule.hits,
            count: Arc::clone(&rule.count),
        })
    }

    pub(super) fn on_data(&self) -> Option<DataBreakpoint> {
        let rule = self.rule.as_ref().ok()?;
        Some(DataBreakpoint {
            id: self.id,
            data: Arc::clone(&self.name),
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
        let wanted = wanted.into_iter().map(|wanted| {
            let name = wanted.name.trim();
            // As people write it who mean the function and not its call.
            let name = name.strip_suffix("()").unwrap_or(name);
            let rule = if name.is_empty() {
                Err("a breakpoint on a function needs the function's name".to_owned())
            } else if name.contains(|c: char| c.is_whitespace() || "();,".contains(c)) {
                Err(format!(
                    "`{name}` is no name of a function; `f`, `M.f` and `M:f` are"
                ))
            } else {
                Rule::new(
                    wanted.condition.as_deref(),
                    wanted.hit_condition.as_deref(),
                    mistakes,
                )
            };
            (name.into(), rule)
        });
        self.wishes = None;
        Ok(replace(&mut self.functions, wanted, &mut self.newest))
    }

    /// Sets all breakpoints on data, in place of those that there were.
    pub(crate) fn set_data(
        &mut self,
        wanted: Vec<NamedData>,
        mistakes: &Mistakes,
    ) -> Result<Vec<Breakpoint>, DebugError> {
        self.room_for(self.data.len(), wanted.len())?;
        let wanted = wanted.into_iter().map(|wanted| {
            let rule = match wanted.access_type.as_deref() {
                None | Some("write") => Rule::new(
                    wanted.condition.as_deref(),
                    wanted.hit_condition.as_deref(),
                    mistakes,
                ),
                Some(_) => Err("only changes can stop code (accessType `write`)".to_owned()),
            };
            (wanted.data_id.into(), rule)
        });
        self.wishes = None;
        Ok(replace(&mut self.data, wanted, &mut self.newest))
    }
}

/// Puts others in the place of those that are set. One of the same name stays the same, and goes on
/// counting its hits.
fn replace(
    set: &mut Vec<Named>,
    wanted: impl Iterator<Item = (Arc<str>, Result<Rule, String>)>,
    newest: &mut u32,
) -> Vec<Breakpoint> {
    let former = set.drain(..);
    let mut former: HashMap<_, _> = former.map(|it| (Arc::clone(&it.name), it)).collect();
    set.extend(wanted.map(|(name, mut rule)| {
        let id = match former.remove(&name) {
            Some(earlier) => {
                if let (Ok(rule), Ok(earlier)) = (&mut rule, &earlier.rule) {
                    rule.go_on_from(earlier);
                }
                earlier.id
            }
            None => Breakpoints::next_id(newest),
        };
        Named { id, name, rule }
    }));
    set.iter().map(Named::told).collect()
}
