//! Names and ARNs: parsed once at the door, never checked again behind it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::limits::NAME_CHARS_MAX;

macro_rules! name_type { ($(#[$doc:meta])* $name:ident) => {
    $(#[$doc])*
    #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    pub struct $name(String);

    impl $name {
        /// The text as given.
        pub fn as_str(&self) -> &str {
            &self.0
        }
    }

    impl fmt::Display for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Serialize for $name {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&self.0)
        }
    }
} }

name_type! {
    /// Twelve digits.
    AccountId
}
name_type! {
    /// A Region's code, such as `eu-west-1`.
    Region
}
name_type! {
    /// A log group's name: 1 to 512 of `A-Z a-z 0-9 . - _ / #`, not beginning with `aws/`.
    LogGroupName
}
name_type! {
    /// A log stream's name: 1 to 512 characters without `:` and `*`.
    LogStreamName
}
name_type! {
    /// The name of a subscription filter: 1 to 512 characters without `:` and `*`.
    FilterName
}

name_type! {
    /// The name of a logical destination: 1 to 512 characters without `:` and `*`.
    DestinationName
}

impl AccountId {
    /// # Errors
    ///
    /// InvalidParameter unless it is twelve digits.
    pub fn new(text: &str) -> Result<Self, Error> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("accountId is not twelve digits"))
        }
    }
}

impl Region {
    /// # Errors
    ///
    /// InvalidParameter unless it is lower case letters, digits and dashes.
    pub fn new(text: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("region is not lower case letters, digits and dashes"))
        }
    }

    /// The partition that the Region belongs to: `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        match self.0.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

