//! What the user asked for: policy documents, parsed and checked.

mod account;
mod combine;
mod configuration;
mod destination;
mod document;
mod field_selection;
mod names;
pub(crate) mod node;
mod selection;
mod statement;

pub use account::{
    AccountPolicyType, DestinationKind, Distribution, SubscriptionPolicy, check_policy_name,
};
pub(crate) use combine::combine;
pub use destination::FindingsDestination;
pub use document::DataProtectionPolicy;
pub(crate) use field_selection::FieldSelection;
pub use field_selection::SystemField;
pub use selection::SelectionCriteria;
