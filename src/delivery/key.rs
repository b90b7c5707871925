//! Where an object of a delivery lies in its bucket.

use jiff::{Timestamp, tz::TimeZone};

use super::object::{DeliverySource, S3DeliveryConfiguration};
use super::render::Row;
use crate::arn::{Arn, Home};

/// What is the same for all objects of one rollover.
pub(super) struct Keys<'a> {
    pub(super) home: &'a Home,
    pub(super) source: &'a DeliverySource,
    pub(super) bucket: &'a Arn,
    pub(super) config: &'a S3DeliveryConfiguration,
    /// When the first record came: milliseconds since 1970 UTC.
    pub(super) opened_ms: i64,
}

impl Keys<'_> {
    /// The start of a record's key, with a slash at its end.
    pub(super) fn folder(&self, row: &Row<'_>) -> String {
        let Home { account, region } = self.home;
        let hive = self.config.enable_hive_compatible_path;
        let named = |name: &str, value: &str| match hive {
            true => format!("{name}={value}"),
            false => value.to_owned(),
        };
        let start = match self.bucket.resource().split_once('/') {
            Some((_, prefix)) if !prefix.is_empty() => prefix.trim_end_matches('/').to_owned(),
            _ => {
                let account = named("aws-account-id", account.as_str());
                format!("AWSLogs/{account}/{}", self.source.service)
            }
        };
        let rest = match &self.config.suffix_path {
            None => {
                let date = ["yyyy", "MM", "dd"].map(|name| self.variable(name, row)).join("/");
                format!("{}/{date}", named("region", region.as_str()))
            }
            Some(suffix) => self.fill(suffix.trim_matches('/'), row),
        };
        format!("{start}/{rest}/")
    }

    fn fill(&self, suffix: &str, row: &Row<'_>) -> String {
        let mut filled = String::new();
        let mut rest = suffix;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            filled.push_str(before);
            filled.push_str(&self.variable(name, row));
            rest = after;
        }
        filled + rest
    }

    /// What a variable stands for; with Hive-compatible paths its name is before it.
    fn variable(&self, name: &str, row: &Row<'_>) -> String {
        let time = zoned(self.opened_ms);
        let (hive_name, value) = match name {
            "yyyy" => ("year", time.strftime("%Y").to_string()),
            "MM" => ("month", time.strftime("%m").to_string()),
            "dd" => ("day", time.strftime("%d").to_string()),
            "HH" => ("hour", time.strftime("%H").to_string()),
            "region" => ("region", self.home.region.as_str().to_owned()),
            "accountid" => ("aws-account-id", self.home.account.as_str().to_owned()),
            field => (field, plain(row.field(field).as_deref().unwrap_or_default())),
        };
        match self.config.enable_hive_compatible_path {
            true => format!("{hive_name}={value}"),
            false => value,
        }
    }

    /// The name of an object, without its extension. `hash` tells objects of one minute apart.
    // Choice: AWS publishes no form; this is that of older services.
    pub(super) fn file(&self, hash: &str) -> String {
        let Home { account, region } = self.home;
        let minute = zoned(self.opened_ms).strftime("%Y%m%dT%H%MZ").to_string();
        format!("{account}_{}_{region}_{minute}_{hash}", self.source.name)
    }
}

/// A field's value as a part of a path.
fn plain(value: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_*".contains(char);
    let safe: String = value.chars().map(|char| if plain(char) { char } else { '_' }).collect();
    match safe.is_empty() {
        true => "-".to_owned(),
        false => safe.chars().take(64).collect(),
    }
}

fn zoned(ms: i64) -> jiff::Zoned {
    let second = ms.div_euclid(1000);
    let (min, max) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let time = Timestamp::from_second(second.clamp(min + 86_400, max - 86_400));
    time.expect("clamped into the calendar").to_zoned(TimeZone::UTC)
}
