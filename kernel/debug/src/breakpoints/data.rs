use std::collections::HashMap;
use std::sync::Arc;

use perilune_language::debug::DataBreakpoint;

use super::Breakpoints;
use super::rule::{Mistakes, Rule};
use crate::DebugError;
use crate::body::Breakpoint;
use crate::request::NamedData;

/// A breakpoint on a change of data.
#[derive(Debug, Clone)]
pub(super) struct Data {
    id: u32,
    data: Arc<str>,
    rule: Result<Rule, String>,
}

impl Data {
    pub(super) fn wish(&self) -> Option<DataBreakpoint> {
        let rule = self.rule.as_ref().ok()?;
        Some(DataBreakpoint {
            id: self.id,
            data: Arc::clone(&self.data),
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
    /// Sets all breakpoints on data, in place of those that there were.
    pub(crate) fn set_data(
        &mut self,
        wanted: Vec<NamedData>,
        mistakes: &Mistakes,
    ) -> Result<Vec<Breakpoint>, DebugError> {
        self.room_for(self.data.len(), wanted.len())?;
        let former = std::mem::take(&mut self.data).into_iter();
        let mut former: HashMap<_, _> = former.map(|it| (Arc::clone(&it.data), it)).collect();
        for wanted in wanted {
            let mut rule = match wanted.access_type.as_deref() {
                None | Some("write") => Rule::new(
                    wanted.condition.as_deref(),
                    wanted.hit_condition.as_deref(),
                    mistakes,
                ),
                Some(_) => Err("only changes can stop code (accessType `write`)".to_owned()),
            };
            let id = match former.remove(wanted.data_id.as_str()) {
                Some(earlier) => {
                    if let (Ok(rule), Ok(earlier)) = (&mut rule, &earlier.rule) {
                        rule.go_on_from(earlier);
                    }
                    earlier.id
                }
                None => Self::next_id(&mut self.newest),
            };
            self.data.push(Data {
                id,
                data: wanted.data_id.into(),
                rule,
            });
        }
        self.wishes = None;
        Ok(self.data.iter().map(Data::told).collect())
    }
}
