//! `serve`: the engine as an endpoint.

use std::sync::Arc;

use logveil::{Destination, Home, KeyProvider, OpenOptions};
use logveil_server::auth::{Credentials, Gate};
use logveil_server::{Server, ServerOptions, World, WorldOptions};
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::ServeArgs;
use crate::keep::{environment, home_of, key_file, refused};
use crate::keys::KeyRing;
use crate::output::{Done, Failure, say, warning};

pub(crate) fn run(args: &ServeArgs) -> Result<Done, Failure> {
    log_to_stderr(args.verbose);
    let home = home_of(&args.data)?;
    let gate = gate(args, &home)?;
    let world = World::open(WorldOptions {
        home,
        engine: OpenOptions {
            key_provider: Some(keys(args)?),
            strict_delivery_policies: args.strict_delivery_policies,
            ..OpenOptions::default()
        },
        destination: destination(args)?,
        #[cfg(feature = "parquet")]
        parquet: Some(Arc::new(logveil_parquet::encode)),
        ..WorldOptions::new(&args.data.data)
    })
    .map_err(|error| refused(&error))?;
    let tls = args.tls_certificate.clone().zip(args.tls_key.clone());
    let metrics = metrics()?;
    let options = ServerOptions { tls, metrics, ..ServerOptions::new(args.listen, gate) };
    let bound = Server::bind(world, options);
    let server = bound.map_err(|error| Failure::because(format!("{}: {error}", args.listen)))?;
    if args.access.insecure_any_key {
        warning(
            "any signature is taken, and everybody may do everything, unmask included \
             (--insecure-any-key)",
        );
    }
    let scheme = if args.tls_key.is_some() { "https" } else { "http" };
    say(&format!("logveil: listening on {scheme}://{}\n", server.address()));
    server.run(ended()).map_err(|error| Failure::because(format!("the server failed: {error}")))?;
    Ok(Done::Clean)
}

/// Collects what is counted from now on; what answers `/metrics`.
fn metrics() -> Result<Option<Arc<dyn Fn() -> String + Send + Sync>>, Failure> {
    let recorder = PrometheusBuilder::new().install_recorder();
    let handle =
        recorder.map_err(|_| Failure::because("metrics are collected by another recorder"))?;
    logveil::describe_metrics();
    Ok(Some(Arc::new(move || {
        handle.run_upkeep();
        handle.render()
    })))
}

/// Until an interrupt or a request to terminate.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn log_to_stderr(verbose: bool) {
    let level = if verbose { LevelFilter::INFO } else { LevelFilter::WARN };
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr())
        && std::env::var_os("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_ansi(colours);
    let subscriber = subscriber.with_writer(std::io::stderr).finish();
    // One is installed already only where tests run several commands in one process.
    let _ = subscriber.try_init();
}

fn gate(args: &ServeArgs, home: &Home) -> Result<Gate, Failure> {
    match &args.access.credentials {
        Some(path) => Credentials::read(path)
            .map(Gate::Credentials)
            .map_err(|error| Failure::because(error.to_string())),
        None => Ok(Gate::AnyKey(home.clone())),
    }
}

fn keys(args: &ServeArgs) -> Result<Arc<dyn KeyProvider>, Failure> {
    if let Some(path) = &args.key_file {
        return key_file(path);
    }
    // Keys that stay are not for a server that lets everybody unmask.
    if !args.access.insecure_any_key
        && let Some(keys) = environment()?
    {
        return Ok(keys);
    }
    Ok(Arc::new(KeyRing::of_this_process()?))
}

#[cfg(feature = "aws")]
fn destination(args: &ServeArgs) -> Result<Option<Arc<dyn Destination>>, Failure> {
    let Some(endpoint) = &args.aws_endpoint else { return Ok(None) };
    let endpoint_url = Some(endpoint.clone()).filter(|url| url != "default");
    crate::keep::aws_destination(&args.data, endpoint_url).map(Some)
}

#[cfg(not(feature = "aws"))]
fn destination(args: &ServeArgs) -> Result<Option<Arc<dyn Destination>>, Failure> {
    match args.aws_endpoint {
        None => Ok(None),
        Some(_) => Err(Failure::because(
            "this logveil was built without the AWS SDK: build it with --features aws",
        )),
    }
}
