//! Cells: however odd the code, its tokens are all of it, and its parts are parts of it.
#![no_main]

use libfuzzer_sys::fuzz_target;

use self::lua::syntax::{Outline, tokens_with_comments};

#[path = "../../kernel/lua/src"]
#[allow(dead_code, unused_imports)]
mod lua {
    pub(crate) mod syntax;
}

fuzz_target!(|code: &str| {
    let mut end = 0;
    for token in tokens_with_comments(code) {
        let between = &code.as_bytes()[end..token.start];
        assert!(between.iter().all(|byte| b" \t\n\r\x0b\x0c".contains(byte)));
        assert!(!token.text.is_empty());
        assert_eq!(&code[token.start..token.end()], token.text);
        end = token.end();
    }
    if let Some(outline) = Outline::of(code) {
        for local in &outline.locals {
            assert!(code.is_char_boundary(local.end));
            assert!(
                local
                    .names
                    .iter()
                    .all(|local| outline.names.contains(local.name))
            );
        }
        if let Some(tail) = &outline.tail {
            let _ = &code[tail.start..tail.end];
        }
    }
    if let Some(at) = Outline::stuck_at(code) {
        let _ = &code[at..];
    }
});