impl LogGroupName {
    /// # Errors
    ///
    /// InvalidParameter when the name is empty, too long, or holds another character.
    pub fn new(text: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
        check_length("logGroupName", text)?;
        if !text.bytes().all(allowed) {
            return Err(Error::invalid("logGroupName may hold only letters, digits and . - _ / #"));
        }
        if text.starts_with("aws/") {
            return Err(Error::invalid("logGroupName may not begin with aws/"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl LogStreamName {
    /// # Errors
    ///
    /// InvalidParameter when the name is empty, too long, or holds `:` or `*`.
    pub fn new(text: &str) -> Result<Self, Error> {
        check_length("logStreamName", text)?;
        check_no_colon_or_star("logStreamName", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl FilterName {
    /// # Errors
    ///
    /// InvalidParameter when the name is empty, too long, or holds `:` or `*`.
    pub fn new(text: &str) -> Result<Self, Error> {
        check_length("filterName", text)?;
        check_no_colon_or_star("filterName", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl DestinationName {
    /// # Errors
    ///
    /// InvalidParameter when the name is empty, too long, holds `:` or `*`, or what no ARN holds.
    // Choice: visible ASCII only, as the name is a part of the destination's ARN.
    pub fn new(text: &str) -> Result<Self, Error> {
        check_length("destinationName", text)?;
        check_no_colon_or_star("destinationName", text)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("destinationName may hold visible ASCII characters only"));
        }
        Ok(Self(text.to_owned()))
    }
}

fn check_length(parameter: &str, text: &str) -> Result<(), Error> {
    let chars = text.chars().count();
    if chars == 0 {
        return Err(Error::invalid(format!("{parameter} is empty")));
    }
    if chars > NAME_CHARS_MAX {
        return Err(Error::too_long(parameter, chars, NAME_CHARS_MAX, "characters"));
    }
    Ok(())
}

fn check_no_colon_or_star(parameter: &str, text: &str) -> Result<(), Error> {
    if text.contains([':', '*']) {
        return Err(Error::invalid(format!("{parameter} may not hold : or *")));
    }
    Ok(())
}

/// An Amazon Resource Name, taken apart. Any partition `aws…` is accepted.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Arn {
    text: String,
    /// End of each of the first five fields.
    colons: [usize; 5],
}

impl Arn {
    /// Parses `arn:partition:service:region:account:resource`; `parameter` is named in the error.
    ///
    /// # Errors
    ///
    /// InvalidParameter when it is not of that form.
    pub fn parse(parameter: &str, text: &str) -> Result<Self, Error> {
        let mut colons = [0; 5];
        let mut found = text.match_indices(':');
        let complete = colons.iter_mut().all(|colon| match found.next() {
            Some((at, _)) => {
                *colon = at;
                true
            }
            None => false,
        });
        let arn = Self { text: text.to_owned(), colons };
        let well_formed = complete
            && text.len() <= 2048
            && text.starts_with("arn:aws")
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && arn.partition().bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            && !arn.service().is_empty()
            && !arn.resource().is_empty();
        if well_formed {
            Ok(arn)
        } else {
            Err(Error::invalid(format!("{parameter} is not an ARN")))
        }
    }

    fn field(&self, index: usize) -> &str {
        &self.text[self.colons[index] + 1..self.colons[index + 1]]
    }

    /// `aws`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        self.field(0)
    }

    /// `logs`, `kinesis`, `firehose`, `lambda`, `s3`, …
    pub fn service(&self) -> &str {
        self.field(1)
    }

    /// The Region's code; empty where a service has none.
    pub fn region(&self) -> &str {
        self.field(2)
    }

    /// The account; empty where a service has none.
    pub fn account(&self) -> &str {
        self.field(3)
    }

    /// What follows the account, such as `stream/orders` or `log-group:/app:*`.
    pub fn resource(&self) -> &str {
        &self.text[self.colons[4] + 1..]
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One account in one Region: what every ARN, payload and finding carries.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Home {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Home {
    /// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, without the `:*` that some answers append.
    pub fn log_group_arn(&self, name: &LogGroupName) -> String {
        let (partition, region) = (self.region.partition(), &self.region);
        format!("arn:{partition}:logs:{region}:{}:log-group:{name}", self.account)
    }

    /// `arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM`.
    pub fn log_stream_arn(&self, group: &LogGroupName, stream: &LogStreamName) -> String {
        format!("{}:log-stream:{stream}", self.log_group_arn(group))
    }

    /// `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`.
    pub fn delivery_stream_arn(&self, name: &str) -> String {
        let (partition, region) = (self.region.partition(), &self.region);
        format!("arn:{partition}:firehose:{region}:{}:deliverystream/{name}", self.account)
    }

    /// `arn:aws:logs:REGION:ACCOUNT:destination:NAME`.
    pub fn destination_arn(&self, name: &DestinationName) -> String {
        let (partition, region) = (self.region.partition(), &self.region);
        format!("arn:{partition}:logs:{region}:{}:destination:{name}", self.account)
    }

    /// `arn:aws:s3:::NAME`.
    pub fn bucket_arn(&self, name: &str) -> String {
        format!("arn:{}:s3:::{name}", self.region.partition())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_taken_apart() {
        let arn =
            Arn::parse("x", "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/a:*").unwrap();
        assert_eq!(arn.partition(), "aws-cn");
        assert_eq!(arn.service(), "logs");
        assert_eq!(arn.region(), "cn-north-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.resource(), "log-group:/a:*");
        for text in ["", "arn", "arn:aws:s3::", "arn:aws:s3:::", "arn:gcp:s3:::b", "arn:aws::::b"] {
            assert!(Arn::parse("x", text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_keep_the_limits_of_the_api() {
        assert!(LogGroupName::new("/aws/lambda/x#1.y-z_0").is_ok());
        assert!(LogGroupName::new(&"a".repeat(512)).is_ok());
        for text in ["", "a b", "é", "aws/x", &"a".repeat(513)] {
            assert!(LogGroupName::new(text).is_err(), "{text}");
        }
        assert!(LogStreamName::new("2026/11/23/[$LATEST]é").is_ok());
        for text in ["", "a:b", "a*", &"a".repeat(513)] {
            assert!(LogStreamName::new(text).is_err(), "{text}");
        }
        assert!(AccountId::new("123456789012").is_ok());
        assert!(AccountId::new("12345678901").is_err());
    }
}
