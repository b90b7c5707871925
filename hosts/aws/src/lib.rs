//! Delivers what a logveil engine sends through the AWS SDK: payloads to Kinesis Data Streams,
//! Firehose and Lambda, findings to Firehose, S3 and log groups of CloudWatch Logs.
//!
//! Each service is a feature: `kinesis`, `firehose`, `lambda`, `s3`, `logs`. None is on by default,
//! and without any nothing of the SDK is built.
//!
//! ```
//! # #[cfg(feature = "sdk")]
//! fn engine(home: logveil::Home, directory: std::sync::Arc<dyn logveil::Directory>)
//!     -> Result<logveil::Engine, Box<dyn std::error::Error>>
//! {
//!     let aws = logveil_aws::Aws::new(logveil_aws::Options::new(home.region.clone()))?;
//!     let clock = std::sync::Arc::new(logveil::SystemClock);
//!     Ok(logveil::Engine::new(home, clock, directory, std::sync::Arc::new(aws)))
//! }
//! ```
//!
//! The SDK's own retries are off: the engine tries again itself, later each time, and counts it.
//! What the SDK says of an error becomes one of the five [`logveil::DeliveryError`]s; its texts and
//! the bodies of answers are not kept, as they may quote what was sent.

#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "sdk")]
mod aws;
#[cfg(feature = "sdk")]
mod error;
#[cfg(feature = "firehose")]
mod firehose;
#[cfg(feature = "kinesis")]
mod kinesis;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(feature = "logs")]
mod logs;
#[cfg(any(feature = "kinesis", feature = "firehose", feature = "logs"))]
mod requests;
#[cfg(feature = "s3")]
mod s3;

#[cfg(feature = "sdk")]
pub use aws::{Aws, Options};
