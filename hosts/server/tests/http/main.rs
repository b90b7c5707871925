//! The endpoint over real connections: what it refuses, what it bears, what it never says.

// Figures and seeds are for whoever reads the test's output.
#![allow(clippy::print_stdout)]

mod canaries;
mod load;
mod metric_filters;
mod permissions;
mod protocol;
#[path = "../model/requests.rs"]
#[allow(dead_code, reason = "the tests of the model use the rest")]
mod requests;
mod resources;
mod support;
