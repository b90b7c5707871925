//! Deliveries: a source paired with a destination.

use std::collections::BTreeMap;

use crate::arn::Arn;
use crate::delivery::{
    ConfigurationTemplate, Delivery, DeliveryDestinationType, DeliverySource, Pairing,
    S3DeliveryConfiguration, SharedDeliveryDestination, check_config, check_id, check_name,
    check_selectors, check_tags, permits,
};
use crate::error::{Error, ErrorKind};
use crate::limits::DELIVERY_SELECTORS_MAX;
use crate::subscription::DeliveryError;

use super::rollover::forwarder;
use super::{
    DELIVERY, DeliveryPage, Engine, check_room, conflict, ends, log_group_of, not_found, page,
    written,
};
use crate::engine::recursion::CIRCLE;

/// Request of [`Engine::create_delivery`].
#[derive(Clone, Debug)]
pub struct CreateDelivery {
    /// A source of this account.
    pub delivery_source_name: String,
    /// A destination of this account or another one.
    pub delivery_destination_arn: String,
    /// At most 128 fields of 1 to 64 characters, in this order; absent or empty: those of the
    /// template.
    pub record_fields: Option<Vec<String>>,
    /// At most 5 characters; for `plain`, `w3c` and `raw`.
    pub field_delimiter: Option<String>,
    /// The paths of objects; for S3.
    pub s3_delivery_configuration: Option<S3DeliveryConfiguration>,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
}

/// Request of [`Engine::update_delivery_configuration`]. What is absent stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateDeliveryConfiguration {
    /// The delivery.
    pub id: String,
    /// As in [`CreateDelivery`].
    pub record_fields: Option<Vec<String>>,
    /// As in [`CreateDelivery`].
    pub field_delimiter: Option<String>,
    /// As in [`CreateDelivery`].
    pub s3_delivery_configuration: Option<S3DeliveryConfiguration>,
}

impl Engine {
    /// Pairs a source with a destination: from now on its records are delivered there. To a
    /// destination of another account only as its policy allows, which is asked again before every
    /// payload.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound for the source or the destination; AccessDenied; Conflict when
    /// the two are a pair already; InvalidParameter when the destination feeds the log group again;
    /// ServiceQuotaExceeded; ServiceUnavailable.
    pub fn create_delivery(&self, request: CreateDelivery) -> Result<Delivery, Error> {
        let source_name = request.delivery_source_name;
        check_name("deliverySourceName", &source_name)?;
        check_tags(&request.tags)?;
        let arn = self.destination_named(&request.delivery_destination_arn)?;
        let source = self.get_delivery_source(&source_name)?;
        let shared = self.destination_of(&arn).ok_or_else(|| not_found("delivery destination"));
        let shared = match shared {
            Ok(shared) => shared,
            // Whether a destination of another account exists is not for everybody to know.
            Err(_) if arn.account() != self.home.account.as_str() => return Err(denied()),
            Err(error) => return Err(error),
        };
        self.check_pairing(&source, &arn, &shared)?;
        let destination = shared.destination;
        let kind = destination.delivery_destination_type;
        let template = self.template_of(&source, kind)?;
        if !template.allowed_output_formats.contains(&destination.output_format) {
            return Err(Error::validation("the log type does not have this output format"));
        }
        let fields = request.record_fields.as_deref();
        let (delimiter, s3) = (request.field_delimiter, request.s3_delivery_configuration);
        let format = destination.output_format;
        check_config(&template, format, fields, delimiter.as_deref(), s3.as_ref())?;
        let defaults = &template.default_delivery_config_values;
        let delimiter =
            delimiter.or(defaults.field_delimiter.clone().filter(|_| format.takes_delimiter()));
        let given = request.record_fields.filter(|fields| !fields.is_empty());
        let id = new_id()?;
        let delivery = Delivery {
            arn: self.delivery_arn("delivery", &id),
            delivery_source_name: source_name,
            delivery_destination_arn: request.delivery_destination_arn,
            delivery_destination_type: kind,
            record_fields: given.unwrap_or_else(|| defaults.record_fields.clone()),
            field_delimiter: delimiter,
            s3_delivery_configuration: s3.or(defaults.s3_delivery_configuration.clone()),
            tags: request.tags,
            id: id.clone(),
        };
        let mut objects = self.deliveries.objects();
        if !objects.sources.contains_key(&delivery.delivery_source_name) {
            return Err(not_found("delivery source"));
        }
        let pair = |it: &Delivery| {
            it.delivery_source_name == delivery.delivery_source_name
                && it.delivery_destination_arn == delivery.delivery_destination_arn
        };
        if objects.deliveries.values().any(pair) {
            return Err(conflict("the source is delivered to this destination already"));
        }
        check_room(objects.deliveries.len())?;
        if let Some(group) = log_group_of(source.resource(), &self.home) {
            let ends = ends(&delivery.delivery_destination_arn, Some(&destination));
            if self.control().comes_back(&group, &ends) {
                return Err(Error::validation(CIRCLE));
            }
        }
        self.store.keep_object(DELIVERY, &id, Some(written(&delivery)))?;
        objects.deliveries.insert(id, delivery.clone());
        self.put_deliveries_in_force(&objects);
        Ok(delivery)
    }

