//! What threads share, under a scheduler that tries their interleavings.
