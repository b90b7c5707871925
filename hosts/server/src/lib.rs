//! CloudWatch Logs' AWS JSON 1.1 endpoint over logveil engines.

#![deny(unsafe_code)]
#![warn(missing_docs)]
