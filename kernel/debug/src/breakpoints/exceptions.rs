use std::sync::Arc;

use perilune_language::debug::Exceptions;

use super::Breakpoints;
use super::rule::written;
use crate::body::Breakpoint;
use crate::request::{FilterOptions, SetExceptionBreakpoints};

impl Breakpoints {
    /// Sets which errors stop code. Returns what has become of each filter, in their order, those
    /// with options last.
    pub(crate) fn set_exceptions(&mut self, wanted: SetExceptionBreakpoints) -> Vec<Breakpoint> {
        let mut exceptions = Exceptions::default();
        let plain = wanted.filters.into_iter().map(|filter_id| FilterOptions {
            filter_id,
            condition: None,
        });
        let told = plain
            .chain(wanted.filter_options.into_iter().flatten())
            .map(|wanted| {
                let condition = written(wanted.condition.as_deref()).map(Arc::from);
                let known = match wanted.filter_id.as_str() {
                    "caught" => Some(&mut exceptions.caught),
                    "uncaught" => Some(&mut exceptions.uncaught),
                    _ => None,
                };
                let verified = known.is_some();
                if let Some(filter) = known {
                    *filter = Some(condition);
                }
                Breakpoint {
                    verified,
                    message: (!verified).then(|| {
                        let filter = wanted.filter_id.chars().take(50).collect::<String>();
                        format!("there is no filter `{filter}`, only `uncaught` and `caught`")
                    }),
                    ..Breakpoint::default()
                }
            })
            .collect();
        self.exceptions = exceptions;
        self.wishes = None;
        told
    }
}
