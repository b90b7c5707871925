//! Subscriptions: filters, payloads, and the destinations that payloads and findings go to.

mod decode;
mod destination;
mod fields;
mod file;
mod filter;
mod ndjson;
mod payload;
mod send;

pub use decode::{Payload, PayloadEvent, decode};
pub use destination::{
    Delivered, DeliveryError, Destination, InMemory, LogPlace, Outgoing, OutgoingKind,
};
pub use file::FileDestination;
pub(crate) use filter::Subscription;
pub use filter::SubscriptionFilter;
pub use ndjson::NdjsonDestination;
pub(crate) use payload::gzip;
pub(crate) use send::{Sender, stable_hash};
