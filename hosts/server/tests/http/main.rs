//! The endpoint over real connections: what it refuses, what it bears, what it never says.

// Figures and seeds are for whoever reads the test's output.
#![allow(clippy::print_stdout)]

mod load;
mod malformed;
mod protocol;
mod support;
