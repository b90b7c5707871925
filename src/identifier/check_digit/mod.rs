//! Check digits and ranges: pure functions over a value, one file per family. What a pattern
//! alone cannot say, a check does.

mod address;
mod iban;
mod luhn;
mod mod11;
mod north_america;
mod vin;

use serde::Deserialize;

use crate::span::Span;

/// The test that a candidate has to pass, by the name that `data-identifiers/` uses.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Every candidate passes.
    #[default]
    None,
    /// Upper and lower case letters both occur.
    MixedCase,
    /// A digit occurs.
    HasDigit,
    /// Luhn, an issuer's prefix and length, and not a published test number.
    CreditCard,
    /// ISO 13616: mod 97 is 1.
    Iban,
    /// NHS number: weights 10 to 2, mod 11.
    Nhs,
    /// Areas, groups and serials that are issued.
    SsnUs,
    /// Area codes and exchanges of the North American Numbering Plan.
    Nanp,
    /// ISO 3779: ends in four digits; North American ones carry a check digit.
    Vin,
    /// Latitude to 90, longitude to 180.
    LatLong,
    /// RFC 5321 lengths and dots, a top-level domain.
    Email,
    /// An IPv4 or IPv6 address, not part of a version, a clock time or a scope.
    IpAddress,
}

impl Check {
    /// The name that `data-identifiers/` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::MixedCase => "mixed-case",
            Self::HasDigit => "has-digit",
            Self::CreditCard => "credit-card",
            Self::Iban => "iban",
            Self::Nhs => "nhs",
            Self::SsnUs => "ssn-us",
            Self::Nanp => "nanp",
            Self::Vin => "vin",
            Self::LatLong => "lat-long",
            Self::Email => "email",
            Self::IpAddress => "ip-address",
        }
    }

    /// Whether the candidate at `span` of `text` passes. Looks at most at the value and at the
    /// token beside it.
    ///
    /// # Panics
    ///
    /// Panics unless `span` lies on characters inside `text`.
    pub fn passes(self, text: &str, span: Span) -> bool {
        let value = text.get(span.range()).expect("a candidate lies on characters");
        match self {
            Self::None => true,
            Self::MixedCase => {
                has(value, |b| b.is_ascii_uppercase()) && has(value, |b| b.is_ascii_lowercase())
            }
            Self::HasDigit => has(value, |b| b.is_ascii_digit()),
            Self::CreditCard => luhn::credit_card(&Digits::of(value)),
            Self::Iban => iban::is_valid(value),
            Self::Nhs => mod11::nhs(&Digits::of(value)),
            Self::SsnUs => north_america::ssn(&Digits::of(value)),
            Self::Nanp => north_america::phone(&Digits::of(value)),
            Self::Vin => vin::is_valid(value),
            Self::LatLong => address::lat_long(value),
            Self::Email => address::email(&text.as_bytes()[..span.start], value),
            Self::IpAddress => address::ip(text.as_bytes(), span),
        }
    }
}

fn has(value: &str, test: impl Fn(&u8) -> bool) -> bool {
    value.bytes().any(|byte| test(&byte))
}

/// The decimal digits of a value, separators left out; at most 32.
pub(crate) struct Digits {
    digits: [u8; 32],
    len: usize,
}

impl Digits {
    pub(crate) fn of(value: &str) -> Self {
        let mut digits = Self { digits: [0; 32], len: 0 };
        for byte in value.bytes().filter(u8::is_ascii_digit).take(32) {
            digits.digits[digits.len] = byte - b'0';
            digits.len += 1;
        }
        digits
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The digits `from..to` as a number.
    ///
    /// # Panics
    ///
    /// Panics when there are not that many.
    pub(crate) fn number(&self, from: usize, to: usize) -> u64 {
        self.as_slice()[from..to].iter().fold(0, |n, digit| n * 10 + u64::from(*digit))
    }
}
