//! CloudWatch Logs' AWS JSON 1.1 endpoint over logveil engines: boto3, the AWS CLI, Terraform and
//! the SDKs talk to it as they talk to the service, with another endpoint URL.
//!
//! [`World`] holds an engine for each account and Region; [`Server`] answers requests for them.
//! Every answer to an operation is made by an engine: nothing here detects, masks, filters or
//! pages.
//!
//! ```no_run
//! use logveil_server::auth::Gate;
//! use logveil_server::{Server, ServerOptions, World, WorldOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::open(WorldOptions::new("logs"))?;
//! let gate = Gate::AnyKey(world.home().clone());
//! let server = Server::bind(world, ServerOptions::new("127.0.0.1:4586".parse()?, gate))?;
//! println!("listening on {}", server.address());
//! server.run(std::future::pending())?; // until the future given is ready
//! # Ok(())
//! # }
//! ```
//!
//! A request goes one way: `server` reads it from the network, [`auth`] says whose it is,
//! `dispatch` finds the operation and holds the request against the API's [`model`], and `ops`
//! makes the answer by calling an engine. No log line, error or answer of the way holds a message,
//! a filter pattern, a query or a policy's text.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod answer;
pub mod auth;
mod call;
mod dispatch;
mod input;
pub mod model;
mod ops;
pub mod page;
mod server;
mod tls;
mod wire;
mod workers;
mod world;

pub use server::{BindError, Server, ServerOptions};
pub use world::{MEMORY_KEY_ID, World, WorldOptions};
