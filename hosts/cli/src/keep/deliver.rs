//! `deliver`: what waits goes to AWS, into a directory or to stdout.

use std::io;
use std::path::Path;
use std::sync::Arc;

use logveil::{Destination, FileDestination, NdjsonDestination, OpenOptions};

use super::{home_of, is_made, refused, try_open_to};
use crate::args::DeliverArgs;
use crate::output::{Done, Failure, say, warning};
use crate::table;

pub(crate) fn run(args: &DeliverArgs) -> Result<Done, Failure> {
    let destination = destination(args)?;
    let options = OpenOptions::default();
    let engine = try_open_to(&args.data, options, destination).map_err(|error| refused(&error))?;
    #[cfg(feature = "parquet")]
    engine.encode_parquet_with(Arc::new(logveil_parquet::encode));
    let report = engine.deliver_pending();
    if report.set_aside > 0 {
        let items = table::count(report.set_aside as u64, "item");
        warning(&format!("{items} larger than the destination takes: set aside whole"));
    }
    if report.dropped > 0 {
        let items = table::count(report.dropped as u64, "item");
        warning(&format!("{items} given up: refused by the destination, deleted, or a day old"));
    }
    if !args.quiet {
        let delivered = table::count(report.delivered as u64, "item");
        say(&format!("logveil: delivered {delivered}; {} waiting\n", report.waiting));
    }
    Ok(if report.waiting > 0 { Done::Found } else { Done::Clean })
}

fn destination(args: &DeliverArgs) -> Result<Arc<dyn Destination>, Failure> {
    is_made(&args.data)?;
    if args.to == Path::new("aws") {
        return to_aws(args);
    }
    if args.endpoint_url.is_some() {
        return Err(Failure::because("--endpoint-url goes with --to aws"));
    }
    Ok(match args.to == Path::new("-") {
        true => Arc::new(NdjsonDestination::new(io::stdout())),
        false => Arc::new(FileDestination::new(&args.to)),
    })
}

#[cfg(feature = "aws")]
fn to_aws(args: &DeliverArgs) -> Result<Arc<dyn Destination>, Failure> {
    aws(&args.data, args.endpoint_url.clone())
}

/// The services at AWS, or at an endpoint that stands for them.
#[cfg(feature = "aws")]
pub(crate) fn aws(
    data: &crate::args::Data,
    endpoint_url: Option<String>,
) -> Result<Arc<dyn Destination>, Failure> {
    let set_aside = FileDestination::new(data.data.join("set-aside"));
    let options = logveil_aws::Options {
        endpoint_url,
        set_aside: Some(Arc::new(set_aside)),
        ..logveil_aws::Options::new(home_of(data)?.region)
    };
    let aws = logveil_aws::Aws::new(options)
        .map_err(|error| Failure::because(format!("no thread for the AWS SDK: {error}")))?;
    Ok(Arc::new(aws))
}

#[cfg(not(feature = "aws"))]
fn to_aws(args: &DeliverArgs) -> Result<Arc<dyn Destination>, Failure> {
    home_of(&args.data)?;
    Err(Failure::because(
        "this logveil was built without the AWS SDK: build it with --features aws; \
         a directory of that name is ./aws",
    ))
}
