//! The tables of the managed catalogue, as the build script made them.

use std::borrow::Cow;

use super::classes::Class;
use super::gates::Element;
use super::keywords::{Form, Keywords, Node};
use super::prefix::{Prefixes, Runs};
use super::tables::{Bound, Free, KnownBlock, Mailbox, Tables, WalkPattern, Walks};
use super::walker::Walker;
use crate::identifier::{Block, Check, Edges, KeywordPlace, Recognizer};

pub(super) static TABLES: Tables = include!(concat!(env!("OUT_DIR"), "/tables.rs"));

#[cfg(test)]
mod tests {
    #[test]
    fn the_tables_are_those_of_the_identifier_files() {
        let built = crate::detect::build::tables();
        let made = include_str!(concat!(env!("OUT_DIR"), "/tables.rs"));
        assert!(crate::detect::build::source(&built) == made, "build the crate anew");
    }
}
