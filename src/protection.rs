//! The compiled policies in force, and the swap.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::detect::Detector;
use crate::error::Error;
use crate::policy::{DataProtectionPolicy, FindingsDestination, combine};

/// The policies in force for one log group, compiled: judges text. Made once per set of policies,
/// shared by every batch that it judges.
#[derive(Debug)]
pub struct Protection {
    generation: u64,
    detector: Arc<Detector>,
    policies: Vec<PolicyInForce>,
}

/// One policy's part of a [`Protection`].
#[derive(Debug)]
pub struct PolicyInForce {
    name: Option<String>,
    destinations: Vec<FindingsDestination>,
    /// Indexes of its identifiers in the detector, in the policy's order.
    identifiers: Vec<u16>,
}

impl Protection {
    /// Joins `policies` (account, log group) under a detector that knows all their identifiers.
    pub(crate) fn new(
        generation: u64,
        detector: Arc<Detector>,
        policies: &[&DataProtectionPolicy],
    ) -> Self {
        let policies = policies.iter().map(|policy| PolicyInForce {
            name: policy.name().map(str::to_owned),
            destinations: policy.destinations().to_vec(),
            identifiers: policy
                .identifiers()
                .iter()
                .map(|identifier| {
                    detector.index_of(identifier).expect("compiled from the policies")
                })
                .collect(),
        });
        Self { generation, policies: policies.collect(), detector }
    }

    /// The number of this protection; a later one has a larger number.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The policies, in the order given.
    pub fn policies(&self) -> &[PolicyInForce] {
        &self.policies
    }

    pub(crate) fn detector(&self) -> &Detector {
        &self.detector
    }

    /// Whether nothing is protected, so that no text need be looked at.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }
}

impl PolicyInForce {
    /// The policy document's `Name`, a metric dimension.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where its findings go.
    pub fn destinations(&self) -> &[FindingsDestination] {
        &self.destinations
    }

    pub(crate) fn identifiers(&self) -> &[u16] {
        &self.identifiers
    }
}

/// One detector for each distinct set of identifiers, shared between log groups as long as one of
/// them uses it.
#[derive(Debug, Default)]
pub(crate) struct Detectors(Vec<Weak<Detector>>);

impl Detectors {
    /// The detector for all identifiers of `policies`; compiled unless one is in use.
    ///
    /// # Errors
    ///
    /// Those of [`Detector::compile`].
    pub(crate) fn get(
        &mut self,
        policies: &[&DataProtectionPolicy],
    ) -> Result<Arc<Detector>, Error> {
        let identifiers = combine(policies);
        self.0.retain(|detector| detector.strong_count() > 0);
        let same = |detector: &Arc<Detector>| detector.identifiers() == identifiers;
        if let Some(detector) = self.0.iter().filter_map(Weak::upgrade).find(same) {
            return Ok(detector);
        }
        let detector = Arc::new(Detector::compile(identifiers)?);
        self.0.push(Arc::downgrade(&detector));
        Ok(detector)
    }
}

/// The protection in force for one log group or one masker.
#[derive(Debug)]
pub(crate) struct InForce(RwLock<Arc<Protection>>);

impl InForce {
    pub(crate) fn new(first: Arc<Protection>) -> Self {
        Self(RwLock::new(first))
    }

    /// One call per batch. Every event of the batch is judged by what this returns.
    pub(crate) fn load(&self) -> Arc<Protection> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Linearization point: a batch that starts after this returns sees `next`.
    /// `next` is compiled before the lock is taken; readers wait for a pointer store only.
    pub(crate) fn replace(&self, next: Arc<Protection>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_share_a_detector_as_long_as_one_uses_it() {
        let of = |identifiers: &[&str]| DataProtectionPolicy::of(identifiers).unwrap();
        let (both, turned) = (of(&["EmailAddress", "Ssn-US"]), of(&["Ssn-US", "EmailAddress"]));
        let mut detectors = Detectors::default();
        let first = detectors.get(&[&both]).unwrap();
        assert!(Arc::ptr_eq(&first, &detectors.get(&[&turned]).unwrap()));
        let halves = [&of(&["EmailAddress"]), &of(&["Ssn-US"])];
        assert!(Arc::ptr_eq(&first, &detectors.get(&halves).unwrap()));
        assert!(!Arc::ptr_eq(&first, &detectors.get(&halves[..1]).unwrap()));
        drop(first);
        let _next = detectors.get(&[&both]).unwrap();
        assert_eq!(detectors.0.len(), 1);
    }
}