    fn destination_named(&self, text: &str) -> Result<Arn, Error> {
        let arn = Arn::parse("deliveryDestinationArn", text).map_err(Error::into_validation)?;
        let name = arn.resource().strip_prefix("delivery-destination:");
        let name = name.filter(|_| arn.service() == "logs").ok_or_else(|| {
            Error::validation("deliveryDestinationArn names no delivery destination")
        })?;
        check_name("deliveryDestinationArn", name)?;
        // Choice: source and destination are of one Region.
        if arn.region() != self.home.region.as_str() {
            return Err(Error::validation("deliveryDestinationArn is of another Region"));
        }
        Ok(arn)
    }

    /// A destination of this account, or one of another that the directory knows.
    pub(super) fn destination_of(&self, arn: &Arn) -> Option<SharedDeliveryDestination> {
        if arn.account() == self.home.account.as_str() {
            return self.shared_delivery_destination(arn);
        }
        let found = self.directory.delivery_destination(arn)?;
        // What a directory says of another ARN is not heeded.
        (found.destination.arn == arn.as_str()).then_some(found)
    }

    fn check_pairing(
        &self,
        source: &DeliverySource,
        arn: &Arn,
        shared: &SharedDeliveryDestination,
    ) -> Result<(), Error> {
        use DeliveryDestinationType::{Firehose, S3};
        let pairing = Pairing {
            organization: self.directory.organization(&self.home.account),
            home: &self.home,
            source_arn: &source.arn,
            destination_arn: arn.as_str(),
            destination_account: arn.account(),
            now_ms: self.clock.now_ms(),
        };
        if !permits(shared.policy.as_deref(), &pairing) {
            return Err(denied());
        }
        let shareable = matches!(shared.destination.delivery_destination_type, S3 | Firehose);
        if arn.account() != self.home.account.as_str() && !shareable {
            let message = "deliveries to other accounts go to buckets and Firehose streams only";
            return Err(Error::validation(message));
        }
        Ok(())
    }

    /// Whether a delivery is still allowed: asked before every payload.
    pub(in crate::engine) fn permit_delivery(&self, id: &str) -> Result<(), DeliveryError> {
        let found = {
            let objects = self.deliveries.objects();
            let delivery = objects.deliveries.get(id).cloned();
            delivery
                .and_then(|it| Some((objects.sources.get(&it.delivery_source_name)?.clone(), it)))
        };
        let (source, delivery) = found.ok_or(DeliveryError::NotFound)?;
        let arn = Arn::parse("kept ARN", &delivery.delivery_destination_arn);
        let arn = arn.map_err(|_| DeliveryError::NotFound)?;
        let shared = self.destination_of(&arn).ok_or(DeliveryError::AccessDenied)?;
        self.check_pairing(&source, &arn, &shared).map_err(|_| DeliveryError::AccessDenied)
    }

    pub(super) fn template_of(
        &self,
        source: &DeliverySource,
        kind: DeliveryDestinationType,
    ) -> Result<ConfigurationTemplate, Error> {
        let found = self.template(&source.service, &source.log_type, kind);
        found.ok_or_else(|| {
            Error::validation("the log type is not delivered to this type of destination")
        })
    }

