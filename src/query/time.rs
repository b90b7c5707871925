//! Times and periods: rounding, printing, reading.

use std::fmt::Write;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// 1970-01-05 was a Monday.
// Choice: weeks begin on Monday, in UTC.
const MONDAY_MS: i64 = 4 * DAY_MS;

/// A period of time: so many of a unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Period {
    /// So many milliseconds, counted from 1970, or from a Monday.
    Fixed(i64, i64),
    Months(i64),
}

impl Period {
    /// The period of a number and a unit's name. AWS caps the number for units up to the hour.
    pub(super) fn of(count: i64, unit: &str) -> Option<Self> {
        let fixed = |unit_ms: i64, cap: i64| Some(Self::Fixed(count.min(cap) * unit_ms, 0));
        let unit = unit.to_ascii_lowercase();
        let stem = unit.strip_suffix('s').filter(|stem| stem.len() > 1).unwrap_or(&unit);
        const CAP: i64 = 10_000;
        let count = count.min(CAP);
        match stem {
            "ms" | "msec" | "millisecond" => fixed(1, 1000),
            "s" | "sec" | "second" => fixed(1000, 60),
            "m" | "min" | "minute" => fixed(60_000, 60),
            "h" | "hr" | "hour" => fixed(3_600_000, 24),
            "d" | "day" => fixed(DAY_MS, CAP),
            "w" | "wk" | "week" => Some(Self::Fixed(count * 7 * DAY_MS, MONDAY_MS)),
            "mo" | "mon" | "month" => Some(Self::Months(count)),
            "q" | "qtr" | "quarter" => Some(Self::Months(count * 3)),
            "y" | "yr" | "year" => Some(Self::Months(count * 12)),
            _ => None,
        }
    }

    /// The beginning of the period that a time lies in, or of the one after it unless the time is
    /// a beginning itself.
    pub(super) fn round(self, time_ms: i64, up: bool) -> Option<i64> {
        match self {
            Self::Fixed(period, from) => {
                let since = time_ms.checked_sub(from)?.div_euclid(period);
                let floor = since.checked_mul(period)?.checked_add(from)?;
                let next = up && floor != time_ms;
                if next { floor.checked_add(period) } else { Some(floor) }
            }
            Self::Months(months) => {
                let date = civil(time_ms)?.date();
                let since = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
                let first = (since - 1970 * 12).div_euclid(months) * months + 1970 * 12;
                let floor = month_start(first)?;
                let next = up && floor != time_ms;
                if next { month_start(first + months) } else { Some(floor) }
            }
        }
    }
}

fn month_start(month: i64) -> Option<i64> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let date = Date::new(year, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

fn civil(time_ms: i64) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(Timestamp::from_millisecond(time_ms).ok()?))
}

/// `2027-01-15 08:00:00.000`, in UTC; a time that no calendar holds as a number.
pub(super) fn print(time_ms: i64) -> String {
    match civil(time_ms) {
        Some(time) => time.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string(),
        None => time_ms.to_string(),
    }
}

/// A time as a format says, which has `%Y` or Java's `yyyy`; `None` when the format is none.
pub(super) fn format(time_ms: i64, format: &str, zone: Option<&str>) -> Option<String> {
    let time = Timestamp::from_millisecond(time_ms).ok()?;
    strtime::format(specifiers(format)?, &time.to_zoned(time_zone(zone)?)).ok()
}

