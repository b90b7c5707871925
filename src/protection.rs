//! The compiled policies in force, and the swap.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use crate::detect::Detector;
use crate::error::Error;
use crate::identifier::Identifiers;
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
    /// Puts `policies` (account, log group) together. Those who name the same identifiers share
    /// what is compiled of them.
    ///
    /// # Errors
    ///
    /// Those of [`Detector::compile`].
    pub(crate) fn compile(
        generation: u64,
        policies: &[&DataProtectionPolicy],
    ) -> Result<Self, Error> {
        Ok(Self::new(generation, shared_detector(policies)?, policies))
    }

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

/// The detectors in use in this process, one for each distinct set of identifiers, whoever asks:
/// log groups, engines, maskers. Nothing is kept alive by it, and a set whose last user is gone
/// leaves at most a few hundred bytes until others have taken its place.
#[derive(Debug)]
struct Detectors {
    /// By the hash of their identifiers.
    known: BTreeMap<u64, Vec<Weak<Detector>>>,
    /// At this many sets those without users are dropped.
    full: usize,
}

/// Fewest sets that are looked through for those without users.
const FULL_MIN: usize = 64;

static IN_USE: Mutex<Detectors> = Mutex::new(Detectors { known: BTreeMap::new(), full: FULL_MIN });

/// The detector for all identifiers of `policies`; compiled unless one is in use.
///
/// # Errors
///
/// Those of [`Detector::compile`].
fn shared_detector(policies: &[&DataProtectionPolicy]) -> Result<Arc<Detector>, Error> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner).get(combine(policies))
}

impl Detectors {
    fn get(&mut self, identifiers: Identifiers) -> Result<Arc<Detector>, Error> {
        let mut hasher = DefaultHasher::new();
        identifiers.hash(&mut hasher);
        let hash = hasher.finish();
        let same = |detector: &Arc<Detector>| detector.identifiers() == identifiers;
        let alike = self.known.get(&hash).into_iter().flatten();
        if let Some(detector) = alike.filter_map(Weak::upgrade).find(same) {
            return Ok(detector);
        }
        let detector = Arc::new(Detector::compile(identifiers)?);
        if self.known.len() >= self.full {
            self.drop_unused();
        }
        self.known.entry(hash).or_default().push(Arc::downgrade(&detector));
        Ok(detector)
    }

    fn drop_unused(&mut self) {
        self.known.retain(|_, alike| {
            alike.retain(|detector| detector.strong_count() > 0);
            !alike.is_empty()
        });
        self.full = FULL_MIN.max(2 * self.known.len());
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
    use crate::identifier::DataIdentifier;

    fn detector(policies: &[&DataProtectionPolicy]) -> Arc<Detector> {
        Protection::compile(1, policies).expect("valid policies").detector
    }

    #[test]
    fn equal_sets_share_a_detector_as_long_as_one_uses_it() {
        let of = |identifiers: &[&str]| DataProtectionPolicy::of(identifiers).unwrap();
        let (both, turned) = (of(&["EmailAddress", "Ssn-US"]), of(&["Ssn-US", "EmailAddress"]));
        let first = detector(&[&both]);
        assert!(Arc::ptr_eq(&first, &detector(&[&turned])));
        let halves = [&of(&["EmailAddress"]), &of(&["Ssn-US"])];
        assert!(Arc::ptr_eq(&first, &detector(&halves)));
        assert!(!Arc::ptr_eq(&first, &detector(&halves[..1])));
        let unused = Arc::downgrade(&first);
        drop(first);
        assert!(unused.upgrade().is_none(), "nothing is kept alive");
    }

    #[test]
    fn another_regex_under_the_same_name_is_another_set() {
        let of = |regex: &str| {
            let statement = |operation: &str| {
                format!("{{\"DataIdentifier\":[\"StaffNo\"],\"Operation\":{operation}}}")
            };
            let document = format!(
                "{{\"Configuration\":{{\"CustomDataIdentifier\":[{{\"Name\":\"StaffNo\",\
                 \"Regex\":\"{regex}\"}}]}},\"Statement\":[{},{}]}}",
                statement("{\"Audit\":{\"FindingsDestination\":{}}}"),
                statement("{\"Deidentify\":{\"MaskConfig\":{}}}"),
            );
            DataProtectionPolicy::parse(&document).unwrap()
        };
        let first = detector(&[&of("SN-[0-9]{6}")]);
        assert!(Arc::ptr_eq(&first, &detector(&[&of("SN-[0-9]{6}")])));
        assert!(!Arc::ptr_eq(&first, &detector(&[&of("SN-[0-9]{7}")])));
    }

    #[test]
    fn sets_without_users_are_dropped() {
        let mut detectors = Detectors { known: BTreeMap::new(), full: 2 };
        let ids = DataIdentifier::all_unread();
        let kept = detectors.get(ids[..1].to_vec()).unwrap();
        for len in 2..20 {
            drop(detectors.get(ids[..len].to_vec()).unwrap());
            assert!(detectors.known.len() <= FULL_MIN.min(len), "{len} sets");
        }
        detectors.drop_unused();
        assert_eq!(detectors.known.len(), 1);
        assert!(Arc::ptr_eq(&kept, &detectors.get(ids[..1].to_vec()).unwrap()));
    }
}
