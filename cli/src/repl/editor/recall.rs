use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perilune_lua::is_private;
use reedline::{
    CommandLineSearch, History, HistoryItem, HistoryItemId, HistorySessionId, ReedlineError,
    ReedlineErrorVariants, Result, SearchDirection, SearchQuery,
};

/// The inputs that the arrow keys and Ctrl-R bring back, each once: what the kernels of this user
/// remember, and what was typed since.
///
/// Nothing is stored here. Kernels remember what they run; this only reads it.
#[derive(Debug, Clone, Default)]
pub struct Recall {
    inputs: Arc<Mutex<Inputs>>,
}

/// Oldest first, by ids that rise.
#[derive(Debug, Default)]
struct Inputs {
    known: Vec<(i64, String)>,
    next: i64,
}

impl Recall {
    /// Puts inputs of the past, oldest first, before what was typed meanwhile.
    pub fn remember_before(&self, past: Vec<String>) {
        let mut inputs = self.lock();
        let first = inputs.known.first().map_or(0, |(id, _)| *id);
        let count = i64::try_from(past.len()).unwrap_or(i64::MAX);
        let ids = first.saturating_sub(count)..;
        let mut known: Vec<_> = ids.zip(past).collect();
        known.retain(|(_, old)| !inputs.known.iter().any(|(_, new)| new == old));
        known.append(&mut inputs.known);
        inputs.known = known;
    }

    fn lock(&self) -> MutexGuard<'_, Inputs> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn select(&self, query: &SearchQuery) -> Vec<HistoryItem> {
        let inputs = self.lock();
        let (from, to) = match query.direction {
            SearchDirection::Forward => (query.start_id, query.end_id),
            SearchDirection::Backward => (query.end_id, query.start_id),
        };
        let is_wanted = |(id, input): &&(i64, String)| {
            from.is_none_or(|from| *id > from.0)
                && to.is_none_or(|to| *id < to.0)
                && match &query.filter.command_line {
                    None => true,
                    Some(CommandLineSearch::Prefix(text)) => input.starts_with(text.as_str()),
                    Some(CommandLineSearch::Exact(text)) => input == text,
                    Some(CommandLineSearch::Substring(text)) => contains(input, text),
                }
        };
        let wanted = inputs.known.iter().filter(is_wanted);
        let limit = query
            .limit
            .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(0));
        match query.direction {
            SearchDirection::Forward => wanted.take(limit).map(item).collect(),
            SearchDirection::Backward => wanted.rev().take(limit).map(item).collect(),
        }
    }
}

/// Case counts if the text has any capital letter.
fn contains(input: &str, text: &str) -> bool {
    if text.chars().any(char::is_uppercase) {
        input.contains(text)
    } else {
        input.to_lowercase().contains(text)
    }
}

fn item((id, input): &(i64, String)) -> HistoryItem {
    HistoryItem {
        id: Some(HistoryItemId::new(*id)),
        ..HistoryItem::from_command_line(input)
    }
}

fn unsupported(what: &'static str) -> ReedlineError {
    ReedlineError(ReedlineErrorVariants::OtherHistoryError(what))
}

impl History for Recall {
    fn save(&mut self, entry: HistoryItem) -> Result<HistoryItem> {
        if is_private(&entry.command_line) {
            return Err(unsupported("the user wants this to be forgotten"));
        }
        let mut inputs = self.lock();
        inputs
            .known
            .retain(|(_, input)| *input != entry.command_line);
        let id = inputs.next;
        inputs.next += 1;
        inputs.known.push((id, entry.command_line.clone()));
        Ok(HistoryItem {
            id: Some(HistoryItemId::new(id)),
            ..entry
        })
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        let inputs = self.lock();
        let found = inputs.known.iter().find(|(known, _)| *known == id.0);
        found.map(item).ok_or_else(|| unsupported("no such entry"))
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        Ok(i64::try_from(self.select(&query).len()).unwrap_or(i64::MAX))
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        Ok(self.select(&query))
    }

    fn update(
        &mut self,
        _id: HistoryItemId,
        _updater: &dyn Fn(HistoryItem) -> HistoryItem,
    ) -> Result<()> {
        Err(unsupported("entries are not changed"))
    }

    fn clear(&mut self) -> Result<()> {
        Err(unsupported("`perilune history delete` deletes entries"))
    }

    fn delete(&mut self, _id: HistoryItemId) -> Result<()> {
        Err(unsupported("`perilune history delete` deletes entries"))
    }

    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn session(&self) -> Option<HistorySessionId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(past: &[&str]) -> Recall {
        let recall = Recall::default();
        recall.remember_before(past.iter().map(ToString::to_string).collect());
        recall
    }

    fn backward(recall: &Recall, text: &str) -> Vec<String> {
        let query = SearchQuery::all_that_contain_rev(text.to_owned());
        let found = recall.search(query).unwrap();
        found.into_iter().map(|item| item.command_line).collect()
    }

    #[test]
    fn the_newest_comes_first_and_each_once() {
        let mut recall = recall(&["a", "b"]);
        for input in ["c", "a"] {
            let item = HistoryItem::from_command_line(input);
            recall.save(item).unwrap();
        }
        assert_eq!(backward(&recall, ""), ["a", "c", "b"]);
    }

    #[test]
    fn the_past_stands_before_what_was_typed_while_it_was_read() {
        let mut recall = Recall::default();
        recall.save(HistoryItem::from_command_line("new")).unwrap();
        recall.remember_before(vec!["old".to_owned(), "new".to_owned()]);
        assert_eq!(backward(&recall, ""), ["new", "old"]);
    }

    #[test]
    fn small_letters_find_capital_ones_too() {
        let recall = recall(&["Moon", "moon"]);
        assert_eq!(backward(&recall, "moon"), ["moon", "Moon"]);
        assert_eq!(backward(&recall, "Moon"), ["Moon"]);
    }

    #[test]
    fn one_after_the_other_is_found_from_where_the_last_one_was() {
        let recall = recall(&["x1", "y", "x2"]);
        let mut query = SearchQuery::all_that_contain_rev("x".to_owned());
        query.limit = Some(1);
        let newest = recall.search(query).unwrap().remove(0);
        assert_eq!(newest.command_line, "x2");
        let mut query = SearchQuery::all_that_contain_rev("x".to_owned());
        query.start_id = newest.id;
        assert_eq!(recall.search(query).unwrap()[0].command_line, "x1");
    }

    #[test]
    fn what_is_private_is_forgotten() {
        let mut recall = Recall::default();
        let private = HistoryItem::from_command_line("%%nohistory\nkey = 1");
        assert!(recall.save(private).is_err());
        assert_eq!(backward(&recall, ""), [""; 0]);
    }
}
