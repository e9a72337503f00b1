//! Link arguments of the binary, and what it is built for.

fn main() {
    // Lua's C modules look for `lua_*` in the program that loads them. Without this the linker
    // keeps those symbols out of the dynamic table and `require "cjson"` fails. No others: a module
    // that brings a library which is linked in here too, such as SQLite, would get half of ours
    // and half of its own.
    let exported = if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        concat!(
            "-Wl,--dynamic-list=",
            env!("CARGO_MANIFEST_DIR"),
            "/exported.list"
        )
    } else {
        "-rdynamic"
    };
    println!("cargo::rustc-link-arg-bins={exported}");
    // For `perilune version`; cargo tells it to build scripts alone.
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=PERILUNE_TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=exported.list");
}
