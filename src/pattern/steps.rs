//! Counts what a match looks at, so that a test can hold its growth to the text's without a clock.

/// Notes `count` steps; outside of tests it is nothing.
#[cfg(not(test))]
pub(super) fn add(_count: usize) {}

#[cfg(test)]
pub(super) use tests::add;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::pattern::FilterPattern;

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
            let (short, long) = (steps(1_000), steps(8_000));
            assert!(short >= 1_000, "{pattern}: {short} steps are not counted");
            assert!(long <= 9 * short, "{pattern}: {short} steps grow to {long}");
        }
    }
}
