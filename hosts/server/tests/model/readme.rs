//! The README's table of operations. `LOGVEIL_UPDATE=1 cargo test -p logveil-server readme` writes
//! it anew.

use std::fmt::Write;
use std::path::Path;

use logveil_server::model::{Model, State};

#[test]
fn the_readme_lists_every_operation_with_its_state() {
    let mut table = "| operation | state |\n|---|---|\n".to_owned();
    let (mut supported, mut all) = (0, 0);
    for operation in Model::get().operations() {
        let state = match operation.state() {
            State::Supported => "supported".to_owned(),
            State::Stored => "stored: checked, kept and shown, without effect".to_owned(),
            State::NotSupported(reason) => format!("not supported: {reason}"),
        };
        all += 1;
        supported += usize::from(operation.state() == State::Supported);
        writeln!(table, "| {} | {state} |", operation.name()).expect("a string");
    }
    hold(&format!("\n{supported} of {all} operations are supported.\n\n{table}\n"));
}

/// Replaces what stands between the markers, or compares it.
fn hold(expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (open, close) = ("<!-- operations -->\n", "<!-- /operations -->");
    let start = readme.find(open).expect("an opening marker") + open.len();
    let end = start + readme[start..].find(close).expect("a closing marker");
    if std::env::var_os("LOGVEIL_UPDATE").is_some() {
        let text = format!("{}{expected}{}", &readme[..start], &readme[end..]);
        std::fs::write(&path, text).expect("writable");
    } else {
        let advice =
            "the README is behind the code: LOGVEIL_UPDATE=1 cargo test -p logveil-server readme";
        assert!(readme[start..end] == *expected, "{advice}");
    }
}
