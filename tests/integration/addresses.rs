//! Postal addresses: the formats that postal authorities publish, with invented values, and what
//! only looks like one.

use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
struct Cases {
    hits: Vec<Group>,
    /// Texts without an address.
    misses: Vec<String>,
}

#[derive(Deserialize)]
struct Group {
    country: String,
    /// Who publishes the formats.
    source: String,
    /// Texts with one address each, between `«` and `»`.
    texts: Vec<String>,
}

#[test]
fn published_formats_are_found_exactly_and_near_misses_are_not() {
    let masker = support::masker(&["Address"]);
    let found = |text: &str| -> Vec<String> {
        let detections = support::detections(&masker, text);
        detections.into_iter().map(|(_, span)| text[span.range()].to_owned()).collect()
    };
    let cases: Cases = support::cases("addresses.json");
    let mut wrong = Vec::new();
    for group in &cases.hits {
        assert!(!group.source.is_empty(), "{}: no source", group.country);
        for marked in &group.texts {
            let text = marked.replace(['«', '»'], "");
            let (_, tail) = marked.split_once('«').expect("an address begins");
            let (address, _) = tail.split_once('»').expect("an address ends");
            if found(&text) != [address] {
                wrong.push(format!("{}: {marked:?}: {:?}", group.country, found(&text)));
            }
        }
    }
    for text in &cases.misses {
        if !found(text).is_empty() {
            wrong.push(format!("miss {text:?}: {:?}", found(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
