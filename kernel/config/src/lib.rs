//! What a user has set: layers of TOML, where each value comes from, and changes that keep comments.
