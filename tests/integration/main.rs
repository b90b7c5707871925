//! One binary for all integration tests: the library as its users see it.

mod addresses;
mod allocations;
mod corpus;
mod customs;
mod detection;
mod durable;
mod engine;
mod explaining;
mod false_alarms;
mod filters;
mod findings;
mod house;
mod identifiers;
mod keywords;
mod leakage;
mod leaks;
mod mail;
mod masking;
mod names;
mod payloads;
mod policies;
mod reading;
mod readme;
mod scanning;
mod support;
mod swap;
