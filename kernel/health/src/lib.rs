//! Whether a kernel is well, and how much it does, over HTTP.
