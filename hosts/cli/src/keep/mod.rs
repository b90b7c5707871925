//! The commands that keep events: an engine in a directory.

mod deliver;
mod ingest;
mod lines;
mod policy;
mod read;
pub(crate) mod subscribe;
mod time;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use logveil::{
    AccountId, Arn, Destination, Directory, Durability, Engine, ErrorKind, Home, InMemory,
    KeyProvider, LogGroupName, OpenOptions, Region, SystemClock,
};

use crate::args::{Data, Keys};
use crate::keys::KeyRing;
use crate::output::{Failure, say, shown, warning};

#[cfg(feature = "aws")]
pub(crate) use deliver::aws as aws_destination;
pub(crate) use deliver::run as deliver;
pub(crate) use ingest::run as ingest;
pub(crate) use policy::{delete, get, put};
pub(crate) use read::run as read;

/// Whatever a policy names is there; what is sent waits in the store.
struct Everything;

impl Directory for Everything {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

/// Opens the engine of a directory.
fn open(data: &Data, options: OpenOptions) -> Result<Engine, Failure> {
    try_open(data, options).map_err(|error| refused(&error))
}

/// Opens the engine of a directory that holds one: reading makes nothing.
fn open_made(data: &Data) -> Result<Engine, Failure> {
    is_made(data)?;
    open(data, OpenOptions::default())
}

fn is_made(data: &Data) -> Result<(), Failure> {
    if data.data.join("store").is_dir() {
        return Ok(());
    }
    let data = data.data.display();
    Err(Failure::because(format!("{data} holds no events; ingest makes it")))
}

fn try_open(data: &Data, options: OpenOptions) -> Result<Engine, logveil::Error> {
    try_open_to(data, options, Arc::new(InMemory::default()))
}

/// Opens the engine of a directory, with a destination for what `deliver` sends.
fn try_open_to(
    data: &Data,
    options: OpenOptions,
    destination: Arc<dyn Destination>,
) -> Result<Engine, logveil::Error> {
    let home = home(data)?;
    let (clock, directory) = (Arc::new(SystemClock), Arc::new(Everything));
    let engine = Engine::open(&data.data, options, home, clock, directory, destination)?;
    if let Some(home) = &data.home {
        // The store holds it as well, and refuses another: what is lost here is said again.
        let _ = fs::write(data.data.join(HOME_FILE), home);
    }
    Ok(engine)
}

/// Remembers the account and Region of a directory.
const HOME_FILE: &str = "home";

/// Without any other: that which findings of `mask` name.
const HOME: &str = "123456789012/us-east-1";

pub(crate) fn home_of(data: &Data) -> Result<Home, Failure> {
    home(data).map_err(|error| refused(&error))
}

fn home(data: &Data) -> Result<Home, logveil::Error> {
    let remembered = || fs::read_to_string(data.data.join(HOME_FILE)).ok();
    let text = data.home.clone().or_else(remembered).unwrap_or_else(|| HOME.to_owned());
    let (account, region) = text.trim().split_once('/').unwrap_or((&text, ""));
    Ok(Home { account: AccountId::new(account)?, region: Region::new(region)? })
}

/// Where keys may stand instead of in a file.
const KEYS_VARIABLE: &str = "LOGVEIL_KEYS";

/// Options to write with; a key file is made when it is not there.
fn writing(keys: &Keys, durability: Durability) -> Result<OpenOptions, Failure> {
    let key_provider = match &keys.key_file {
        Some(path) => Some(key_file(path)?),
        None if keys.no_originals => None,
        None => environment()?,
    };
    if key_provider.is_none() && !keys.no_originals {
        warning(
            "what is masked is discarded; --key-file keeps it sealed, --no-originals says that \
             this is meant",
        );
    }
    Ok(OpenOptions { durability, key_provider, ..OpenOptions::default() })
}

/// The keys in the environment, when there are any.
pub(crate) fn environment() -> Result<Option<Arc<dyn KeyProvider>>, Failure> {
    if std::env::var_os(KEYS_VARIABLE).is_none() {
        return Ok(None);
    }
    Ok(Some(Arc::new(KeyRing::from_environment(KEYS_VARIABLE)?)))
}

/// The keys of a file, which is made when it is not there.
pub(crate) fn key_file(path: &Path) -> Result<Arc<dyn KeyProvider>, Failure> {
    if path.try_exists().map_err(|error| Failure::reading(shown(path), &error))? {
        return Ok(Arc::new(KeyRing::load(path)?));
    }
    let ring = KeyRing::create(path)?;
    say(&format!(
        "logveil: made {}, which holds the key of the originals; whoever has it can unmask, \
         whoever loses it cannot\n",
        shown(path)
    ));
    Ok(Arc::new(ring))
}

fn group_name(text: &str) -> Result<LogGroupName, Failure> {
    LogGroupName::new(text).map_err(|error| refused(&error))
}

/// Makes a log group unless it is there.
fn make_group(engine: &Engine, name: &LogGroupName) -> Result<(), Failure> {
    match engine.create_log_group(name) {
        Err(error) if error.kind() == ErrorKind::ResourceAlreadyExists => Ok(()),
        made => made.map_err(|error| refused(&error)),
    }
}

pub(crate) fn refused(error: &logveil::Error) -> Failure {
    Failure::because(error.message())
}
