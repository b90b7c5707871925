//! Every leak ever found, forever.

use logveil::{LineState, Scratch};
use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
struct Leak {
    name: String,
    why: String,
    /// `text`: one event; `lines`: a stream of lines; `json`: a stream of JSON documents.
    mode: String,
    text: String,
    /// What must not be seen.
    secrets: Vec<String>,
}

#[test]
fn what_once_leaked_does_not() {
    let masker = support::masker_of_all();
    let mut scratch = Scratch::default();
    let mut seen = Vec::new();
    for leak in support::cases::<Vec<Leak>>("leaks.json") {
        let mut state = LineState::default();
        let masked = match leak.mode.as_str() {
            "text" => masker.mask(&leak.text, &mut scratch).as_str().to_owned(),
            "lines" => masker.mask_lines(&mut state, &leak.text, &mut scratch).as_str().to_owned(),
            "json" => {
                let mut masked = String::new();
                for line in leak.text.lines() {
                    let json = masker.mask_json(&mut state, line, &mut scratch);
                    masked.push_str(json.expect("lenient JSON").as_str());
                    masked.push('\n');
                }
                masked
            }
            other => panic!("{other}: no such mode"),
        };
        let visible = leak.secrets.iter().filter(|secret| masked.contains(*secret)).count();
        if visible > 0 {
            seen.push(format!("{} ({}): {masked}", leak.name, leak.why));
        }
        assert!(leak.secrets.iter().any(|s| leak.text.contains(s)), "{}: no secret", leak.name);
    }
    assert!(seen.is_empty(), "{}", seen.join("\n"));
}
