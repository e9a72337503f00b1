use std::sync::Arc;

use perilune_language::debug::Exceptions;

use super::Breakpoints;
use super::rule::{Mistakes, written};
use crate::body::Breakpoint;
use crate::request::{FilterOptions, SetExceptionBreakpoints};

impl Breakpoints {
    /// Sets which errors stop code. Returns what has become of each filter, in their order, those
    /// with options last.
    pub(crate) fn set_exceptions(
        &mut self,
        wanted: SetExceptionBreakpoints,
        mistakes: &Mistakes,
    ) -> Vec<Breakpoint> {
        let mut exceptions = Exceptions::default();
        let plain = wanted.filters.into_iter().map(|filter_id| FilterOptions {
            filter_id,
            condition: None,
        });
        let told = plain
            .chain(wanted.filter_options.into_iter().flatten())
            .map(|wanted| {
                let condition = written(wanted.condition.as_deref());
                let is_right = condition.map_or(Ok(()), |it| mistakes.check(it));
                let filter = match wanted.filter_id.as_str() {
                    "caught" => Ok(&mut exceptions.caught),
                    "uncaught" => Ok(&mut exceptions.uncaught),
                    other => Err(format!(
                        "there is no filter `{}`, only `uncaught` and `caught`",
                        other.chars().take(50).collect::<String>()
                    )),
                };
                let set = filter.and_then(|filter| {
                    is_right?;
                    *filter = Some(condition.map(Arc::from));
                    Ok(())
                });
                Breakpoint {
                    verified: set.is_ok(),
                    message: set.err(),
                    ..Breakpoint::default()
                }
            })
            .collect();
        self.exceptions = exceptions;
        self.wishes = None;
        told
    }
}
