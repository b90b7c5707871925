//! Configuration templates: ours for log groups, the host's for its producers.

use std::sync::PoisonError;

use crate::delivery::{
    ConfigurationTemplate, DeliveryDestinationType, check_log_type, check_selectors,
};
use crate::error::Error;
use crate::limits::{TEMPLATE_DESTINATION_TYPES_MAX, TEMPLATE_SELECTORS_MAX};

use super::{DeliveryPage, Engine, not_found};
use crate::engine::describe_limit;

/// Request of [`Engine::describe_configuration_templates`]. What is absent selects everything.
#[derive(Clone, Debug, Default)]
pub struct DescribeConfigurationTemplates {
    /// 1 to 255 letters, digits, `_` and `-`.
    pub service: Option<String>,
    /// 1 to 10.
    pub log_types: Option<Vec<String>>,
    /// 1 to 10.
    pub resource_types: Option<Vec<String>>,
    /// 1 to 4.
    pub delivery_destination_types: Option<Vec<DeliveryDestinationType>>,
    /// 1 to 50.
    pub limit: Option<usize>,
    /// From the page before.
    pub next_token: Option<String>,
}

impl Engine {
    /// Names a producer of the host: its resources may be delivery sources from now on, and its
    /// records are given to [`Engine::put_vended_records`]. It is not kept: a host names its
    /// producers whenever it has opened the engine. A template of the same service, log type and
    /// destination type is replaced, but for those of log groups.
    ///
    /// # Errors
    ///
    /// Validation for a service or log type that cannot be, or for `logs`; or for a template
    /// without output format or default fields that it allows.
    pub fn name_producer(&self, template: ConfigurationTemplate) -> Result<(), Error> {
        check_log_type("service", &template.service, true)?;
        check_log_type("logType", &template.log_type, false)?;
        check_log_type("resourceType", &template.resource_type, true)?;
        if template.service == "logs" {
            return Err(Error::validation("service is logs, whose templates are the engine's"));
        }
        let allowed = |name: &String| template.allowed_fields.iter().any(|it| it.name == *name);
        let fields = &template.default_delivery_config_values.record_fields;
        if template.allowed_output_formats.is_empty() || !fields.iter().all(allowed) {
            return Err(Error::validation("the template allows no format, or not its own fields"));
        }
        let mut all = self.deliveries.templates.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| place(it) != place(&template));
        all.push(template);
        all.sort_by(|a, b| place(a).cmp(&place(b)));
        Ok(())
    }

    /// The templates: what deliveries of each log type may be told.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound when a service is asked for that has none.
    pub fn describe_configuration_templates(
        &self,
        request: &DescribeConfigurationTemplates,
    ) -> Result<DeliveryPage<ConfigurationTemplate>, Error> {
        let DescribeConfigurationTemplates { service, log_types, resource_types, .. } = request;
        let kinds = &request.delivery_destination_types;
        let limit = describe_limit(request.limit).map_err(Error::into_validation)?;
        if let Some(service) = service {
            check_log_type("service", service, true)?;
        }
        for (name, given, dash) in
            [("logTypes", log_types, false), ("resourceTypes", resource_types, true)]
        {
            check_selectors(name, given.as_ref().map(Vec::len), TEMPLATE_SELECTORS_MAX)?;
            given.iter().flatten().try_for_each(|it| check_log_type(name, it, dash))?;
        }
        let count = kinds.as_ref().map(Vec::len);
        check_selectors("deliveryDestinationTypes", count, TEMPLATE_DESTINATION_TYPES_MAX)?;
        let paging = self.paging("DescribeConfigurationTemplates");
        let lists = [service.iter().collect::<Vec<_>>(), log_types.iter().flatten().collect()];
        let paging = lists.iter().flatten().fold(paging, |it, text| it.with(text));
        let paging =
            resource_types.iter().flatten().fold(paging.with("/"), |it, text| it.with(text));
        let paging =
            kinds.iter().flatten().fold(paging.with("/"), |it, kind| it.with(kind.as_str()));
        let skip = request.next_token.as_deref().map(|token| {
            paging.parse_name(token, |place| {
                place.parse::<usize>().map_err(|_| Error::validation("nextToken is none"))
            })
        });
        let skip = skip.transpose().map_err(Error::into_validation)?.unwrap_or(0);
        let all = self.deliveries.templates.read().unwrap_or_else(PoisonError::into_inner);
        if service.as_ref().is_some_and(|service| all.iter().all(|it| it.service != *service)) {
            return Err(not_found("service"));
        }
        let within = |list: &Option<Vec<String>>, text: &String| {
            list.as_ref().is_none_or(|list| list.contains(text))
        };
        let mut found = all
            .iter()
            .filter(|it| service.as_ref().is_none_or(|service| it.service == *service))
            .filter(|it| within(log_types, &it.log_type))
            .filter(|it| within(resource_types, &it.resource_type))
            .filter(|it| {
                kinds.as_ref().is_none_or(|kinds| kinds.contains(&it.delivery_destination_type))
            })
            .skip(skip);
        let items: Vec<_> = found.by_ref().take(limit).cloned().collect();
        let next = found.next().map(|_| paging.print((skip + items.len()).to_string().as_bytes()));
        Ok(DeliveryPage { items, next_token: next.transpose()? })
    }

    pub(super) fn has_template(&self, service: &str, log_type: &str) -> bool {
        let all = self.deliveries.templates.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|it| it.service == service && it.log_type == log_type)
    }

    pub(super) fn template(
        &self,
        service: &str,
        log_type: &str,
        kind: DeliveryDestinationType,
    ) -> Option<ConfigurationTemplate> {
        let all = self.deliveries.templates.read().unwrap_or_else(PoisonError::into_inner);
        let wanted = (service, log_type, kind);
        all.iter().find(|it| place(it) == wanted).cloned()
    }
}

/// What tells templates apart.
fn place(it: &ConfigurationTemplate) -> (&str, &str, DeliveryDestinationType) {
    (&it.service, &it.log_type, it.delivery_destination_type)
}
