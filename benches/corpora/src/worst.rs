//! The worst that we can think of: one idea each, repeated without end.

use crate::Corpus;

/// One idea that hurts some scanner.
#[derive(Clone, Copy, Debug)]
pub struct Worst {
    /// What to call it in reports.
    pub name: &'static str,
    /// What is repeated.
    pub unit: &'static str,
}

/// About `bytes` of lines of `line` bytes, each the unit over and over.
pub fn events(worst: &Worst, line: usize, bytes: usize) -> Corpus {
    let mut text = one_event(worst, line);
    text.push('\n');
    Corpus::new(&format!("worst:{}", worst.name), text.repeat(bytes.div_ceil(line)))
}

/// The unit over and over, `bytes` long, or up to three bytes shorter to end with a character.
pub fn one_event(worst: &Worst, bytes: usize) -> String {
    let mut text = worst.unit.repeat(bytes.div_ceil(worst.unit.len()));
    text.truncate(text.floor_char_boundary(bytes));
    text
}

const fn worst(name: &'static str, unit: &'static str) -> Worst {
    Worst { name, unit }
}

/// The table. No unit holds a line end.
pub const WORST: &[Worst] = &[
    // Runs of one character.
    worst("a", "a"),
    worst("capital a", "A"),
    worst("zeros", "0"),
    worst("spaces", " "),
    worst("colons", ":"),
    worst("at signs", "@"),
    worst("dashes", "-"),
    worst("brackets", "("),
    worst("e acute", "é"),
    worst("ideograph", "漢"),
    worst("four-byte character", "𝄞"),
    worst("long s and kelvin", "ſſn K"),
    // Digits and what joins them.
    worst("digits", "1234567890"),
    worst("digit space", "1 "),
    worst("digit dot", "1."),
    worst("digit dash", "1-"),
    worst("addresses", "1.2.3.4 "),
    worst("dates", "2026-03-02 08:15:12,301 "),
    worst("groups of four", "1234 "),
    worst("near-miss cards", "4539 5787 6362 1487 "),
    worst("near-miss cards, joined", "4539578763621487 "),
    worst("coordinates", "12.34567,-3.45678 "),
    worst("phone starts", "+1 (206) "),
    // Mail, addresses of machines, keys.
    worst("a@", "a@"),
    worst("a@b.", "a@b."),
    worst("mail addresses", "a@b.co "),
    worst("long local part", "abcdefghijklmnopqrstuvwxyz.0123456789-"),
    worst("a:b:", "a:b:"),
    worst("seven groups", "1:2:3:4:5:6:7:"),
    worst("double colons", "::1 "),
    worst("BEGIN lines", "-----BEGIN RSA PRIVATE KEY-----"),
    worst("BEGIN pieces", "-----B"),
    worst("base64 of 39", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm/ "),
    worst("base64 of 40", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm4 "),
    worst("base64 run", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    worst("hexadecimal run", "deadbeef0123"),
    // Numbers of papers, without a keyword and with.
    worst("IBAN-like", "DE89 3704 0044 0532 0130 01 "),
    worst("IBAN-like, joined", "DE89370400440532013001 "),
    worst("VIN-like", "1M8GDM9A1KP042789 "),
    worst("letter digits", "A1234567 "),
    worst("UUIDs", "6ba7b810-9dad-41d1-80b4-00c04fd430c8 "),
    // Keywords.
    worst("keywords only", "driver license "),
    worst("ssn ssn", "ssn "),
    worst("ssn_ssn", "ssn_"),
    worst("ssnSsn", "ssnSsnSSN"),
    worst("nested keywords", "national identification number code "),
    worst("many keywords", "tax id passport number iban phone vin nhs dl "),
    worst("keyword piece", "licen"),
    worst("keyword and number", "driver license 123456789 "),
    worst("keyword and digits", "ssn1234567890123456789"),
    worst("tel 1", "tel 1 "),
    worst("cvv=1", "cvv=12 "),
    worst("values", "ssn 536-22-8145 "),
    worst("keyword every 30", "dni ...........................0 "),
    // Words, letters of all kinds, escapes.
    worst("words", "abcdefghij klmnop "),
    worst("two-letter words", "ab "),
    worst("capitalised words", "Maria Lopez "),
    worst("streets", "12 Main Street "),
    worst("camelCase", "aB"),
    worst("letter digit", "a1"),
    worst("accents", "né à "),
    worst("colour escapes", "\u{1b}[32m"),
    worst("written escapes", "\\u001b[1;32m"),
    worst("line feed escapes", "\\n"),
    worst("percent escapes", "%3D"),
    worst("JSON", "{\"ssn\":\"\",\"id\":[1,{"),
];
