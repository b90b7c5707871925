//! Vended-log deliveries: their objects, and what they deliver.

mod destinations;
mod inward;
mod pairs;
mod producers;
mod rollover;
mod sources;
mod tags;
mod templates;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arn::{Arn, Home, LogGroupName};
use crate::delivery::{
    ConfigurationTemplate, Delivery, DeliveryDestination, DeliverySource, ParquetEncoder,
    StoredDestination, log_group_templates,
};
use crate::error::{Error, ErrorKind};
use crate::limits::DELIVERY_OBJECTS_MAX;
use crate::masker::Masker;
use crate::policy::Distribution;
use crate::store::{Outgoing, Owner, Retry, Route};
use crate::token::Paging;

use super::recursion::Leads;
use super::{Engine, describe_limit};

pub use destinations::PutDeliveryDestination;
pub(super) use inward::Inward;
pub(super) use pairs::new_id;
pub use pairs::{CreateDelivery, UpdateDeliveryConfiguration};
pub(super) use rollover::RollOver;
pub use sources::PutDeliverySource;
pub(super) use tags::DeliveryObject;
pub use templates::DescribeConfigurationTemplates;

/// Kinds under which the objects are kept.
const SOURCE: &str = "delivery-source";
const DESTINATION: &str = "delivery-destination";
const DELIVERY: &str = "delivery";

/// One page of a `Describe…` of delivery objects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeliveryPage<T> {
    /// In the order of names or ids.
    pub items: Vec<T>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// All delivery objects, and what follows from them. Locked before `control` and the store.
pub(super) struct Deliveries {
    objects: Mutex<Objects>,
    /// For ingestion: where the events of each log group go.
    routes: RwLock<HashMap<LogGroupName, Arc<[Arc<Route>]>>>,
    templates: RwLock<Vec<ConfigurationTemplate>>,
    parquet: OnceLock<ParquetEncoder>,
    /// Masks the records of producers, under the account's policy of that document.
    masker: Mutex<Option<(String, Arc<Masker>)>>,
    /// Held while something is rolled over, so that records stay in order.
    rolling: Mutex<()>,
    /// When what could not be rolled over is tried again, by delivery.
    retries: Mutex<HashMap<String, Retry>>,
    /// Whether a policy needs the two statements.
    strict: bool,
}

#[derive(Default)]
struct Objects {
    sources: BTreeMap<String, DeliverySource>,
    destinations: BTreeMap<String, StoredDestination>,
    deliveries: BTreeMap<String, Delivery>,
}

impl Deliveries {
    /// The objects that were kept.
    ///
    /// # Errors
    ///
    /// InvalidOperation when one is not understood.
    pub(super) fn open(
        kept: Vec<(String, String, String)>,
        strict: bool,
        home: &Home,
    ) -> Result<Self, Error> {
        let mut objects = Objects::default();
        for (kind, name, value) in kept {
            match kind.as_str() {
                SOURCE => _ = objects.sources.insert(name, read(&value)?),
                DESTINATION => _ = objects.destinations.insert(name, read(&value)?),
                DELIVERY => _ = objects.deliveries.insert(name, read(&value)?),
                _ => {}
            }
        }
        let routes = objects.routes(home);
        Ok(Self {
            objects: objects.into(),
            routes: routes.into(),
            templates: log_group_templates().into(),
            parquet: OnceLock::new(),
            masker: Mutex::default(),
            rolling: Mutex::default(),
            retries: Mutex::default(),
            strict,
        })
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the events of a log group go.
    pub(super) fn routes_of(&self, group: &LogGroupName) -> Option<Arc<[Arc<Route>]>> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.get(group).cloned()
    }

    /// For every event of so many, where it goes.
    pub(super) fn outgoing(&self, group: &LogGroupName, events: usize) -> Vec<Outgoing> {
        let to = |route: &Arc<Route>| Outgoing {
            route: Arc::clone(route),
            indexes: (0..events).collect(),
            judged: Vec::new(),
        };
        let routes = self.routes_of(group);
        routes.iter().flat_map(|it| it.iter()).map(to).collect()
    }

    /// What the deliveries of each log group lead to.
    pub(super) fn leads(&self, home: &Home) -> Leads {
        self.objects().leads(home, None)
    }
}

impl Objects {
    /// What the deliveries of each log group lead to, with one destination as it would be.
    fn leads(&self, home: &Home, changed: Option<&DeliveryDestination>) -> Leads {
        let mut leads = Leads::new();
        for delivery in self.deliveries.values() {
            let source = self.sources.get(&delivery.delivery_source_name);
            let group = source.and_then(|source| log_group_of(source.resource(), home));
            let arn = &delivery.delivery_destination_arn;
            let kept = self.destinations.values().map(|it| &it.shown);
            let destination = changed.into_iter().chain(kept).find(|it| it.arn == *arn);
            if let Some(group) = group {
                leads.entry(group).or_default().extend(ends(arn, destination));
            }
        }
        leads
    }

