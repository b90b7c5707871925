//! What the user asked for: policy documents, parsed and checked.

mod account;
mod combine;
mod configuration;
mod destination;
mod document;
mod field_selection;
mod kept;
mod names;
pub(crate) mod node;
mod retention;
mod scope;
mod selection;
mod statement;
mod words;

pub use account::{
    AccountPolicyType, DestinationKind, Distribution, SubscriptionPolicy, check_policy_name,
};
pub(crate) use combine::combine;
pub use destination::FindingsDestination;
pub use document::DataProtectionPolicy;
pub(crate) use field_selection::FieldSelection;
pub use field_selection::SystemField;
pub(crate) use kept::check_document;
pub(crate) use retention::{RetentionRule, RetentionTerms, longest};
pub(crate) use scope::PolicyScope;
pub use selection::SelectionCriteria;
