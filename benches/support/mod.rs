//! Seeded log lines for the benches: eight formats; clean, typical (1 % of the lines hold a value)
//! and hostile (nothing but keywords, near values and their pieces).

use std::fmt::Write;

use logveil::Span;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// A buffer of lines and where each lies in it.
pub struct Corpus {
    pub name: String,
    pub text: String,
    pub records: Vec<Span>,
}

impl Corpus {
    fn new(name: &str, text: String) -> Self {
        let mut records = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let len = line.trim_end_matches(['\r', '\n']).len();
            records.push(Span::new(start, start + len));
            start += line.len();
        }
        Self { name: name.to_owned(), text, records }
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|record| &self.text[record.range()])
    }
}

/// The generated corpora, and the file that `LOGVEIL_CORPUS` names.
pub fn corpora() -> Vec<Corpus> {
    let mut all = vec![
        Corpus::new("clean", lines(20_000, |_, _| {})),
        Corpus::new("typical", lines(20_000, plant)),
        Corpus::new("hostile", hostile(5_000)),
    ];
    if let Some(path) = std::env::var_os("LOGVEIL_CORPUS") {
        let bytes = std::fs::read(&path).expect("LOGVEIL_CORPUS names a readable file");
        all.push(Corpus::new("file", String::from_utf8_lossy(&bytes).into_owned()));
    }
    all
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

fn lines(count: usize, mut plant: impl FnMut(&mut Random, &mut String)) -> String {
    let mut random = Random(1);
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

fn hostile(count: usize) -> String {
    const PIECES: &[&str] = &[
        "ssn",
        "visa",
        "card number",
        "iban",
        "phone",
        "driver's licenses",
        "secret access key",
        "location",
        "NHS",
        "vin",
        "536-22-8146",
        "4539 5787 6362 1487",
        "123456789",
        "a@b",
        "a@b.c",
        "-----BEGIN",
        "1.2.3.4.",
        "256.1.1.1",
        "::",
        "12:34:56",
        "DE89370400440532013001",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKE",
        "1M8GDM9A1KP042788",
        "41.9,-87.6",
        "999-99-9999",
    ];
    let mut random = Random(2);
    let mut text = String::new();
    for _ in 0..count {
        let start = text.len();
        while text.len() - start < 200 {
            text.push_str(random.pick(PIECES));
            text.push_str(random.pick(&[" ", "=", ":", "-", "", ","]));
        }
        text.push('\n');
    }
    text
}
