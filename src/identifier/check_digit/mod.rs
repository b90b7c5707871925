//! Check digits and ranges: pure functions over a value, one file per family. What a pattern
//! alone cannot say, a check does.

mod address;
mod bank;
mod brazil;
mod calendar;
mod canada;
mod card;
mod context;
mod document;
mod france;
mod germany;
mod health_card;
mod iban;
mod icao;
mod iso7064;
mod italy;
mod licence_de;
mod licence_gb;
mod luhn;
mod mailbox;
mod mod11;
mod nino;
mod nordic;
mod north_america;
mod phone;
mod spain;
mod united_kingdom;
mod us_health;
mod version;
mod vin;
mod word_list;

pub(crate) use mailbox::{ADDRESS_MAX as MAILBOX_MAX, LOCAL_MAX as MAILBOX_LOCAL_MAX};

use serde::Deserialize;

use crate::span::Span;

/// The test that a candidate has to pass, by the name that `data-identifiers/` uses.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Every candidate passes.
    #[default]
    None,
    /// Upper and lower case letters both occur, and something that is no hexadecimal digit.
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
    /// RFC 5321 lengths and dots, a top-level domain; not a version, a file or a unit of systemd.
    Email,
    /// An IPv4 or IPv6 address, not part of a version, a clock time or a scope.
    IpAddress,
    /// An identity document's number: not a date, a time, a telephone number or part of a UUID.
    Document,
    /// Like `Document`, with four digits at least.
    LicenceAu,
    /// German driving licence: weights 9 to 1, mod 11.
    LicenceDe,
    /// French driving licence of twelve digits: month and department of issue.
    LicenceFr,
    /// Driver number of Great Britain: a date of birth.
    LicenceGb,
    /// Spanish DNI or NIE: the letter of the number mod 23.
    DniNie,
    /// Finnish personal identity code: date, sign, mod 31.
    Hetu,
    /// Swedish personal identity number: date, Luhn.
    Personnummer,
    /// A tenth character is the check digit of ICAO Doc 9303: weights 7, 3, 1.
    Passport,
    /// The second line of a passport's machine-readable zone, with its four check digits.
    PassportMrz,
    /// CPF: two digits, weights to 11, mod 11.
    Cpf,
    /// CNPJ, numeric or alphanumeric: two digits, weights to 9, mod 11.
    Cnpj,
    /// RG of São Paulo: weights 2 to 9, mod 11.
    Rg,
    /// Spanish DNI: the letter of mod 23.
    Dni,
    /// Spanish NIE: the letter of mod 23.
    Nie,
    /// Spanish NIF of a person: DNI, NIE, or K, L, M and the letter of mod 23.
    Nif,
    /// Spanish CIF: a digit or letter that the seven digits give.
    Cif,
    /// Spanish social security number: province, mod 97.
    SsnEs,
    /// French NIR: month, department, 97 less mod 97.
    Nir,
    /// French tax number: mod 511.
    TaxFr,
    /// German tax identification number: repetition, ISO/IEC 7064 mod 11,10.
    TaxDe,
    /// German identity card: weights 7, 3, 1, mod 10.
    IdCardDe,
    /// Italian codice fiscale: day, odd and even places, mod 26.
    CodiceFiscale,
    /// UK taxpayer reference: mod 11, the first digit.
    Utr,
    /// Canadian social insurance number: Luhn, first digit.
    SinCa,
    /// Canadian postal code that is not part of an id.
    PostalCodeCa,
    /// US ITIN: 9, and groups that are issued.
    Itin,
    /// US ZIP code: 00501 to 99950.
    ZipUs,
    /// Area codes and ranges of Brazil's numbering plan.
    PhoneBr,
    /// Ranges and lengths of Germany's numbering plan.
    PhoneDe,
    /// Ranges of Spain's numbering plan.
    PhoneEs,
    /// Ranges of France's numbering plan.
    PhoneFr,
    /// Ranges and lengths of the United Kingdom's numbering plan.
    PhoneGb,
    /// Ranges and lengths of Italy's numbering plan.
    PhoneIt,
    /// Spanish account number: two control digits.
    Ccc,
    /// French account number: a key mod 97.
    Rib,
    /// Italian account number: a check letter.
    Cin,
    /// An American routing number leads the value.
    Aba,
    /// A month and a year that are not part of a longer date.
    CardExpiry,
    /// Digits that are no year, clock time, amount or group of a longer number.
    CardCode,
    /// DEA registration: its check digit.
    Dea,
    /// Not part of a longer number, but for a modifier.
    Hcpcs,
    /// A claim number whose nine digits are a Social Security number.
    Hicn,
    /// Luhn with the prefix 80840.
    Npi,
    /// European Health Insurance Card: 80 and a state that issues it.
    Ehic,
    /// German health insurance number: its check digit.
    Kvnr,
    /// Health numbers of British Columbia (mod 11) and Ontario (Luhn).
    Phn,
    /// National Insurance number: a prefix that is issued.
    Nino,
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
            Self::Document => "document",
            Self::LicenceAu => "licence-au",
            Self::LicenceDe => "licence-de",
            Self::LicenceFr => "licence-fr",
            Self::LicenceGb => "licence-gb",
            Self::DniNie => "dni-nie",
            Self::Hetu => "hetu",
            Self::Personnummer => "personnummer",
            Self::Passport => "passport",
            Self::PassportMrz => "passport-mrz",
            Self::Cpf => "cpf",
            Self::Cnpj => "cnpj",
            Self::Rg => "rg",
            Self::Dni => "dni",
            Self::Nie => "nie",
            Self::Nif => "nif",
            Self::Cif => "cif",
            Self::SsnEs => "ssn-es",
            Self::Nir => "nir",
            Self::TaxFr => "tax-fr",
            Self::TaxDe => "tax-de",
            Self::IdCardDe => "id-card-de",
            Self::CodiceFiscale => "codice-fiscale",
            Self::Utr => "utr",
            Self::SinCa => "sin-ca",
            Self::PostalCodeCa => "postal-code-ca",
            Self::Itin => "itin",
            Self::ZipUs => "zip-us",
            Self::PhoneBr => "phone-br",
            Self::PhoneDe => "phone-de",
            Self::PhoneEs => "phone-es",
            Self::PhoneFr => "phone-fr",
            Self::PhoneGb => "phone-gb",
            Self::PhoneIt => "phone-it",
            Self::Ccc => "ccc",
            Self::Rib => "rib",
            Self::Cin => "cin",
            Self::Aba => "aba",
            Self::CardExpiry => "card-expiry",
            Self::CardCode => "card-code",
            Self::Dea => "dea",
            Self::Hcpcs => "hcpcs",
            Self::Hicn => "hicn",
            Self::Npi => "npi",
            Self::Ehic => "ehic",
            Self::Kvnr => "kvnr",
            Self::Phn => "phn",
            Self::Nino => "nino",
        }
    }

    /// Whether the value carries a check digit or letter of its own, by which it is told from a
    /// number that is no one's.
    pub fn carries_check_digit(self) -> bool {
        matches!(
            self,
            Self::CreditCard
                | Self::Iban
                | Self::Nhs
                | Self::LicenceDe
                | Self::DniNie
                | Self::Hetu
                | Self::Personnummer
                | Self::PassportMrz
                | Self::Cpf
                | Self::Cnpj
                | Self::Rg
                | Self::Dni
                | Self::Nie
                | Self::Nif
                | Self::Cif
                | Self::SsnEs
                | Self::Nir
                | Self::TaxFr
                | Self::TaxDe
                | Self::IdCardDe
                | Self::CodiceFiscale
                | Self::Utr
                | Self::SinCa
                | Self::Ccc
                | Self::Rib
                | Self::Cin
                | Self::Dea
                | Self::Npi
                | Self::Ehic
                | Self::Kvnr
                | Self::Phn
        )
    }

    /// Whether the candidate at `span` of `text` passes. No plain number without check digit does
    /// that the text beside it names a time, a measure, a counter or a part of a program. Looks at
    /// most at the value and at the token beside it.
    ///
    /// # Panics
    ///
    /// Panics unless `span` lies on characters inside `text`.
    pub fn passes(self, text: &str, span: Span) -> bool {
        self.passes_among(text, span, &mut Around::default())
    }

    /// The same where others were asked about the same span.
    #[inline]
    pub(crate) fn passes_among(self, text: &str, span: Span, around: &mut Around) -> bool {
        if self == Self::IpAddress {
            return address::ip(text.as_bytes(), span);
        }
        let value = text.get(span.range()).expect("a candidate lies on characters");
        // A number that its check digit vouches for is believed whatever word stands before it.
        let other = match self.carries_check_digit() {
            true => context::is_account_of_arn(&text.as_bytes()[..span.start]),
            false => {
                *around.another_kind.get_or_insert_with(|| context::is_of_another_kind(text, span))
            }
        };
        if other {
            return false;
        }
        match self {
            Self::None => true,
            Self::MixedCase => {
                has(value, |b| b.is_ascii_uppercase())
                    && has(value, |b| b.is_ascii_lowercase())
                    && has(value, |b| !b.is_ascii_hexdigit())
            }
            Self::HasDigit => has(value, |b| b.is_ascii_digit()),
            Self::CreditCard => luhn::credit_card(&Digits::of(value)),
            Self::Iban => iban::is_valid(value),
            Self::Nhs => mod11::nhs(&Digits::of(value)),
            Self::SsnUs => north_america::ssn(&Digits::of(value)),
            Self::Nanp => {
                north_america::phone(&Digits::of(value)) && !context::has_unit(text, span)
            }
            Self::Vin => vin::is_valid(value),
            Self::LatLong => address::lat_long(value),
            Self::Email => mailbox::is_valid(text.as_bytes(), span, value),
            Self::IpAddress => unreachable!("answered above: no address is a plain number"),
            Self::Document => around.is_document(text, span),
            Self::LicenceAu => document::australia(value) && around.is_document(text, span),
            Self::LicenceDe => licence_de::driving_licence(value),
            Self::LicenceFr => document::licence_fr(value) && around.is_document(text, span),
            Self::LicenceGb => licence_gb::driver_number(value),
            Self::DniNie => {
                let code = Code::of(value);
                spain::dni(&code) || spain::nie(&code)
            }
            Self::Hetu => nordic::hetu(value),
            Self::Personnummer => nordic::personnummer(value),
            Self::Passport => icao::passport(value),
            Self::PassportMrz => icao::machine_readable_line(value),
            Self::Cpf => brazil::cpf(&Digits::of(value)),
            Self::Cnpj => brazil::cnpj(&Code::of(value)),
            Self::Rg => brazil::rg(&Code::of(value)),
            Self::Dni => spain::dni(&Code::of(value)),
            Self::Nie => spain::nie(&Code::of(value)),
            Self::Nif => spain::nif(&Code::of(value)),
            Self::Cif => spain::cif(&Code::of(value)),
            Self::SsnEs => spain::social_security(&Digits::of(value)),
            Self::Nir => france::nir(&Code::of(value)),
            Self::TaxFr => france::tax_number(&Digits::of(value)),
            Self::TaxDe => germany::tax_id(&Digits::of(value)),
            Self::IdCardDe => germany::identity_card(&Code::of(value)),
            Self::CodiceFiscale => italy::codice_fiscale(&Code::of(value)),
            Self::Utr => united_kingdom::taxpayer_reference(&Digits::of(value)),
            Self::SinCa => canada::social_insurance(&Digits::of(value)),
            Self::PostalCodeCa => canada::postal_code(text, span),
            Self::Itin => north_america::itin(&Digits::of(value)),
            Self::ZipUs => north_america::zip(&Digits::of(value)),
            Self::PhoneBr => phone::is_valid(phone::BRAZIL, text, span),
            Self::PhoneDe => phone::is_valid(phone::GERMANY, text, span),
            Self::PhoneEs => phone::is_valid(phone::SPAIN, text, span),
            Self::PhoneFr => phone::is_valid(phone::FRANCE, text, span),
            Self::PhoneGb => phone::is_valid(phone::UNITED_KINGDOM, text, span),
            Self::PhoneIt => phone::is_valid(phone::ITALY, text, span),
            Self::Ccc => bank::ccc(&Digits::of(value)),
            Self::Rib => bank::rib(value),
            Self::Cin => bank::cin(value),
            Self::Aba => bank::aba(&Digits::of(value)),
            Self::CardExpiry => card::expiry(text, span),
            Self::CardCode => card::security_code(text, span),
            Self::Dea => us_health::dea(value),
            Self::Hcpcs => us_health::hcpcs(text.as_bytes(), span),
            Self::Hicn => us_health::hicn(value),
            Self::Npi => us_health::npi(&Digits::of(value)),
            Self::Ehic => health_card::ehic(&Digits::of(value)),
            Self::Kvnr => health_card::kvnr(value),
            Self::Phn => health_card::phn(value),
            Self::Nino => nino::is_issued(value),
        }
    }
}

/// What several checks ask of a span, once it is known.
#[derive(Clone, Copy, Default)]
pub(crate) struct Around {
    another_kind: Option<bool>,
    document: Option<bool>,
}

impl Around {
    fn is_document(&mut self, text: &str, span: Span) -> bool {
        *self.document.get_or_insert_with(|| document::is_number(text, span))
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

/// The ASCII letters and digits of a value, in upper case, separators left out; at most 24.
pub(crate) struct Code {
    bytes: [u8; 24],
    len: usize,
}

impl Code {
    pub(crate) fn of(value: &str) -> Self {
        let mut code = Self { bytes: [0; 24], len: 0 };
        for byte in value.bytes().filter(u8::is_ascii_alphanumeric).take(24) {
            code.bytes[code.len] = byte.to_ascii_uppercase();
            code.len += 1;
        }
        code
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
