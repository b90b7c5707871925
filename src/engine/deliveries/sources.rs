//! Delivery sources.

use std::collections::BTreeMap;

use crate::arn::Arn;
use crate::delivery::{DeliverySource, check_log_type, check_name, check_selectors, check_tags};
use crate::error::Error;
use crate::limits::{DELIVERY_SELECTORS_MAX, LOG_TYPE_CHARS_MAX};

use super::{
    DeliveryPage, Engine, SOURCE, check_room, conflict, log_group_of, not_found, page, written,
};

/// Request of [`Engine::put_delivery_source`].
#[derive(Clone, Debug)]
pub struct PutDeliverySource {
    /// 1 to 60 letters, digits, `_` and `-`.
    pub name: String,
    /// The resource that sends the records: a log group of this account and Region, or a resource
    /// of a producer that the host names.
    pub resource_arn: String,
    /// Which logs of it: 1 to 255 letters, digits and `_`.
    pub log_type: String,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
    /// What else the service may be told; keys and values of 1 to 255 characters.
    pub delivery_source_configuration: BTreeMap<String, String>,
}

/// Log types whose resource is named with a wildcard.
const WILDCARD_TYPES: [&str; 2] = ["SECURITY_FINDING_LOGS", "INSIGHTS_QUERY_LOGS"];

impl Engine {
    /// Makes a delivery source, or gives an existing one all parameters anew.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound when the log group does not exist; Conflict when another source
    /// has the same resource and log type, or one with deliveries would get another resource or
    /// log type; ServiceQuotaExceeded; ServiceUnavailable.
    pub fn put_delivery_source(&self, request: PutDeliverySource) -> Result<DeliverySource, Error> {
        let PutDeliverySource { name, resource_arn, log_type, tags, .. } = request;
        let configuration = request.delivery_source_configuration;
        check_name("name", &name)?;
        check_log_type("logType", &log_type, false)?;
        let fits = |text: &String| (1..=LOG_TYPE_CHARS_MAX).contains(&text.chars().count());
        if !configuration.iter().all(|(key, value)| fits(key) && fits(value)) {
            let message = "deliverySourceConfiguration has keys and values of 1 to 255 characters";
            return Err(Error::validation(message));
        }
        let service = self.check_source(&resource_arn, &log_type)?;
        let mut source = DeliverySource {
            arn: self.delivery_arn("delivery-source", &name),
            resource_arns: vec![resource_arn],
            service,
            log_type,
            tags,
            delivery_source_configuration: configuration,
            name: name.clone(),
        };
        let mut objects = self.deliveries.objects();
        // An update keeps tags that it does not name, as for delivery destinations.
        let before = objects.sources.get(&name).map(|before| before.tags.clone());
        source.tags = before.unwrap_or_default().into_iter().chain(source.tags).collect();
        check_tags(&source.tags)?;
        let same = |a: &DeliverySource, b: &DeliverySource| {
            (&a.resource_arns, &a.log_type) == (&b.resource_arns, &b.log_type)
        };
        // Choice: one resource and log type is one source, so that nothing is delivered twice.
        if objects.sources.values().any(|it| it.name != name && same(it, &source)) {
            return Err(conflict("another source has this resource and log type"));
        }
        let used = objects.deliveries.values().any(|it| it.delivery_source_name == name);
        match objects.sources.get(&name) {
            Some(before) if used && !same(before, &source) => {
                return Err(conflict("the source has deliveries; its resource cannot change"));
            }
            Some(_) => {}
            None => check_room(objects.sources.len())?,
        }
        self.store.keep_object(SOURCE, &name, Some(written(&source)))?;
        objects.sources.insert(name, source.clone());
        Ok(source)
    }

    /// The service of a resource that may be a source.
    fn check_source(&self, resource_arn: &str, log_type: &str) -> Result<String, Error> {
        let arn = Arn::parse("resourceArn", resource_arn).map_err(Error::into_validation)?;
        let wildcard = arn.resource().contains('*');
        let of_group = arn.resource().strip_suffix(":*").is_some_and(|it| !it.contains('*'));
        let wants_wildcard = WILDCARD_TYPES.contains(&log_type);
        if wildcard != wants_wildcard && !(wildcard && of_group && arn.service() == "logs") {
            return Err(Error::validation(
                "resourceArn has a wildcard where its log type has none",
            ));
        }
        if arn.region() != self.home.region.as_str() && !arn.region().is_empty() {
            return Err(Error::validation("resourceArn is of another Region"));
        }
        if arn.account() != self.home.account.as_str() && !arn.account().is_empty() {
            return Err(Error::validation("resourceArn is of another account"));
        }
        if !self.has_template(arn.service(), log_type) {
            return Err(Error::validation("logType is none of the resource's service"));
        }
        if arn.service() == "logs" && !wants_wildcard {
            let group = log_group_of(resource_arn, &self.home);
            let group = group.ok_or_else(|| Error::validation("resourceArn names no log group"))?;
            self.live(&group)?;
        }
        Ok(arn.service().to_owned())
    }

    /// # Errors
    ///
    /// Validation, ResourceNotFound.
    pub fn get_delivery_source(&self, name: &str) -> Result<DeliverySource, Error> {
        check_name("name", name)?;
        let objects = self.deliveries.objects();
        objects.sources.get(name).cloned().ok_or_else(|| not_found("delivery source"))
    }

    /// Whether the log group of a source is there still; `None` for other resources, of which the
    /// engine does not know.
    pub fn is_delivery_source_active(&self, source: &DeliverySource) -> Option<bool> {
        let group = log_group_of(source.resource(), &self.home)?;
        Some(self.live(&group).is_ok())
    }

    /// The delivery sources, a page of 1 to 50 at a time, of these resources or of all.
    ///
    /// # Errors
    ///
    /// Validation.
    pub fn describe_delivery_sources(
        &self,
        resource_arns: Option<&[String]>,
        limit: Option<usize>,
        next_token: Option<&str>,
    ) -> Result<DeliveryPage<DeliverySource>, Error> {
        let count = resource_arns.map(<[_]>::len);
        check_selectors("resourceArns", count, DELIVERY_SELECTORS_MAX)?;
        let paging = self.paging("DescribeDeliverySources");
        let paging = resource_arns.iter().copied().flatten().fold(paging, |it, arn| it.with(arn));
        let wanted = |source: &DeliverySource| {
            resource_arns.is_none_or(|arns| arns.iter().any(|arn| arn == source.resource()))
        };
        let shown = |source: &DeliverySource| wanted(source).then(|| source.clone());
        page(&self.deliveries.objects().sources, &paging, (limit, next_token), shown)
    }

    /// Removes a delivery source.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound; Conflict while it has deliveries; ServiceUnavailable.
    pub fn delete_delivery_source(&self, name: &str) -> Result<(), Error> {
        check_name("name", name)?;
        let mut objects = self.deliveries.objects();
        if !objects.sources.contains_key(name) {
            return Err(not_found("delivery source"));
        }
        if objects.deliveries.values().any(|it| it.delivery_source_name == name) {
            return Err(conflict("the delivery source has deliveries; delete them first"));
        }
        self.store.keep_object(SOURCE, name, None)?;
        objects.sources.remove(name);
        Ok(())
    }
}
