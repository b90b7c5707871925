//! Counts what a match looks at, so that a test can hold its growth to the text's without a clock.

/// Notes `count` steps; outside of tests it is nothing.
#[cfg(not(test))]
pub(super) fn add(_count: usize) {}

#[cfg(test)]
pub(super) use tests::add;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::pattern::{FilterPattern, FilterPatterns};

    thread_local! {
        static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    pub(in crate::pattern) fn add(count: usize) {
        STEPS.set(STEPS.get() + count);
    }

    /// Regexes are not counted here: their engine promises linear time.
    #[test]
    fn steps_grow_as_the_text_does() {
        let cases: [(&str, &str, &str, &str); 9] = [
            ("[a, ..., b = x*y]", "", "[ ", ""),
            ("[a, ..., b = x*y]", "", "\" ", ""),
            ("[a, ..., b = x*y]", "", "[\" ", ""),
            ("[a, b = *x*x*x*y*]", "", "x", ""),
            ("[a, b = \"*x x*y*\"]", "", "x ", ""),
            ("{ $.a = \"*a*a*a*b*\" }", "{\"a\":\"", "a", "\"}"),
            ("{ $.*.a = 1 || $.a[*].b = 2 }", "{\"a\":[", "{\"b\":1},", "1]}"),
            ("{ $.a[*][0] = 1 || $.b NOT EXISTS }", "{\"a\":[", "[2,[3]],", "1]}"),
            ("{ $.* = 1 || $.x.x = 2 }", "{", "\"x\":\"\\u0061\",", "\"x\":0}"),
        ];
        for (pattern, head, unit, tail) in cases {
            let compiled = FilterPattern::parse(pattern).expect("a valid one");
            let steps = |count| {
                STEPS.set(0);
                compiled.matches_text(&format!("{head}{}{tail}", unit.repeat(count)));
                STEPS.get()
            };
            assert_linear(pattern, steps);
        }
    }

    /// As many patterns as a log group has, all of them with texts that occur nearly everywhere.
    #[test]
    fn steps_of_many_patterns_grow_as_the_text_does() {
        let near = (0..100).map(|number| format!("\"xxxxxxx{number}\""));
        let json = (0..100).map(|number| format!("{{ $.xxxxxxx{number} = 1 }}"));
        for patterns in [near.collect::<Vec<_>>(), json.collect()] {
            let parse = |text: &String| FilterPattern::parse(text).expect("a valid one");
            let together = FilterPatterns::new(patterns.iter().map(parse));
            for unit in ["x", "xxxxxxx9 ", "{\"xxxxxxx9\":1}"] {
                assert_linear(unit, |count| {
                    STEPS.set(0);
                    together.matching_text(&unit.repeat(count), |_| {});
                    STEPS.get()
                });
            }
        }
    }

    fn assert_linear(name: &str, mut steps: impl FnMut(usize) -> usize) {
        let (short, long) = (steps(1_000), steps(8_000));
        assert!(short >= 200, "{name}: {short} steps are not counted");
        assert!(long <= 9 * short, "{name}: {short} steps grow to {long}");
    }
}
