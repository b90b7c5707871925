//! What the page holds, read as text.

use logveil::{FindingsHour, ForwarderKind, Forwarding, ForwardingHealth};
use logveil_server::page::{HomeOverview, Overview, PolicyRow, render};
use tempfile::TempDir;

use crate::world::{NOW, SECRETS, world};

const HOUR_MS: i64 = 60 * 60 * 1000;

#[test]
fn the_page_shows_groups_policies_findings_and_deliveries_and_no_value() {
    let folder = TempDir::new().expect("a folder");
    let world = world(&folder, 8);
    let page = render(&Overview::everything(&world).expect("an overview"));
    for shown in [
        "Account 123456789012 in us-east-1",
        "<td>/app/api</td><td>STANDARD</td><td>for ever</td>",
        "<td>ACTIVATED</td>",
        "<td>everywhere</td><td>DATA_PROTECTION_POLICY</td><td>EmailAddress, Ssn-US</td>",
        "IpAddress, CreditCardNumber",
        "<svg",
        "2026-11-30 12:00 UTC, EmailAddress: 4</title>",
        "</span>Ssn-US</td><td class=\"n\">3</td>",
        "✓ done",
        "✕ held until 2026-11-30",
        "<td>to-shut</td><td>/app/web</td><td>kinesis</td>",
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    for secret in SECRETS {
        assert!(!page.contains(secret), "{secret} is on the page");
    }
    assert!(!page.contains("<script") && !page.contains(" style="));
}

/// Texts of others, each an attempt to become markup.
#[test]
fn every_text_is_escaped_wherever_it_stands() {
    let evil = |place: &str| format!("<b id={place}>\"'&</b><script>alert(1)</script>");
    let mut overview = empty();
    let home = &mut overview.homes[0];
    home.hours = vec![FindingsHour { start: NOW, detections: vec![(evil("hour"), 1)] }];
    home.policies = vec![PolicyRow {
        log_group: Some(evil("group")),
        name: Some(evil("name")),
        policy_type: evil("type"),
        identifiers: vec![evil("identifier")],
        selective: false,
        last_updated: Some(i64::MAX),
    }];
    home.forwarding = vec![ForwardingHealth {
        forwarding: Forwarding {
            log_group_name: None,
            destination_type: evil("destination"),
            name: evil("filter"),
            kind: ForwarderKind::Findings,
            forwarded_bytes: 0,
            forwarded_log_events: 0,
            delivery_errors: u64::MAX,
            delivery_throttling: 0,
            deliveries: 0,
            dropped: 0,
            set_aside: 0,
        },
        waiting: 0,
        held_until: Some(i64::MIN),
    }];
    let page = render(&overview);
    assert!(!page.contains("<b ") && !page.contains("<script"), "{page}");
    for place in ["hour", "group", "name", "type", "identifier", "destination", "filter"] {
        assert!(page.contains(&format!("&lt;b id={place}&gt;&quot;&#39;&amp;")), "{place}");
    }
    assert!(page.contains("beyond the calendar"));
}

#[test]
fn the_picture_has_a_bar_for_each_hour_and_identifier_and_no_more_than_its_colours() {
    let hour = |back: i64, detections: Vec<(String, u64)>| FindingsHour {
        start: (NOW / HOUR_MS - back) * HOUR_MS,
        detections,
    };
    let many: Vec<_> = (0..12).map(|n| (format!("Identifier{n:02}"), 20 - n)).collect();
    let mut overview = empty();
    overview.homes[0].hours = vec![hour(200, many.clone()), hour(30, many.clone()), hour(0, many)];
    let page = render(&overview);
    // Two hours are within a week: eight bars and one for the rest, each.
    assert_eq!(page.matches("<rect ").count(), 2 * 9);
    assert_eq!(page.matches("<rect class=\"rest\"").count(), 2);
    assert!(page.contains("all others: 42</title>"), "{page}");
    assert_eq!(page.matches("class=\"key ").count(), 12);
    assert!(page.contains("last seven days (UTC)"));
    overview.homes[0].hours.remove(1);
    let page = render(&overview);
    assert_eq!(page.matches("<rect ").count(), 9);
    assert!(page.contains("last 24 hours (UTC)"));
    // Bars end inside of the picture, however large the numbers.
    overview.homes[0].hours = vec![hour(0, vec![("A".to_owned(), u64::MAX / 4)])];
    let page = render(&overview);
    assert!(!page.contains("NaN") && !page.contains("inf") && !page.contains("=\"-"), "{page}");
    overview.homes[0].hours.clear();
    assert!(render(&overview).contains("No findings in the last seven days."));
}

fn empty() -> Overview {
    let home = HomeOverview {
        home: logveil::Home {
            account: logveil::AccountId::new("123456789012").expect("an account"),
            region: logveil::Region::new("eu-west-1").expect("a Region"),
        },
        incoming_log_events: 0,
        masked_log_events: 0,
        log_events_with_findings: 0,
        deliveries_waiting: 0,
        hours: Vec::new(),
        policies: Vec::new(),
        log_groups: Vec::new(),
        more_log_groups: false,
        forwarding: Vec::new(),
    };
    Overview { now_ms: NOW, homes: vec![home] }
}
