//! The parts of the README that follow from the code. `LOGVEIL_UPDATE=1 cargo test readme` writes
//! them anew.

use std::fmt::Write;
use std::path::Path;

use crate::house::{code, files};

/// Replaces what stands between the markers of that name, or compares it.
fn hold(marker: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (open, close) = (format!("<!-- {marker} -->\n"), format!("<!-- /{marker} -->"));
    let start = readme.find(&open).expect("an opening marker") + open.len();
    let end = start + readme[start..].find(&close).expect("a closing marker");
    if std::env::var_os("LOGVEIL_UPDATE").is_some() {
        let text = format!("{}{expected}{}", &readme[..start], &readme[end..]);
        std::fs::write(&path, text).expect("writable");
    } else {
        let advice = "the README is behind the code: LOGVEIL_UPDATE=1 cargo test readme";
        assert!(readme[start..end] == *expected, "{marker}: {advice}");
    }
}

/// Every `// Choice:` of the code, in a list.
#[test]
fn the_readme_lists_every_choice_and_every_limit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut list = String::new();
    for (path, text) in files("src").into_iter().chain(files("hosts")) {
        let mut lines = code(&text).lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix("// Choice: ") else { continue };
            let mut choice = first.to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("// ")) {
                write!(choice, " {}", &more[3..]).expect("a string");
            }
            let file = path.strip_prefix(root).expect("in the project").display();
            writeln!(list, "- {choice} (`{file}`)").expect("a string");
        }
    }
    hold("choices", &list);
    hold("limits", &limits());
}

/// The constants of `limits`, in a table.
fn limits() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file| std::fs::read_to_string(root.join(file)).expect("readable");
    let text =
        ["src/limits.rs", "src/limits/query.rs", "src/limits/resources.rs"].map(read).concat();
    let mut table = "| limit | value | source |\n|---|---|---|\n".to_owned();
    let (mut docs, mut source) = (String::new(), None::<String>);
    for line in text.lines() {
        if let Some(doc) = line.strip_prefix("/// ") {
            match (doc.strip_prefix("Source: "), &mut source) {
                (Some(first), _) => source = Some(first.to_owned()),
                (None, Some(source)) => write!(source, " {doc}").expect("a string"),
                (None, None) => write!(docs, " {doc}").expect("a string"),
            }
        } else if let Some(constant) = line.strip_prefix("pub const ") {
            let value = constant.split_once("= ").expect("a value").1.trim_end_matches(';');
            let value = if value == "[" { "see the source" } else { value };
            let (what, source) = (plain(docs.trim()), plain(&source.take().expect("a source")));
            writeln!(table, "| {what} | {value} | {source} |").expect("a string");
            docs.clear();
        }
    }
    table
}

/// Links into the docs become words.
fn plain(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`")
}
