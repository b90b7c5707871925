//! Tests joined by `&&` and `||`, as a list in which each test says what comes next: it is run
//! without recursion and without memory.

/// The tests, in the order of the text. None: true.
#[derive(Debug)]
pub(super) struct Program<T> {
    steps: Vec<Step<T>>,
}

#[derive(Debug)]
struct Step<T> {
    test: T,
    if_true: Next,
    if_false: Next,
}

/// Something for each answer that a test may have.
pub(super) struct Answers<V> {
    pub(super) if_true: V,
    pub(super) if_false: V,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Test(usize),
    Answer(bool),
}

/// What stands between two tests.
#[derive(Clone, Copy)]
pub(super) struct Link {
    and: bool,
    /// How tightly it binds: two for each open parenthesis, and one for `&&`.
    level: usize,
}

impl Link {
    pub(super) fn new(and: bool, parentheses: usize) -> Self {
        Self { and, level: 2 * parentheses + usize::from(and) }
    }
}

impl<T> Program<T> {
    /// `links` holds one less than there are tests. Cost: square in their number.
    pub(super) fn new(tests: Vec<T>, links: &[Link]) -> Self {
        let step = |(index, test)| {
            let next = |answer| next(links.get(index..).unwrap_or_default(), index, answer);
            Step { test, if_true: next(true), if_false: next(false) }
        };
        Self { steps: tests.into_iter().enumerate().map(step).collect() }
    }

    /// Asks tests, each with its number, from the left until the answer is known.
    pub(super) fn holds(&self, mut test: impl FnMut(usize, &T) -> bool) -> bool {
        let mut at = 0;
        while let Some(step) = self.steps.get(at) {
            match if test(at, &step.test) { step.if_true } else { step.if_false } {
                Next::Test(next) => at = next,
                Next::Answer(answer) => return answer,
            }
        }
        true
    }

    /// The value of the whole, made from the last test to the first: `answer` is that of an answer,
    /// `value` that of a test whose followers' values are known.
    pub(super) fn fold<'p, V: Clone>(
        &'p self,
        answer: &dyn Fn(bool) -> V,
        value: &dyn Fn(&'p T, Answers<&V>) -> V,
    ) -> V {
        // The values of the tests that were seen, the last test's first.
        let mut values: Vec<V> = Vec::new();
        let (yes, no) = (answer(true), answer(false));
        for step in self.steps.iter().rev() {
            let after = |next: Next| match next {
                Next::Test(at) => values.get(self.steps.len() - 1 - at).expect("tests follow"),
                Next::Answer(answer) => {
                    if answer {
                        &yes
                    } else {
                        &no
                    }
                }
            };
            let after = Answers { if_true: after(step.if_true), if_false: after(step.if_false) };
            values.push(value(&step.test, after));
        }
        values.pop().unwrap_or(yes)
    }

    pub(super) fn tests(&self) -> impl Iterator<Item = &T> {
        self.steps.iter().map(|step| &step.test)
    }
}

/// What follows test `index` with this answer: `links` begins behind it.
fn next(links: &[Link], index: usize, answer: bool) -> Next {
    let mut level = usize::MAX;
    for (link, test) in links.iter().zip(index + 1..) {
        if link.level >= level {
            continue;
        }
        // True goes on behind `&&`, false behind `||`. The other decides all that it binds, so what
        // comes next is what binds less.
        if link.and == answer {
            return Next::Test(test);
        }
        level = link.level;
    }
    Next::Answer(answer)
}
