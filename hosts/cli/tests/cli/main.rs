//! The built program, from outside: what it prints, where, and how it ends.

mod bench;
mod check;
mod deliver;
mod detect;
mod explain;
mod help;
mod identifiers;
mod keep;
mod keys;
mod mask;
mod memory;
mod ndjson;
mod pattern;
mod payload;
mod scan;
mod support;
