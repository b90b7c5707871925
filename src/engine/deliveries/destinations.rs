//! Delivery destinations and their policies.

use std::collections::BTreeMap;

use crate::arn::Arn;
use crate::delivery::{
    DeliveryDestination, DeliveryDestinationType, OutputFormat, SharedDeliveryDestination,
    StoredDestination, check_name, check_policy, check_tags,
};
use crate::error::Error;

use super::{
    DESTINATION, DeliveryPage, Engine, check_room, conflict, log_group_of, not_found, page, written,
};
use crate::engine::recursion::CIRCLE;

/// Request of [`Engine::put_delivery_destination`].
#[derive(Clone, Debug)]
pub struct PutDeliveryDestination {
    /// 1 to 60 letters, digits, `_` and `-`.
    pub name: String,
    /// How records are written; JSON unless it is set.
    pub output_format: Option<OutputFormat>,
    /// The bucket (with a prefix, if any), log group or Firehose stream; absent for X-Ray.
    pub destination_resource_arn: Option<String>,
    /// For X-Ray; for the others it follows from the ARN.
    pub delivery_destination_type: Option<DeliveryDestinationType>,
    /// For X-Ray only.
    pub role_arn: Option<String>,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
}

impl Engine {
    /// Makes a delivery destination, or gives an existing one all parameters anew.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound when the resource does not exist; Conflict when an existing one
    /// would get another output format or type; InvalidParameter when what its deliveries bring
    /// there would come back to them; ServiceQuotaExceeded; ServiceUnavailable.
    pub fn put_delivery_destination(
        &self,
        request: PutDeliveryDestination,
    ) -> Result<DeliveryDestination, Error> {
        check_name("name", &request.name)?;
        let kind = self.check_resource(&request)?;
        let name = request.name;
        // Choice: the default is not published; JSON is what every type of destination takes.
        let output_format = request.output_format.unwrap_or(OutputFormat::Json);
        self.check_format(kind, output_format)?;
        let mut objects = self.deliveries.objects();
        let before = objects.destinations.get(&name);
        match before {
            Some(StoredDestination { shown, .. }) => {
                let (was, is) = (shown.output_format, output_format);
                if was != is || shown.delivery_destination_type != kind {
                    return Err(conflict("output format and type of a destination cannot change"));
                }
            }
            None => check_room(objects.destinations.len())?,
        }
        let policy = before.and_then(|before| before.policy.clone());
        // Choice: an update keeps tags that it does not name, as for logical destinations: tools
        // name tags when they make something.
        let mut tags = before.map(|before| before.shown.tags.clone()).unwrap_or_default();
        tags.extend(request.tags);
        check_tags(&tags)?;
        let shown = DeliveryDestination {
            arn: self.delivery_arn("delivery-destination", &name),
            delivery_destination_type: kind,
            output_format,
            destination_resource_arn: request.destination_resource_arn,
            role_arn: request.role_arn,
            tags,
            name: name.clone(),
        };
        if self.control().goes_round(objects.leads(&self.home, Some(&shown))) {
            return Err(Error::validation(CIRCLE));
        }
        let stored = StoredDestination { shown: shown.clone(), policy };
        self.store.keep_object(DESTINATION, &name, Some(written(&stored)))?;
        objects.destinations.insert(name, stored);
        self.put_deliveries_in_force(&objects);
        Ok(shown)
    }

    fn check_resource(
        &self,
        request: &PutDeliveryDestination,
    ) -> Result<DeliveryDestinationType, Error> {
        use DeliveryDestinationType::{LogGroup, XRay};
        let given = request.delivery_destination_type;
        if let Some(role) = &request.role_arn {
            Arn::parse("roleArn", role).map_err(Error::into_validation)?;
            if given != Some(XRay) {
                return Err(Error::validation("roleArn is for X-Ray only"));
            }
        }
        let Some(text) = &request.destination_resource_arn else {
            return match given {
                Some(XRay) => Ok(XRay),
                _ => Err(Error::validation("destinationResourceArn is missing")),
            };
        };
        let arn = Arn::parse("destinationResourceArn", text).map_err(Error::into_validation)?;
        let kind = DeliveryDestinationType::of(&arn)?;
        if given.is_some_and(|given| given != kind) {
            return Err(Error::validation("deliveryDestinationType is not that of the ARN"));
        }
        let here = arn.account() == self.home.account.as_str()
            && arn.region() == self.home.region.as_str();
        if kind != DeliveryDestinationType::S3 && !here {
            let message = "destinationResourceArn is of another account or Region";
            return Err(Error::validation(message));
        }
        let known = match log_group_of(text, &self.home) {
            Some(group) if kind == LogGroup => self.live(&group).is_ok(),
            _ => {
                let bucket = text.split_once('/').map_or(text.as_str(), |(bucket, _)| bucket);
                let s3 = kind == DeliveryDestinationType::S3;
                let asked = if s3 { Arn::parse("bucket", bucket)? } else { arn };
                self.directory.exists(&asked)
            }
        };
        known.then_some(kind).ok_or_else(|| not_found("destination resource"))
    }