/// The time that a text says in a format. What the format leaves out is the first of its kind.
pub(super) fn parse(text: &str, format: &str, zone: Option<&str>) -> Option<i64> {
    let parsed = strtime::parse(specifiers(format)?, text).ok()?;
    if let Ok(time) = parsed.to_timestamp() {
        return Some(time.as_millisecond());
    }
    let date = parsed.to_date().or_else(|_| Date::new(parsed.year().unwrap_or(1970), 1, 1)).ok()?;
    let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
    let zoned: Zoned = date.to_datetime(time).to_zoned(time_zone(zone)?).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// UTC, or an offset such as `+02:00`.
// Choice: names of zones need a database that the library does not carry.
fn time_zone(zone: Option<&str>) -> Option<TimeZone> {
    let Some(zone) = zone else { return Some(TimeZone::UTC) };
    if matches!(zone, "" | "Z" | "UTC" | "GMT") {
        return Some(TimeZone::UTC);
    }
    let digits = zone.strip_prefix(['+', '-'])?.replace(':', "");
    let number = |part: &str| part.parse::<i32>().ok();
    let (hours, minutes) = match digits.len() {
        2 if digits.is_ascii() => (number(&digits)?, 0),
        4 if digits.is_ascii() => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    let seconds = (hours * 60 + minutes) * 60;
    let seconds = if zone.starts_with('-') { -seconds } else { seconds };
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// A format of Java's letters in the specifiers of `strftime`; one that has these stays.
// Choice: both are taken, as AWS names `strftime` and shows formats in Java's letters.
fn specifiers(format: &str) -> Option<String> {
    if format.contains('%') || format.len() > 1024 {
        return (format.len() <= 1024).then(|| format.to_owned());
    }
    let mut out = String::with_capacity(format.len() * 2);
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (quoted, after) = rest.get(1..)?.split_once('\'')?;
            out.push_str(if quoted.is_empty() { "'" } else { quoted });
            rest = after;
            continue;
        }
        let run = rest.len() - rest.trim_start_matches(first).len();
        let specifier = match (first, run / first.len_utf8()) {
            ('y' | 'u', 2) => "%y",
            ('y' | 'u', _) => "%Y",
            ('M', 4..) => "%B",
            ('M', 3) => "%b",
            ('M', _) => "%m",
            ('d', _) => "%d",
            ('H', _) => "%H",
            ('h', _) => "%I",
            ('m', _) => "%M",
            ('s', _) => "%S",
            ('S', digits @ 1..=9) => {
                write!(out, "%{digits}f").expect("a string");
                ""
            }
            ('E', 4..) => "%A",
            ('E', _) => "%a",
            ('a', _) => "%p",
            ('D', _) => "%j",
            ('X', 3) => "%:z",
            ('Z' | 'X' | 'x', _) => "%z",
            (letter, _) if letter.is_ascii_alphabetic() => return None,
            _ => rest.get(..run)?,
        };
        out.push_str(specifier);
        rest = rest.get(run..)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_123;

    #[test]
    fn times_are_rounded_to_periods_of_the_calendar() {
        let round =
            |count, unit, up| print(Period::of(count, unit).unwrap().round(NOW, up).unwrap());
        assert_eq!(print(NOW), "2027-01-15 08:00:00.123");
        assert_eq!(round(1, "s", false), "2027-01-15 08:00:00.000");
        assert_eq!(round(1, "second", true), "2027-01-15 08:00:01.000");
        assert_eq!(round(300, "s", true), "2027-01-15 08:01:00.000", "60 s at most");
        assert_eq!(round(7, "d", false), "2027-01-14 00:00:00.000");
        assert_eq!(round(1, "w", false), "2027-01-11 00:00:00.000");
        assert_eq!(round(1, "mo", true), "2027-02-01 00:00:00.000");
        assert_eq!(round(1, "quarter", false), "2027-01-01 00:00:00.000");
        assert_eq!(round(2, "years", true), "2028-01-01 00:00:00.000");
        assert_eq!(Period::of(1, "fortnight"), None);
    }

    #[test]
    fn formats_of_both_kinds_are_read_and_written() {
        for pattern in ["%Y-%m-%d %H:%M:%S", "yyyy-MM-dd HH:mm:ss"] {
            let text = format(NOW, pattern, None).unwrap();
            assert_eq!(text, "2027-01-15 08:00:00");
            assert_eq!(parse(&text, pattern, None), Some(NOW - 123));
            assert_eq!(parse(&text, pattern, Some("+02:00")), Some(NOW - 123 - 7_200_000));
        }
        assert_eq!(
            format(NOW, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", Some("-0130")).unwrap(),
            "2027-01-15T06:30:00.123-01:30"
        );
        assert_eq!(parse("15/Jan/2027", "dd/MMM/yyyy", None), Some(NOW - NOW % DAY_MS));
        for (text, pattern, zone) in [("x", "yyyy", None), ("2027", "q", None), ("", "%", None)] {
            assert_eq!(parse(text, pattern, zone), None, "{pattern}");
        }
        assert_eq!(parse("2027", "yyyy", Some("Mars")), None);
    }
}
