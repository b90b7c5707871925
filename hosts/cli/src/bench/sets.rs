//! The sets of identifiers that `bench` measures with.

use std::sync::Arc;

use logveil::identifier::{DataIdentifier, managed_ids};
use logveil::{DataProtectionPolicy, Masker};
use logveil_corpora::TEN;

use crate::args::{BenchArgs, Protect};
use crate::output::Failure;
use crate::policies::{self, Unasked, refused};

/// Found by lists of words instead of shapes: they come last.
const LAST: [&str; 2] = ["Name", "Address"];

/// Policies, as text: reading it is a part of compiling.
pub(super) struct Set {
    documents: Vec<String>,
    pub(super) identifiers: Vec<Arc<DataIdentifier>>,
}

impl Set {
    fn new(policies: &[DataProtectionPolicy]) -> Self {
        let mut identifiers: Vec<_> =
            policies.iter().flat_map(|policy| policy.identifiers().iter().cloned()).collect();
        identifiers.sort_by(|a, b| a.name().cmp(b.name()));
        identifiers.dedup();
        let documents = policies.iter().map(|policy| policy.document().to_owned()).collect();
        Self { documents, identifiers }
    }

    pub(super) fn compile(&self) -> Result<Masker, Failure> {
        let parsed: Result<Vec<_>, _> =
            self.documents.iter().map(|document| DataProtectionPolicy::parse(document)).collect();
        parsed.and_then(|policies| Masker::new(&policies)).map_err(|error| refused(&error))
    }
}

/// The sets asked for, and whether they are points of a curve.
pub(super) fn chosen(args: &BenchArgs) -> Result<Vec<Set>, Failure> {
    let numbers = args.identifiers.iter().any(|name| name.trim().parse::<usize>().is_ok());
    if !numbers {
        let identifiers = args.identifiers.clone();
        let asked = Protect { policy: args.policy.clone(), identifiers };
        return Ok(vec![Set::new(&policies::policies(&asked, Unasked::All)?)]);
    }
    args.identifiers.iter().map(|number| sized(args, number.trim())).collect()
}

/// So many managed identifiers, and what `--policy` adds.
fn sized(args: &BenchArgs, number: &str) -> Result<Set, Failure> {
    let all = managed_ids().count();
    let count = match number.parse() {
        Ok(count) if (1..=all).contains(&count) => count,
        _ if number == "all" => all,
        _ => {
            return Err(Failure::because(format!(
                "--identifiers {number}: among numbers only 1 to {all} and all have a meaning"
            )));
        }
    };
    let mut policies = Vec::new();
    if !args.policy.is_empty() {
        let asked = Protect { policy: args.policy.clone(), identifiers: Vec::new() };
        policies = policies::policies(&asked, Unasked::All)?;
    }
    policies.push(policies::of(&names(count))?);
    Ok(Set::new(&policies))
}

/// That many names, as `bench --help` tells it.
fn names(count: usize) -> Vec<&'static str> {
    let others: Vec<_> =
        managed_ids().filter(|name| !TEN.contains(name) && !LAST.contains(name)).collect();
    let mut names: Vec<&str> = TEN.into_iter().take(count).collect();
    let spread = count.saturating_sub(TEN.len()).min(others.len());
    names.extend((0..spread).map(|index| others[index * others.len() / spread]));
    let last = managed_ids().filter(|name| LAST.contains(name));
    names.extend(last.take(count - names.len()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_as_large_as_asked_and_end_with_everything() {
        let all = managed_ids().count();
        for count in 1..=all {
            let mut chosen = names(count);
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), count);
        }
        let mut chosen = names(all);
        chosen.sort_unstable();
        assert!(chosen.into_iter().eq(managed_ids()));
        assert!(names(96).iter().all(|name| !LAST.contains(name)));
    }
}
