//! Account policy ∪ log group policy.

use std::sync::Arc;

use crate::identifier::{DataIdentifier, Identifiers};

use super::DataProtectionPolicy;

/// What any of `policies` names, sorted and each once: managed identifiers are the same by name,
/// custom ones by name and regex. The answer does not depend on the order of `policies`.
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy: account and log group policies are
/// cumulative.
pub(crate) fn combine(policies: &[&DataProtectionPolicy]) -> Identifiers {
    let all = policies.iter().flat_map(|policy| policy.identifiers());
    let mut identifiers: Vec<Arc<DataIdentifier>> = all.cloned().collect();
    identifiers.sort_by(|a, b| a.key().cmp(&b.key()));
    identifiers.dedup_by(|a, b| a.key() == b.key());
    identifiers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(regex: &str) -> DataProtectionPolicy {
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
    }

    #[test]
    fn the_union_is_sorted_and_holds_each_identifier_once() {
        let one = DataProtectionPolicy::of(&["IpAddress", "EmailAddress"]).unwrap();
        let two = DataProtectionPolicy::of(&["Ssn-US", "IpAddress"]).unwrap();
        let (three, four) = (custom("SN-[0-9]{6}"), custom("SN[0-9]{6}"));
        let policies = [&one, &two, &three, &four, &three];
        let combined = combine(&policies);
        let names: Vec<&str> = combined.iter().map(|known| known.name()).collect();
        assert_eq!(names, ["EmailAddress", "IpAddress", "Ssn-US", "StaffNo", "StaffNo"]);
        let mut reversed = policies;
        reversed.reverse();
        assert!(combined == combine(&reversed), "the order of policies does not count");
        assert!(combine(&[]).is_empty());
    }
}
