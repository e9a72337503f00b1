//! The journal: all that a kernel told its subscribers, kept on disk for those who come back.
