//! The page at `/`: what engines hold and how they fare, for people. Names, numbers and times;
//! never a message, a pattern, a document or a value that was found.
//!
//! Rendered here, without script; the style sheet lies beside it.

mod chart;
mod gather;
mod html;
mod render;
mod serve;
mod time;

use logveil::{FindingsHour, ForwardingHealth, Home, LogGroup};

pub use render::render;
pub(crate) use serve::page;

/// The page's style sheet.
pub const STYLE: &str = include_str!("page.css");

/// Where the page expects its style sheet.
pub const STYLE_PATH: &str = "/page.css";

/// The header fields of the page and its style sheet beside their type: nothing but the style sheet
/// is loaded, nothing is run, sent, framed or kept.
pub const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
];

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When it was taken, in milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// Accounts and Regions, in order.
    pub homes: Vec<HomeOverview>,
}

/// One account in one Region.
#[derive(Clone, Debug)]
pub struct HomeOverview {
    /// Which.
    pub home: Home,
    /// Events that were stored.
    pub incoming_log_events: u64,
    /// Those in which something was masked.
    pub masked_log_events: u64,
    /// `LogEventsWithFindings`.
    pub log_events_with_findings: u64,
    /// Entries that wait to be delivered.
    pub deliveries_waiting: u64,
    /// What findings reported, by hour.
    pub hours: Vec<FindingsHour>,
    /// The policies in force.
    pub policies: Vec<PolicyRow>,
    /// Log groups in the order of their names, at most [`LOG_GROUPS_MAX`].
    pub log_groups: Vec<LogGroup>,
    /// Whether there are more.
    pub more_log_groups: bool,
    /// How deliveries fare.
    pub forwarding: Vec<ForwardingHealth>,
}

/// Most log groups of one account and Region that the page shows.
pub const LOG_GROUPS_MAX: usize = 200;

/// A policy in force.
#[derive(Clone, Debug)]
pub struct PolicyRow {
    /// The log group that it is of; absent for the account's.
    pub log_group: Option<String>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The API's name for its type.
    pub policy_type: String,
    /// Names of the data identifiers that it looks for.
    pub identifiers: Vec<String>,
    /// Whether it is for some log groups only.
    pub selective: bool,
    /// When it was put, in milliseconds since 1970 UTC.
    pub last_updated: Option<i64>,
}
