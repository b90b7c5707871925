//! Seeded log lines in eight formats.

use std::fmt::Write;

use crate::{Corpus, Random};

/// `count` lines without a value.
pub fn clean(count: usize) -> Corpus {
    Corpus::new("clean", made(count, |_, _| {}))
}

/// `count` lines, of which one in a hundred ends in a value.
pub fn typical(count: usize) -> Corpus {
    Corpus::new("typical", made(count, plant))
}

const WORDS: &[&str] = &[
    "request",
    "accepted",
    "queue",
    "worker",
    "flush",
    "retry",
    "timeout",
    "cache",
    "warm",
    "orders",
    "billing",
    "handler",
    "started",
    "stopped",
    "connection",
    "closed",
    "shard",
    "replica",
    "commit",
    "snapshot",
    "partition",
    "leader",
    "election",
    "heartbeat",
    "metrics",
    "exported",
    "batch",
];

fn made(count: usize, mut plant: impl FnMut(&mut Random, &mut String)) -> String {
    let mut random = Random::new(1);
    let mut text = String::new();
    for index in 0..count {
        line(&mut random, index, &mut text);
        plant(&mut random, &mut text);
        text.push('\n');
    }
    text
}

/// One line in one of eight formats, without a sensitive value.
fn line(random: &mut Random, index: usize, text: &mut String) {
    let (second, milli) = (index % 60, random.below(1000));
    let (a, b, c) = (random.pick(WORDS), random.pick(WORDS), random.pick(WORDS));
    let (n, id) = (random.below(100_000), random.next());
    let written = match index % 8 {
        0 => write!(
            text,
            "{{\"time\":\"2026-03-02T08:14:{second:02}.{milli:03}Z\",\"level\":\"INFO\",\
             \"msg\":\"{a} {b}\",\"{c}_ms\":{n}}}"
        ),
        1 => write!(text, "ts=2026-03-02T08:15:{second:02}Z level=info msg=\"{a} {b}\" {c}={n}"),
        2 => write!(text, "Mar  2 08:15:{second:02} web-3 {a}[{n}]: {b} {c} {id:016x}"),
        3 => write!(
            text,
            "web-7.internal - - [02/Mar/2026:08:15:{second:02} +0000] \
             \"GET /{a}/{b} HTTP/1.1\" 200 {n}"
        ),
        4 => write!(
            text,
            "2026-03-02 08:15:{second:02},{milli:03} DEBUG [{a}-{n}] \
             c.e.{b}.Gateway - {c} took {milli} ms"
        ),
        5 => {
            write!(text, "I0302 08:15:{second:02}.{milli:06} {n} {a}.go:{milli}] {b} {c} {id:08x}")
        }
        6 => write!(text, "{id:016x};{a};{b};{n};{c};2026-03-02"),
        _ => write!(text, "\tat com.example.{a}.{b}Service.{c}({b}Service.java:{milli})"),
    };
    written.expect("writing to a string");
}

const VALUES: &[&str] = &[
    " ssn=536-22-8145",
    " email=jane.doe@example.com",
    " visa 4539 5787 6362 1486",
    " client 203.0.113.9",
    " phone (206) 342-8631",
    " iban DE44500105175407324931",
    " NHS 943 476 5919",
    " driver license D1234567",
    " vin WDB69WG0FRM566684",
    " location 41.948614,-87.655311",
];

fn plant(random: &mut Random, text: &mut String) {
    if random.below(100) == 0 {
        text.push_str(random.pick(VALUES));
    }
}
