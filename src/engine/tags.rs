//! Tags of log groups, logical destinations and delivery objects.

use crate::arn::{Arn, DestinationName, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::limits::{TAGGED_ARN_CHARS_MAX, TAGS_MAX};
use crate::tags::{self, Tags};

use super::Engine;
use super::deliveries::DeliveryObject;

/// What has tags.
enum Tagged {
    LogGroup(LogGroupName),
    Destination(DestinationName),
    Delivery(DeliveryObject, String),
}

impl Engine {
    /// Adds tags to a resource, or gives them other values. The resource is a log group, a logical
    /// destination, a delivery source, a delivery destination or a delivery of this account.
    ///
    /// # Errors
    ///
    /// InvalidParameter for tags that cannot be, or an ARN of something else; TooManyTags for more
    /// than 50; ResourceNotFound.
    pub fn tag_resource(&self, resource_arn: &str, new: Tags) -> Result<(), Error> {
        tags::check(&new)?;
        self.change_tags(&self.tagged(resource_arn)?, move |tags| {
            tags.extend(new);
            if tags.len() > TAGS_MAX {
                let message = format!("the resource would have more than {TAGS_MAX} tags");
                return Err(Error::new(ErrorKind::TooManyTags, message));
            }
            Ok(())
        })
    }

    /// Removes tags of those keys from a resource, as in [`Engine::tag_resource`].
    ///
    /// # Errors
    ///
    /// InvalidParameter for an ARN of something else; ResourceNotFound.
    pub fn untag_resource(&self, resource_arn: &str, tag_keys: &[String]) -> Result<(), Error> {
        self.change_tags(&self.tagged(resource_arn)?, removing(tag_keys))
    }

    /// The tags of a resource, as in [`Engine::tag_resource`].
    ///
    /// # Errors
    ///
    /// InvalidParameter for an ARN of something else; ResourceNotFound.
    pub fn list_tags_for_resource(&self, resource_arn: &str) -> Result<Tags, Error> {
        match self.tagged(resource_arn)? {
            Tagged::LogGroup(name) => self.list_tags_log_group(&name),
            Tagged::Destination(name) => self.destination_tags(&name),
            Tagged::Delivery(object, name) => self.delivery_tags(object, &name),
        }
    }

    /// The tags of a log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub fn list_tags_log_group(&self, name: &LogGroupName) -> Result<Tags, Error> {
        self.store.with_group(name, |group| group.about.tags.clone())
    }

    /// Adds tags to a log group, or gives them other values.
    ///
    /// # Errors
    ///
    /// InvalidParameter for tags that cannot be, or more than 50; ResourceNotFound.
    pub fn tag_log_group(&self, name: &LogGroupName, new: Tags) -> Result<(), Error> {
        self.change_tags(&Tagged::LogGroup(name.clone()), move |tags| {
            tags.extend(new);
            tags::check(tags)
        })
    }

    /// Removes tags of those keys from a log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub fn untag_log_group(&self, name: &LogGroupName, keys: &[String]) -> Result<(), Error> {
        self.change_tags(&Tagged::LogGroup(name.clone()), removing(keys))
    }

    /// # Errors
    ///
    /// InvalidParameter; ResourceNotFound for another account or Region.
    fn tagged(&self, resource_arn: &str) -> Result<Tagged, Error> {
        let len = resource_arn.len();
        if len > TAGGED_ARN_CHARS_MAX {
            let max = TAGGED_ARN_CHARS_MAX;
            return Err(Error::too_long("resourceArn", len, max, "characters"));
        }
        let arn = Arn::parse("resourceArn", resource_arn)?;
        let named = arn.resource().split_once(':').filter(|_| arn.service() == "logs");
        let (kind, name) = named.unwrap_or_default();
        let tagged = match kind {
            "log-group" => Tagged::LogGroup(self.log_group_named(resource_arn)?),
            "destination" => Tagged::Destination(DestinationName::new(name)?),
            _ => match DeliveryObject::of_kind(kind) {
                Some(object) => Tagged::Delivery(object, name.to_owned()),
                None => return Err(Error::invalid("resourceArn names nothing that has tags")),
            },
        };
        let ours = match &tagged {
            Tagged::LogGroup(_) => return Ok(tagged),
            Tagged::Destination(name) => self.home.destination_arn(name),
            Tagged::Delivery(object, name) => self.delivery_arn(object.kind(), name),
        };
        if ours == resource_arn { Ok(tagged) } else { Err(no_resource()) }
    }

    fn change_tags(
        &self,
        tagged: &Tagged,
        change: impl FnOnce(&mut Tags) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        match tagged {
            Tagged::LogGroup(name) => {
                self.store.change_group(name, move |group| change(&mut group.tags))
            }
            Tagged::Destination(name) => self.change_destination_tags(name, change),
            Tagged::Delivery(object, name) => self.change_delivery_tags(*object, name, change),
        }
    }
}

fn removing(keys: &[String]) -> impl FnOnce(&mut Tags) -> Result<(), Error> + Send + 'static {
    let keys = keys.to_vec();
    move |tags| {
        tags.retain(|key, _| !keys.contains(key));
        Ok(())
    }
}

fn no_resource() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "The specified resource does not exist.")
}
