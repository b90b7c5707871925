//! Accounts and Regions side by side: an engine for each, and what they know of each other.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use logveil::iam::{Decision, Request};
use logveil::{
    AccountId, Arn, Clock, DescribeDestinations, DescribeLogGroups, Destination, DestinationName,
    Directory, Engine, Error, FileDestination, Home, OpenOptions, ParquetEncoder, Region, Resolved,
    SharedDeliveryDestination, SystemClock,
};

/// Below the data directory: the engines of other accounts and Regions than its own.
const OTHERS: &str = "accounts";

/// The id of a key-encryption key that lives in memory only. What it wrapped is destroyed when an
/// engine is opened again: the key is lost, and days that go on need keys that open.
pub const MEMORY_KEY_ID: &str = "memory";

/// How a [`World`] is opened.
pub struct WorldOptions {
    /// The directory that holds everything. The engine of `home` lies in it as `logveil ingest`
    /// makes it, those of others below `accounts/ACCOUNT/REGION`.
    pub data: PathBuf,
    /// The account and Region of requests that name none.
    pub home: Home,
    /// How each engine is opened.
    pub engine: OpenOptions,
    /// Takes what the engines send; without one it goes into files below `delivered`.
    pub destination: Option<Arc<dyn Destination>>,
    /// The time, for engines and signatures.
    pub clock: Arc<dyn Clock>,
    /// Most accounts and Regions that requests bring into being, 64 unless set: each takes a
    /// directory, threads and memory. What is on disk already is opened whatever the number.
    pub engines_max: usize,
    /// Writes objects of deliveries with the output format parquet; without one they are refused.
    pub parquet: Option<ParquetEncoder>,
}

impl WorldOptions {
    /// Everything below `data`, for account 123456789012 in us-east-1 unless told otherwise.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let account = AccountId::new("123456789012").expect("twelve digits");
        let region = Region::new("us-east-1").expect("a Region's code");
        Self {
            data: data.into(),
            home: Home { account, region },
            engine: OpenOptions::default(),
            destination: None,
            clock: Arc::new(SystemClock),
            engines_max: 64,
            parquet: None,
        }
    }
}

/// The engines of a data directory. `Send + Sync`; engines are opened when they are first asked
/// for, those that are on disk at once.
pub struct World {
    data: PathBuf,
    home: Home,
    options: OpenOptions,
    engines_max: usize,
    parquet: Option<ParquetEncoder>,
    clock: Arc<dyn Clock>,
    destination: Arc<dyn Destination>,
    engines: RwLock<HashMap<Home, Arc<Engine>>>,
    /// Held while an engine is opened, so that none is opened twice.
    opening: Mutex<()>,
    me: Weak<World>,
}

impl World {
    /// Opens the engines that are on disk, and that of the world's home.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open(options: WorldOptions) -> Result<Arc<Self>, Error> {
        let WorldOptions { data, home, engine, destination, clock, engines_max, parquet } = options;
        let destination =
            destination.unwrap_or_else(|| Arc::new(FileDestination::new(data.join("delivered"))));
        let world = Arc::new_cyclic(|me| Self {
            data,
            home,
            options: engine,
            engines_max,
            parquet,
            clock,
            destination,
            engines: RwLock::default(),
            opening: Mutex::default(),
            me: me.clone(),
        });
        world.engine(&world.home)?;
        for other in homes_below(&world.data.join(OTHERS)) {
            world.engine(&other)?;
        }
        Ok(world)
    }

    /// The account and Region of requests that name none.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The time.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The engine of an account in a Region, opened or made when there is none yet.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn engine(&self, home: &Home) -> Result<Arc<Engine>, Error> {
        if let Some(engine) = self.known(home) {
            return Ok(engine);
        }
        let _one_at_a_time = self.opening();
        if let Some(engine) = self.known(home) {
            return Ok(engine);
        }
        let path = match *home == self.home {
            true => self.data.clone(),
            false => self.data.join(OTHERS).join(home.account.as_str()).join(home.region.as_str()),
        };
        let directory = Arc::new(Neighbours { world: self.me.clone(), home: home.clone() });
        let (clock, destination) = (Arc::clone(&self.clock), Arc::clone(&self.destination));
        let options = self.options.clone();
        let engine = Engine::open(&path, options, home.clone(), clock, directory, destination)?;
        engine.destroy_keys_under(MEMORY_KEY_ID)?;
        if let Some(encoder) = &self.parquet {
            engine.encode_parquet_with(Arc::clone(encoder));
        }
        let engine = Arc::new(engine);
        let mut engines = self.engines.write().unwrap_or_else(PoisonError::into_inner);
        engines.insert(home.clone(), Arc::clone(&engine));
        Ok(engine)
    }

    /// The engine of an account in a Region, if it is open.
    pub(crate) fn known(&self, home: &Home) -> Option<Arc<Engine>> {
        self.engines.read().unwrap_or_else(PoisonError::into_inner).get(home).cloned()
    }

    /// Whether there is an engine for an account in a Region, or may be another one.
    pub(crate) fn takes(&self, home: &Home) -> bool {
        let engines = self.engines.read().unwrap_or_else(PoisonError::into_inner);
        engines.contains_key(home) || engines.len() < self.engines_max
    }

    /// What the resource policies of the account say to whose log groups a request is.
    pub(crate) fn resource_policies_say(&self, request: &Request<'_>) -> Decision {
        let owner = Arn::parse("resource", request.resource).ok().and_then(|arn| {
            let account = AccountId::new(arn.account()).ok()?;
            Some(Home { account, region: Region::new(arn.region()).ok()? })
        });
        let engine = owner.and_then(|owner| self.known(&owner));
        engine.map_or(Decision::Silent, |engine| engine.resource_policy_decision(request))
    }

    /// All engines, in the order of account and Region.
    pub fn engines(&self) -> Vec<Arc<Engine>> {
        let engines = self.engines.read().unwrap_or_else(PoisonError::into_inner);
        let mut engines: Vec<_> = engines.values().cloned().collect();
        engines.sort_by_key(|engine| {
            (engine.home().account.to_string(), engine.home().region.to_string())
        });
        engines
    }

    /// Whether some originals lie under a key that is kept: one that is not [`MEMORY_KEY_ID`].
    pub fn has_kept_keys(&self) -> bool {
        self.engines().iter().any(|engine| engine.key_ids().iter().any(|id| id != MEMORY_KEY_ID))
    }

    fn opening(&self) -> MutexGuard<'_, ()> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({} in {})", self.home.account, self.home.region)
    }
}

