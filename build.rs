//! Makes the tables of the managed catalogue from `data-identifiers/`, by the crate's own code.

// Only the way from files to tables is taken; the rest of these rooms is the library's.
#![allow(dead_code, unused_imports)]

use std::{env, fs, path::Path};

#[path = "src/automaton.rs"]
mod automaton;
#[path = "src/detect"]
mod detect {
    mod build;
    mod classes;
    mod gates;
    mod keywords;
    mod prefix;
    mod tables;
    mod walker;
    mod word;

    /// The tables of the catalogue, as source.
    pub(crate) fn catalogue() -> String {
        build::source(&build::tables())
    }
}
#[path = "src/identifier/mod.rs"]
mod identifier;
#[path = "src/limits.rs"]
mod limits;
#[path = "src/span.rs"]
mod span;

fn main() {
    // Cargo knows of what this script is made, and runs it again when that has changed.
    println!("cargo:rerun-if-changed=data-identifiers");
    let folder = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&folder).join("tables.rs"), detect::catalogue())
        .expect("the folder can be written");
}
