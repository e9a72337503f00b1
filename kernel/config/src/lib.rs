//! What a user has set: layers of TOML, where each value comes from, and changes that keep comments.
//!
//! [`settings`] declares every key once, and everything else is read from there: what a file may
//! say ([`Sources::read`]), what `perilune config info` tells ([`KEYS`]), what a reload can do
//! ([`Configuration::changes`]). Later layers win: the defaults, the user's file, the project's
//! file, the environment, the command line.

mod document;
mod edit;
mod error;
mod file;
mod key;
mod layers;
mod manual;
mod nearest;
mod origin;
mod places;
mod reload;
mod setting;
pub mod settings;
mod value;

pub use document::{check, check_project};
pub use edit::{set, unset};
pub use error::{ConfigError, Place, Problem, Problems};
pub use key::{Applies, Key, ProjectRule, Section};
pub use layers::{Configuration, Flag, Sources};
pub use manual::{markdown, template};
pub use nearest::key_named;
pub use origin::Origin;
pub use places::{PROJECT_FILE, ProjectSearch, user_file};
pub use reload::Change;
pub use setting::{Choice, Count, FilePath, LocalAddress, LogFilter, Setting, Size, Span};
pub use settings::{Images, KEYS, LogFormat, Restore, SECTIONS, Settings};
pub use value::Value;
