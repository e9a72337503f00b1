use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::published::Published;
use crate::atomic_file::{self, Access};

/// How far somebody has seen what a kernel published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The last message that was seen.
    #[serde(default)]
    pub message: Option<String>,
    /// The last one that was seen in the journal, by its place there.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many that are in the journal were seen after that one.
    #[serde(default)]
    pub since: u64,
}

impl Place {
    /// Behind what to go on. When the last message that was seen is no longer in the journal, then
    /// behind the cursor: those that were seen since are gone as well, and not lost.
    pub fn begin(&self) -> Option<String> {
        self.message.clone().or_else(|| self.cursor.clone())
    }

    /// This one was seen now.
    pub fn pass(&mut self, published: &Published) {
        if let Some(cursor) = &published.cursor {
            self.cursor = Some(cursor.clone());
            self.since = 0;
        } else if published.is_kept() {
            self.since += 1;
        } else {
            // Nobody finds it again.
            return;
        }
        self.message = Some(published.id().to_owned());
    }
}

/// A place that outlives the program.
#[derive(Debug)]
pub struct Bookmark {
    file: PathBuf,
    written: Place,
    at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema_version: u32,
    #[serde(flatten)]
    place: Place,
}

/// A reader who is killed sees again what came in this time.
const INTERVAL: Duration = Duration::from_millis(200);

impl Bookmark {
    /// The one of a file, and where it is, if anybody ever was here.
    pub fn open(file: PathBuf) -> (Self, Option<Place>) {
        let place = fs::read(&file)
            .ok()
            .and_then(|text| serde_json::from_slice::<Document>(&text).ok())
            .filter(|document| document.schema_version == 1)
            .map(|document| document.place);
        let bookmark = Self {
            file,
            written: place.clone().unwrap_or_default(),
            at: None,
        };
        (bookmark, place)
    }

    /// Moves it here, but not each time.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn follow(&mut self, place: &Place) -> io::Result<()> {
        if self.at.is_some_and(|at| at.elapsed() < INTERVAL) {
            return Ok(());
        }
        self.put(place)
    }

    /// Moves it here.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn put(&mut self, place: &Place) -> io::Result<()> {
        if self.written == *place {
            return Ok(());
        }
        let document = Document {
            schema_version: 1,
            place: place.clone(),
        };
        let text = serde_json::to_vec(&document)?;
        make_folder(&atomic_file::folder_of(&self.file))?;
        atomic_file::replace(&self.file, &text, Access::Private)?;
        self.written = document.place;
        self.at = Some(Instant::now());
        Ok(())
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}