    /// Changes how records leave; what is absent stays. Source and destination cannot change.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound; AccessDenied when the destination's policy allows the delivery
    /// no more; ServiceUnavailable.
    pub fn update_delivery_configuration(
        &self,
        request: UpdateDeliveryConfiguration,
    ) -> Result<(), Error> {
        let UpdateDeliveryConfiguration { id, record_fields, field_delimiter, .. } = request;
        let s3 = request.s3_delivery_configuration;
        let before = self.get_delivery(&id)?;
        let source = self.get_delivery_source(&before.delivery_source_name)?;
        let arn = self.destination_named(&before.delivery_destination_arn)?;
        let shared = self.destination_of(&arn).ok_or_else(denied)?;
        self.check_pairing(&source, &arn, &shared)?;
        let template = self.template_of(&source, before.delivery_destination_type)?;
        let format = shared.destination.output_format;
        let fields = record_fields.as_deref();
        check_config(&template, format, fields, field_delimiter.as_deref(), s3.as_ref())?;
        let mut objects = self.deliveries.objects();
        let delivery = objects.deliveries.get_mut(&id).ok_or_else(|| not_found("delivery"))?;
        let mut next = delivery.clone();
        if let Some(fields) = record_fields {
            let defaults = template.default_delivery_config_values.record_fields;
            next.record_fields = if fields.is_empty() { defaults } else { fields };
        }
        next.field_delimiter = field_delimiter.or(next.field_delimiter);
        next.s3_delivery_configuration = s3.or(next.s3_delivery_configuration);
        self.store.keep_object(DELIVERY, &id, Some(written(&next)))?;
        *delivery = next;
        Ok(())
    }

    /// # Errors
    ///
    /// Validation, ResourceNotFound.
    pub fn get_delivery(&self, id: &str) -> Result<Delivery, Error> {
        check_id(id)?;
        let objects = self.deliveries.objects();
        objects.deliveries.get(id).cloned().ok_or_else(|| not_found("delivery"))
    }

    /// The deliveries, a page of 1 to 50 at a time, of these sources or of all.
    ///
    /// # Errors
    ///
    /// Validation.
    pub fn describe_deliveries(
        &self,
        delivery_source_names: Option<&[String]>,
        limit: Option<usize>,
        next_token: Option<&str>,
    ) -> Result<DeliveryPage<Delivery>, Error> {
        let names = delivery_source_names;
        check_selectors("deliverySourceNames", names.map(<[_]>::len), DELIVERY_SELECTORS_MAX)?;
        let given = names.iter().copied().flatten();
        given.clone().try_for_each(|name| check_name("deliverySourceNames", name))?;
        let paging = given.fold(self.paging("DescribeDeliveries"), |it, name| it.with(name));
        let wanted =
            |it: &Delivery| names.is_none_or(|names| names.contains(&it.delivery_source_name));
        let shown = |it: &Delivery| wanted(it).then(|| it.clone());
        page(&self.deliveries.objects().deliveries, &paging, (limit, next_token), shown)
    }

    /// Removes a delivery; source and destination stay. What waits for it is dropped and counted.
    ///
    /// # Errors
    ///
    /// Validation, ResourceNotFound, ServiceUnavailable.
    pub fn delete_delivery(&self, id: &str) -> Result<(), Error> {
        check_id(id)?;
        let mut objects = self.deliveries.objects();
        let Some(removed) = objects.deliveries.remove(id) else {
            return Err(not_found("delivery"));
        };
        self.put_deliveries_in_force(&objects);
        self.store.remove_delivery(DELIVERY, id, forwarder(id, Some(&removed)))
    }
}

fn denied() -> Error {
    let message = "the policy of the delivery destination does not allow logs:CreateDelivery";
    Error::new(ErrorKind::AccessDenied, message)
}

/// 16 letters and digits.
pub(in crate::engine) fn new_id() -> Result<String, Error> {
    let mut noise = [0; 16];
    getrandom::fill(&mut noise).map_err(|_| {
        Error::new(ErrorKind::ServiceUnavailable, "the system gives no random bytes")
    })?;
    let digit = |byte: &u8| char::from(b"0123456789ABCDEFGHIJKLMNOPQRSTUV"[usize::from(byte % 32)]);
    Ok(noise.iter().map(digit).collect())
}
