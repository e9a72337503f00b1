//! Cells: however odd the code, its tokens are all of it, and its parts are parts of it. Code that
//! is Lua is not taken for magics, and what of it is copied stays on its line.
#![no_main]

use libfuzzer_sys::fuzz_target;

use self::lua::magic::source::{Code, Reading, read};
use self::lua::syntax::{Outline, Stuck, Tree, tokens_with_comments};

#[path = "../../kernel/lua/src"]
#[allow(dead_code, unused_imports)]
mod lua {
    pub(crate) mod magic {
        pub(crate) mod source;
    }
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
    let tree = Tree::of(code);
    for declaration in &tree.declarations {
        let _ = &code[declaration.name.start..declaration.name.end];
        assert!(declaration.scope.start <= declaration.scope.end);
    }
    for comment in &tree.comments {
        assert!(code[comment.span.start..comment.span.end].starts_with("--"));
    }
    let dialect = |name: &str| match name {
        "time" => Some(Code::Timed),
        "timeit" => Some(Code::Repeated),
        "nohistory" => Some(Code::Plain),
        "run" => Some(Code::Called),
        "who" | "html" => Some(Code::None),
        _ => None,
    };
    let reading = read(code, &dialect);
    if Stuck::of(code).is_none() {
        assert_eq!(reading, Reading::plain(code));
    }
    assert_eq!(reading.masked.len(), code.len());
    for copy in reading.copies.iter().flatten() {
        let text = &code[copy.code..copy.code + copy.length];
        assert_eq!(&reading.lua[copy.lua..copy.lua + copy.length], text);
        let line = |text: &str, at: usize| text[..at].matches('\n').count();
        assert_eq!(line(&reading.lua, copy.lua), line(code, copy.code));
    }
});