    fn check_format(
        &self,
        kind: DeliveryDestinationType,
        format: OutputFormat,
    ) -> Result<(), Error> {
        if format == OutputFormat::Parquet {
            if kind != DeliveryDestinationType::S3 {
                return Err(Error::validation("the output format parquet is for buckets only"));
            }
            if self.deliveries.parquet.get().is_none() {
                return Err(Error::validation("this host has no encoder for parquet"));
            }
        }
        if format == OutputFormat::W3c && kind != DeliveryDestinationType::S3 {
            return Err(Error::validation("the output format w3c is for buckets only"));
        }
        Ok(())
    }

    /// # Errors
    ///
    /// Validation, ResourceNotFound.
    pub fn get_delivery_destination(&self, name: &str) -> Result<DeliveryDestination, Error> {
        self.stored_destination(name).map(|stored| stored.shown)
    }

    fn stored_destination(&self, name: &str) -> Result<StoredDestination, Error> {
        check_name("name", name)?;
        let objects = self.deliveries.objects();
        let found = objects.destinations.get(name).cloned();
        found.ok_or_else(|| not_found("delivery destination"))
    }

    /// The delivery destinations, a page of 1 to 50 at a time.
    ///
    /// # Errors
    ///
    /// Validation.
    pub fn describe_delivery_destinations(
        &self,
        limit: Option<usize>,
        next_token: Option<&str>,
    ) -> Result<DeliveryPage<DeliveryDestination>, Error> {
        let paging = self.paging("DescribeDeliveryDestinations");
        let shown = |stored: &StoredDestination| Some(stored.shown.clone());
        page(&self.deliveries.objects().destinations, &paging, (limit, next_token), shown)
    }

    /// Removes a delivery destination and its policy. Deliveries of other accounts to it stop.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound; Conflict while it has deliveries of this account;
    /// ServiceUnavailable.
    pub fn delete_delivery_destination(&self, name: &str) -> Result<(), Error> {
        let shown = self.stored_destination(name)?.shown;
        let mut objects = self.deliveries.objects();
        if objects.deliveries.values().any(|it| it.delivery_destination_arn == shown.arn) {
            return Err(conflict("the delivery destination has deliveries; delete them first"));
        }
        self.store.keep_object(DESTINATION, name, None)?;
        objects.destinations.remove(name);
        Ok(())
    }

    /// Puts a policy on a delivery destination, in place of the one before; it says who of other
    /// accounts may deliver there. Returns the document.
    ///
    /// # Errors
    ///
    /// Validation for a document of more than 51,200 characters, one that is no resource policy
    /// that is evaluated here, that allows nothing on this destination, or for a destination that
    /// is neither bucket nor Firehose stream; ResourceNotFound; ServiceUnavailable.
    pub fn put_delivery_destination_policy(
        &self,
        delivery_destination_name: &str,
        delivery_destination_policy: &str,
    ) -> Result<String, Error> {
        let name = delivery_destination_name;
        let before = self.stored_destination(name)?;
        let DeliveryDestination { arn, delivery_destination_type: kind, .. } = &before.shown;
        check_policy(delivery_destination_policy, arn, *kind, self.deliveries.strict)?;
        self.keep_policy(name, Some(delivery_destination_policy.to_owned()))?;
        Ok(delivery_destination_policy.to_owned())
    }

    fn keep_policy(&self, name: &str, policy: Option<String>) -> Result<(), Error> {
        let mut objects = self.deliveries.objects();
        let Some(stored) = objects.destinations.get_mut(name) else {
            return Err(not_found("delivery destination"));
        };
        let next = StoredDestination { policy, ..stored.clone() };
        self.store.keep_object(DESTINATION, name, Some(written(&next)))?;
        *stored = next;
        Ok(())
    }

    /// The policy of a delivery destination.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound for the destination, or when it has none.
    pub fn get_delivery_destination_policy(&self, name: &str) -> Result<String, Error> {
        let policy = self.stored_destination(name)?.policy;
        policy.ok_or_else(|| not_found("delivery destination policy"))
    }

    /// Removes the policy of a delivery destination: what other accounts deliver there stops before
    /// the next payload.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound for the destination, or when it has none; ServiceUnavailable.
    pub fn delete_delivery_destination_policy(&self, name: &str) -> Result<(), Error> {
        self.get_delivery_destination_policy(name)?;
        self.keep_policy(name, None)
    }

    /// A delivery destination of this engine by ARN, with its policy: what a host's
    /// [`Directory`](crate::Directory) answers engines of other accounts with.
    pub fn shared_delivery_destination(&self, arn: &Arn) -> Option<SharedDeliveryDestination> {
        let name = arn.resource().strip_prefix("delivery-destination:")?;
        let objects = self.deliveries.objects();
        let found = objects.destinations.get(name).filter(|it| it.shown.arn == arn.as_str())?;
        let StoredDestination { shown: destination, policy } = found.clone();
        Some(SharedDeliveryDestination { destination, policy })
    }
}
