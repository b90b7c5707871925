//! The page at `/`: what it shows, and what it never does.

#[cfg(feature = "browser")]
mod browser;
mod permission;
mod shown;
mod world;
