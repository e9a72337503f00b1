//! Lets libraries of C find Lua's functions in the tests and examples, as the kernel's own build
//! lets them.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-tests=-rdynamic");
    println!("cargo:rustc-link-arg-examples=-rdynamic");
}
