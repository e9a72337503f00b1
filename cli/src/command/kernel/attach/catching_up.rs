//! What was missed, from the kernel or from what it left.

use anyhow::Result;

use super::Since;
use super::attached::Attached;
use crate::attach::{self, Feed, FeedError, Place, Published};
use crate::exit::Exit;

impl Attached {
    /// Shows what the journal of a kernel has that is not running.
    pub(super) fn show_what_is_left(&mut self) -> Result<Exit> {
        if let Some(folder) = &self.journal
            && let Some(archive) = attach::archive(folder)?
        {
            let start = match (&self.since, &self.place) {
                (_, Some(place)) if !matches!(self.since, Since::Start | Since::Now) => {
                    place.clone()
                }
                (Since::Now, _) => at(attach::end_of(&archive)?),
                (Since::Last, _) => at(attach::start_of_last_life(&archive)?),
                (Since::Start, _) => Place::default(),
                (Since::Message(id), _) => after_message(id),
            };
            let (mut after, mut seen_of_lost) = (start.begin(), 0);
            self.place = Some(start.clone());
            loop {
                let page = match attach::page_on_disk(&archive, after.as_deref(), None) {
                    Err(FeedError::NoSuchMessage(_))
                        if start.cursor.is_some() && after != start.cursor =>
                    {
                        (after, seen_of_lost) = (start.cursor.clone(), start.since);
                        continue;
                    }
                    page => page?,
                };
                self.show_page(page.lost.saturating_sub(seen_of_lost), page.messages)?;
                seen_of_lost = 0;
                after = Some(page.next);
                if !page.more {
                    break;
                }
            }
        }
        self.view.word("not_running", "the kernel is not running")?;
        Ok(Exit::NotRunning)
    }

    pub(super) async fn catch_up(&mut self, feed: &mut Feed) -> Result<()> {
        let mut begins = matches!(self.since, Since::Start | Since::Now | Since::Message(_))
            || self.place.is_none();
        let start = if begins {
            match &self.since {
                Since::Start => Place::default(),
                Since::Now => at(feed.ends().await?.0),
                Since::Last => at(feed.ends().await?.1),
                Since::Message(id) => after_message(id),
            }
        } else {
            self.place.clone().unwrap_or_default()
        };
        let (mut after, mut seen_of_lost) = (start.begin(), 0);
        loop {
            let page = match feed.page(after.as_deref()).await {
                // The bounds took the last one that was seen, and maybe more.
                Err(FeedError::NoSuchMessage(_))
                    if start.cursor.is_some() && after != start.cursor =>
                {
                    (after, seen_of_lost) = (start.cursor.clone(), start.since);
                    continue;
                }
                page => page?,
            };
            if begins {
                // The next time, on from where we are.
                self.since = Since::Last;
                self.place = Some(start.clone());
                begins = false;
            }
            self.show_page(page.lost.saturating_sub(seen_of_lost), page.messages)?;
            seen_of_lost = 0;
            after = Some(page.next);
            if !page.more {
                return Ok(());
            }
        }
    }

    fn show_page(&mut self, lost: u64, messages: Vec<Published>) -> Result<()> {
        if lost > 0 {
            self.view.lost(lost)?;
        }
        for published in messages {
            self.take(&published)?;
        }
        Ok(())
    }
}

fn at(cursor: String) -> Place {
    Place {
        cursor: Some(cursor),
        ..Place::default()
    }
}

fn after_message(id: &str) -> Place {
    Place {
        message: Some(id.to_owned()),
        ..Place::default()
    }
}