/// Accounts and Regions that have a directory.
fn homes_below(folder: &Path) -> Vec<Home> {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let mut found = Vec::new();
    for account in names(folder) {
        for region in names(&folder.join(&account)) {
            if let (Ok(account), Ok(region)) = (AccountId::new(&account), Region::new(&region)) {
                found.push(Home { account, region });
            }
        }
    }
    found
}

/// What an engine knows of the others, and of what is outside of all of them.
struct Neighbours {
    world: Weak<World>,
    home: Home,
}

impl Neighbours {
    /// The open engine of the account and Region of an ARN, unless it is the asking one.
    fn engine_of(&self, arn: &Arn) -> Option<Arc<Engine>> {
        let account = AccountId::new(arn.account()).ok()?;
        let home = Home { account, region: Region::new(arn.region()).ok()? };
        if home == self.home {
            return None;
        }
        self.world.upgrade()?.known(&home)
    }
}

impl Directory for Neighbours {
    /// Streams, functions and buckets are taken to exist: when one does not, its filter pauses.
    /// Log groups and logical destinations exist where an engine has them.
    fn exists(&self, arn: &Arn) -> bool {
        if arn.service() != "logs" {
            return true;
        }
        let Some(engine) = self.engine_of(arn) else { return false };
        if let Some(name) = arn.resource().strip_prefix("log-group:") {
            return has_log_group(&engine, name.strip_suffix(":*").unwrap_or(name));
        }
        let name = arn.resource().strip_prefix("destination:").map(DestinationName::new);
        name.and_then(Result::ok).is_some_and(|name| has_destination(&engine, &name))
    }

    fn resolve(&self, destination: &Arn, sender: &AccountId) -> Resolved {
        match self.engine_of(destination) {
            Some(engine) => engine.resolve_destination(destination, sender),
            None if destination.service() == "logs" => Resolved::Missing,
            None => Resolved::Target(destination.clone()),
        }
    }

    fn delivery_destination(&self, arn: &Arn) -> Option<SharedDeliveryDestination> {
        self.engine_of(arn)?.shared_delivery_destination(arn)
    }
}

fn has_log_group(engine: &Engine, name: &str) -> bool {
    // Names come in ASCII order: the name itself is the first that begins so.
    let log_group_name_prefix = Some(name.to_owned());
    let first = DescribeLogGroups { log_group_name_prefix, limit: Some(1), ..Default::default() };
    let first = engine.describe_log_groups(&first);
    first.is_ok_and(|page| page.log_groups.iter().any(|it| it.log_group_name.as_str() == name))
}

fn has_destination(engine: &Engine, name: &DestinationName) -> bool {
    let destination_name_prefix = Some(name.as_str().to_owned());
    let first =
        DescribeDestinations { destination_name_prefix, limit: Some(1), ..Default::default() };
    let first = engine.describe_destinations(&first);
    first.is_ok_and(|page| page.destinations.iter().any(|it| it.destination_name == *name))
}
