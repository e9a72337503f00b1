//! Link arguments of the binary.

fn main() {
    // Lua's C modules look for `lua_*` in the program that loads them. Without this the linker
    // keeps those symbols out of the dynamic table and `require "cjson"` fails.
    println!("cargo::rustc-link-arg-bins=-rdynamic");
    println!("cargo::rerun-if-changed=build.rs");
}