    fn routes(&self, home: &Home) -> HashMap<LogGroupName, Arc<[Arc<Route>]>> {
        let mut routes: HashMap<LogGroupName, Vec<Arc<Route>>> = HashMap::new();
        for delivery in self.deliveries.values() {
            let source = self.sources.get(&delivery.delivery_source_name);
            let group = source.and_then(|source| log_group_of(source.resource(), home));
            if let Some(group) = group {
                routes.entry(group).or_default().extend(route(delivery).map(Arc::new));
            }
        }
        routes.into_iter().map(|(group, routes)| (group, routes.into())).collect()
    }
}

/// The route on which what belongs to a delivery is staged.
fn route(delivery: &Delivery) -> Option<Route> {
    let destination_arn = Arn::parse("kept ARN", &delivery.delivery_destination_arn).ok()?;
    Some(Route {
        owner: Owner::Delivery(delivery.id.clone()),
        destination_arn,
        distribution: Distribution::default(),
        extracted_by: None,
        system_fields: Vec::new(),
    })
}

/// What a delivery leads to: the delivery destination, for hosts that know what one of another
/// account feeds, and what is behind it.
fn ends(arn: &str, destination: Option<&DeliveryDestination>) -> Vec<Arn> {
    let resource = destination.and_then(|it| it.destination_resource_arn.as_deref());
    let ends = [Some(arn), resource];
    ends.into_iter().flatten().filter_map(|arn| Arn::parse("kept ARN", arn).ok()).collect()
}

/// The log group of this account and Region that an ARN names, with or without `:*`.
fn log_group_of(arn: &str, home: &Home) -> Option<LogGroupName> {
    let arn = Arn::parse("resourceArn", arn).ok()?;
    let name = arn.resource().strip_prefix("log-group:").filter(|_| arn.service() == "logs")?;
    let name = LogGroupName::new(name.strip_suffix(":*").unwrap_or(name)).ok()?;
    let ours = home.log_group_arn(&name);
    (arn.as_str().strip_suffix(":*").unwrap_or(arn.as_str()) == ours).then_some(name)
}

fn read<T: DeserializeOwned>(value: &str) -> Result<T, Error> {
    serde_json::from_str(value).map_err(|_| {
        let message = "a delivery object that is kept is not understood by this version of logveil";
        Error::new(ErrorKind::InvalidOperation, message)
    })
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("delivery objects are plain JSON")
}

fn not_found(what: &str) -> Error {
    Error::new(ErrorKind::ResourceNotFound, format!("The specified {what} does not exist."))
}

fn conflict(message: &str) -> Error {
    Error::new(ErrorKind::Conflict, message)
}

/// # Errors
///
/// ServiceQuotaExceeded when one more would be too many.
fn check_room(count: usize) -> Result<(), Error> {
    if count < DELIVERY_OBJECTS_MAX {
        return Ok(());
    }
    let message = format!("there are {DELIVERY_OBJECTS_MAX} of them already");
    Err(Error::new(ErrorKind::ServiceQuotaExceeded, message))
}

/// A page of a sorted map.
fn page<T, S>(
    all: &BTreeMap<String, T>,
    paging: &Paging<'_>,
    (limit, token): (Option<usize>, Option<&str>),
    shown: impl Fn(&T) -> Option<S>,
) -> Result<DeliveryPage<S>, Error> {
    let limit = describe_limit(limit).map_err(Error::into_validation)?;
    let after = token.map(|token| paging.parse_name(token, |name| Ok(name.to_owned())));
    let after = after.transpose().map_err(Error::into_validation)?;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut found = all.range::<String, _>((start, Bound::Unbounded));
    let mut found = std::iter::from_fn(|| found.find_map(|(name, it)| Some((name, shown(it)?))));
    let taken: Vec<_> = found.by_ref().take(limit).collect();
    let last = taken.last().map(|(name, _)| name.as_bytes().to_vec());
    let more = found.next().is_some();
    let next_token = last.filter(|_| more).map(|last| paging.print(&last)).transpose()?;
    Ok(DeliveryPage { items: taken.into_iter().map(|(_, it)| it).collect(), next_token })
}

impl Engine {
    /// Gives the encoder for destinations of the output format `parquet`; the first stays.
    pub fn encode_parquet_with(&self, encoder: ParquetEncoder) {
        drop(self.deliveries.parquet.set(encoder));
    }

    /// Puts in force what the deliveries say: where events go, and which ways they take.
    fn put_deliveries_in_force(&self, objects: &Objects) {
        let routes = objects.routes(&self.home);
        *self.deliveries.routes.write().unwrap_or_else(PoisonError::into_inner) = routes;
        let leads = objects.leads(&self.home, None);
        let mut control = self.control();
        if control.deliveries != leads {
            control.deliveries = leads;
            control.subscribe_all();
        }
    }

    fn paging(&self, operation: &str) -> Paging<'_> {
        self.tokens.of(operation, self.clock.now_ms())
    }

    pub(super) fn delivery_arn(&self, kind: &str, name: &str) -> String {
        let Home { account, region } = &self.home;
        format!("arn:{}:logs:{region}:{account}:{kind}:{name}", region.partition())
    }
}
