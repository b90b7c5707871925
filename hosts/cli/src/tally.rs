//! Counting what was found: names and numbers, never values.

use std::collections::BTreeMap;

/// What was counted over some lines.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Lines read.
    pub(crate) lines: u64,
    /// Bytes read.
    pub(crate) bytes: u64,
    /// Lines in which something was masked.
    pub(crate) lines_with_findings: u64,
    /// Lines too long to be judged, masked whole; they are no lines with findings.
    pub(crate) overlong: u64,
    /// Lines of an NDJSON input that are no JSON document, masked as text.
    pub(crate) not_json: u64,
    /// JSON documents that have the field that is judged alone.
    pub(crate) with_field: u64,
    /// JSON documents that lack it: nothing in them was judged.
    pub(crate) without_field: u64,
    /// By identifier, in ASCII order of the names.
    pub(crate) found: BTreeMap<String, Count>,
}

/// How often one identifier was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    /// Values.
    pub(crate) values: u64,
    /// Lines that hold one or more of them.
    pub(crate) lines: u64,
    /// The line counted last, so that a second value in it does not count the line again.
    last: u64,
}

impl Tally {
    /// Counts one line's detections, by name.
    pub(crate) fn line<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.lines_with_findings += 1;
        for name in names {
            if !self.found.contains_key(name) {
                self.found.insert(name.to_owned(), Count::default());
            }
            let count = self.found.get_mut(name).expect("just inserted");
            count.values += 1;
            count.lines += u64::from(count.last != self.lines_with_findings);
            count.last = self.lines_with_findings;
        }
    }

    /// Adds what was counted over other lines.
    pub(crate) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.bytes += other.bytes;
        self.lines_with_findings += other.lines_with_findings;
        self.overlong += other.overlong;
        self.not_json += other.not_json;
        self.with_field += other.with_field;
        self.without_field += other.without_field;
        for (name, count) in &other.found {
            let sum = self.found.entry(name.clone()).or_default();
            sum.values += count.values;
            sum.lines += count.lines;
        }
    }

    /// Values of all identifiers.
    pub(crate) fn values(&self) -> u64 {
        self.found.values().map(|count| count.values).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_once_per_identifier() {
        let mut tally = Tally::default();
        tally.line(["a", "b", "a"].into_iter());
        tally.line(["a"].into_iter());
        let mut sum = Tally::default();
        sum.add(&tally);
        sum.add(&tally);
        let counts: Vec<_> =
            sum.found.iter().map(|(n, c)| (n.as_str(), c.values, c.lines)).collect();
        assert_eq!(counts, [("a", 6, 4), ("b", 2, 2)]);
        assert_eq!((sum.lines_with_findings, sum.values()), (4, 8));
    }
}
