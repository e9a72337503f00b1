//! Real clients for tests.
