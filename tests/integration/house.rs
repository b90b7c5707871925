//! The rules of the house, checked: which way arrows point, how long files are, where raw text may
//! be touched.

use std::path::{Path, PathBuf};

/// The rooms of `src/`, upper ones first: a file may use files above its own, never below.
const ROOMS: &[&str] = &[
    "limits",
    "error",
    "arn",
    "tags",
    "span",
    "clock",
    "eight",
    "json",
    "automaton",
    "cipher",
    "token",
    "message",
    "event",
    "finding",
    "identifier",
    "policy",
    "iam",
    "detect",
    "protection",
    "pattern",
    "metric",
    "query",
    "vault",
    "store",
    "subscription",
    "delivery",
    "masker",
    "engine",
];

pub fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// The code before the unit tests.
pub fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\n").next().unwrap_or(text)
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let first = inside.expect("in src").components().next().expect("a file");
    let first = first.as_os_str().to_str().expect("ASCII");
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_point_up() {
    let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    for (path, text) in files("src") {
        let room = room(&path);
        if room == "lib" {
            continue;
        }
        let own = rank(&room).unwrap_or_else(|| panic!("{room}: a room that is not on the list"));
        for (_, rest) in code(&text).match_indices("crate::").map(|(at, _)| text.split_at(at + 7)) {
            let used: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if rank(&used).is_some_and(|used| used > own) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for folder in ["src", "hosts", "tests", "benches"] {
        for (path, text) in files(folder) {
            let lines = code(&text).lines().count();
            let tests = path.components().any(|part| part.as_os_str() == "tests")
                || path.ends_with("tests.rs");
            if lines > 500 && !tests {
                wrong.push(format!("{}: {lines} lines", path.display()));
            }
            let long = text.lines().filter(|line| line.chars().count() > 100).count();
            if long > 0 {
                wrong.push(format!("{}: {long} lines over 100 characters", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn raw_text_is_touched_in_its_places_only() {
    let only_in = [
        (".expose()", &["message.rs", "masker/messages.rs"][..]),
        (
            "detector()",
            &[
                "protection.rs",
                "masker/mod.rs",
                "masker/lines.rs",
                "masker/json.rs",
                "masker/explain.rs",
            ],
        ),
        (".detect(", &["masker/mod.rs"]),
        ("reveal()", &["message.rs", "pattern/mod.rs", "query/row.rs", "engine/read.rs"]),
        ("println!", &[]),
        ("eprintln!", &[]),
        ("dbg!", &[]),
        ("SystemTime::now", &["clock.rs"]),
        ("std::env", &[]),
        ("thread::spawn", &[]),
        ("unsafe ", &["detect/classes/avx2.rs"]),
        ("allow(unsafe_code)", &["detect/classes/avx2.rs"]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in files("src") {
        // Unit tests that have a file of their own may look at what they test.
        if path.ends_with("tests.rs") || path.parent().is_some_and(|it| it.ends_with("tests")) {
            continue;
        }
        for (word, places) in &only_in {
            let allowed = places.iter().any(|place| path.ends_with(place));
            let uses = code(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
            if !allowed && uses.filter(|line| line.contains(word)).count() > 0 {
                wrong.push(format!("{} holds {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files that may hold unsafe code, each with the reason.
const UNSAFE: &[&str] = &[
    // Vector instructions beside a safe twin.
    "src/detect/classes/avx2.rs",
    // The program's allocator, which wipes what is freed.
    "hosts/cli/src/wipe.rs",
    // Stands between a test and the C library.
    "tests/preload/src/hooks.rs",
];

#[test]
fn unsafe_code_is_fenced_and_each_block_says_why_it_is_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "hosts", "tests", "benches", "examples", "fuzz"] {
        for (path, text) in files(folder) {
            if path.ends_with("house.rs")
                || path.components().any(|part| part.as_os_str() == "target")
            {
                continue;
            }
            let lines: Vec<_> = text.lines().collect();
            let begins = |line: &&str| {
                let words = ["unsafe {", "unsafe impl", "unsafe extern"];
                words.iter().any(|word| line.contains(word)) && !line.trim_start().starts_with("//")
            };
            let blocks = lines.iter().enumerate().filter(|(_, line)| begins(line));
            let blocks: Vec<_> = blocks.map(|(at, _)| at).collect();
            for at in &blocks {
                let before = lines[at.saturating_sub(5)..=*at].join("\n");
                assert!(before.contains("SAFETY"), "{}:{}", path.display(), at + 1);
            }
            if !blocks.is_empty() || text.contains("allow(unsafe_code)") {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut allowed: Vec<_> = UNSAFE.iter().map(|path| (*path).to_owned()).collect();
    found.sort();
    allowed.sort();
    assert_eq!(found, allowed);
}

#[test]
fn nothing_is_unfinished_or_ignored() {
    let words =
        ["todo!(", "unimplemented!(", "TODO", "FIXME", "#[ignore", "#[should_panic", "sleep("];
    for folder in ["src", "hosts", "tests", "benches"] {
        for (path, text) in files(folder) {
            if path.ends_with("house.rs") {
                continue;
            }
            for word in words {
                assert!(!text.contains(word), "{} holds {word}", path.display());
            }
        }
    }
}
