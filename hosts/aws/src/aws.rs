//! The destination: which client takes what, on a runtime of its own.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls;
use logveil::{DeliveryError, Destination, Outgoing, OutgoingKind, Region};
use tokio::runtime::{Builder, Runtime};

/// The answers to a batch, in its order.
pub(crate) type Results = Vec<Result<(), DeliveryError>>;

/// How long a connection may take to be made. A choice: a host on the same continent answers in a
/// tenth of it.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How long a request may take in all. A choice: 10 MB, the largest request, at 2 Mbit/s take 40 s.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// Invocations and objects on their way at once. A choice: below the connections that one host
/// name's server takes without a word.
#[cfg(any(feature = "lambda", feature = "s3"))]
pub(crate) const AT_ONCE: usize = 8;

/// Threads that drive connections. Whoever delivers waits on a thread of its own.
const THREADS: usize = 1;

/// How [`Aws`] reaches the services.
#[derive(Clone)]
pub struct Options {
    /// The Region of buckets, whose ARNs name none, unless the environment or the profile names
    /// another. Streams, functions and log groups are asked for in the Region of their ARN.
    pub region: Region,
    /// Where all services are, instead of at AWS: `http://127.0.0.1:5000`. Without it the
    /// environment's `AWS_ENDPOINT_URL` or, for one service, `AWS_ENDPOINT_URL_KINESIS`, and what
    /// the profile says, as for every SDK.
    pub endpoint_url: Option<String>,
    /// Takes what is too large for its destination ([`OutgoingKind::DeadLetter`]). Without it that
    /// is refused, which the engine counts as dropped.
    pub set_aside: Option<Arc<dyn Destination>>,
}

impl Options {
    /// AWS's own endpoints; what is too large is refused.
    pub fn new(region: Region) -> Self {
        Self { region, endpoint_url: None, set_aside: None }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({}, endpoint {:?})", self.region, self.endpoint_url)
    }
}

/// Delivers to AWS. Credentials come from the SDK's default chain: the environment, the profile
/// (also of an SSO session or a process), a web identity, the container's or the instance's role.
///
/// Roles that a subscription filter names are not assumed: the credentials have to be allowed
/// `kinesis:PutRecords`, `firehose:PutRecordBatch`, `lambda:InvokeFunction`, `s3:PutObject`,
/// `logs:CreateLogStream` and `logs:PutLogEvents` on the destinations, as far as these are used.
///
/// What goes to a service whose feature is off is answered with [`DeliveryError::NotFound`], so
/// that it is kept.
pub struct Aws {
    runtime: Runtime,
    config: SdkConfig,
    /// Whether an endpoint was named, which may not know host names of buckets.
    #[cfg_attr(not(feature = "s3"), allow(dead_code))]
    own_endpoint: bool,
    set_aside: Option<Arc<dyn Destination>>,
}

impl Aws {
    /// Reads the environment and the profile; connects when something is delivered. It starts one
    /// thread, which ends when this is dropped. Neither this nor `deliver` nor the drop may happen
    /// on a thread that runs asynchronous tasks.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    ///
    /// # Panics
    ///
    /// Panics on a thread that runs asynchronous tasks.
    pub fn new(options: Options) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("logveil-aws")
            .enable_all()
            .build()?;
        let own_endpoint = options.endpoint_url.is_some();
        let set_aside = options.set_aside.clone();
        let config = runtime.block_on(load(options));
        Ok(Self { runtime, config, own_endpoint, set_aside })
    }

    fn send(&self, service: &str, batch: &[Outgoing<'_>]) -> Results {
        let Self { runtime, config, .. } = self;
        match service {
            #[cfg(feature = "kinesis")]
            "kinesis" => runtime.block_on(crate::kinesis::deliver(config, batch)),
            #[cfg(feature = "firehose")]
            "firehose" => runtime.block_on(crate::firehose::deliver(config, batch)),
            #[cfg(feature = "lambda")]
            "lambda" => runtime.block_on(crate::lambda::deliver(config, batch)),
            #[cfg(feature = "s3")]
            "s3" => runtime.block_on(crate::s3::deliver(config, self.own_endpoint, batch)),
            #[cfg(feature = "logs")]
            "logs" => runtime.block_on(crate::logs::deliver(config, batch)),
            _ => vec![Err(DeliveryError::NotFound); batch.len()],
        }
    }

    fn aside(&self, batch: &[Outgoing<'_>]) -> Results {
        match &self.set_aside {
            Some(destination) => destination.deliver(batch),
            None => vec![Err(DeliveryError::Refused); batch.len()],
        }
    }
}

impl Destination for Aws {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let Some(first) = batch.first() else { return Vec::new() };
        let service = first.destination_arn.service();
        let too_large = |outgoing: &Outgoing<'_>| outgoing.kind == OutgoingKind::DeadLetter;
        let (aside, fit): (Vec<_>, Vec<_>) = batch.iter().copied().partition(too_large);
        if aside.is_empty() {
            return self.send(service, batch);
        }
        let (mut aside, mut fit) =
            (self.aside(&aside).into_iter(), self.send(service, &fit).into_iter());
        let result = |outgoing| if too_large(outgoing) { aside.next() } else { fit.next() };
        batch.iter().map_while(result).collect()
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aws({:?})", self.config.endpoint_url())
    }
}

async fn load(options: Options) -> SdkConfig {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(aws_config::Region::new(options.region.as_str().to_owned()));
    // ring instead of the default: that one builds a C library.
    let https = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http_client = aws_smithy_http_client::Builder::new().tls_provider(https).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME_MAX)
        .operation_timeout(REQUEST_TIME_MAX)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new("logveil").expect("plain letters"))
        .region(region)
        .http_client(http_client)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled());
    if let Some(url) = options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}
