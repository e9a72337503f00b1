//! A debugger: the Debug Adapter Protocol on one side, the language's seam
//! ([`perilune_language::debug`]) on the other. It knows no channel and no socket.
