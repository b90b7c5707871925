//! Tags of delivery objects.

use crate::error::Error;
use crate::tags::Tags;

use super::{DELIVERY, DESTINATION, Engine, Objects, SOURCE, not_found, written};

/// What kind of delivery object something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::engine) enum DeliveryObject {
    Source,
    Destination,
    Delivery,
}

impl DeliveryObject {
    /// How ARNs spell it, and how it is kept.
    pub(in crate::engine) fn kind(self) -> &'static str {
        match self {
            Self::Source => SOURCE,
            Self::Destination => DESTINATION,
            Self::Delivery => DELIVERY,
        }
    }

    pub(in crate::engine) fn of_kind(kind: &str) -> Option<Self> {
        let all = [Self::Source, Self::Destination, Self::Delivery];
        all.into_iter().find(|known| known.kind() == kind)
    }
}

impl Objects {
    fn tags(&mut self, object: DeliveryObject, name: &str) -> Option<&mut Tags> {
        match object {
            DeliveryObject::Source => self.sources.get_mut(name).map(|it| &mut it.tags),
            DeliveryObject::Destination => {
                self.destinations.get_mut(name).map(|it| &mut it.shown.tags)
            }
            DeliveryObject::Delivery => self.deliveries.get_mut(name).map(|it| &mut it.tags),
        }
    }

    /// An object as it is kept.
    fn kept(&self, object: DeliveryObject, name: &str) -> Option<String> {
        match object {
            DeliveryObject::Source => self.sources.get(name).map(written),
            DeliveryObject::Destination => self.destinations.get(name).map(written),
            DeliveryObject::Delivery => self.deliveries.get(name).map(written),
        }
    }
}

impl Engine {
    pub(in crate::engine) fn delivery_tags(
        &self,
        object: DeliveryObject,
        name: &str,
    ) -> Result<Tags, Error> {
        let mut objects = self.deliveries.objects();
        objects.tags(object, name).cloned().ok_or_else(|| not_found("resource"))
    }

    pub(in crate::engine) fn change_delivery_tags(
        &self,
        object: DeliveryObject,
        name: &str,
        change: impl FnOnce(&mut Tags) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut objects = self.deliveries.objects();
        let tags = objects.tags(object, name).ok_or_else(|| not_found("resource"))?;
        let mut next = tags.clone();
        change(&mut next)?;
        let before = std::mem::replace(tags, next);
        let kept = objects.kept(object, name);
        let written = self.store.keep_object(object.kind(), name, kept);
        if written.is_err() {
            *objects.tags(object, name).expect("it is locked") = before;
        }
        written
    }
}
