//! One binary for all integration tests: the library as its users see it.

mod detection;
mod house;
mod identifiers;
mod keywords;
mod masking;
mod policies;
mod support;
