//! One event, by a pointer to it.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::{Error, ErrorKind};
use crate::message::Shown;
use crate::store::{Position, Window};

use super::{Engine, UnmaskGrant};

/// Longer than any pointer that was made; a longer one is not looked at.
const POINTER_CHARS_MAX: usize = 2048;

/// Request of [`Engine::get_log_record`].
#[derive(Clone, Debug)]
pub struct GetLogRecord<'a> {
    /// What [`Engine::log_record_pointer`] returned.
    pub log_record_pointer: String,
    /// Shows the original text.
    pub unmask: Option<&'a UnmaskGrant>,
}

/// Answer of [`Engine::get_log_record`].
#[derive(Debug)]
pub struct LogRecord {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// The log stream.
    pub log_stream_name: LogStreamName,
    /// When it happened, ms since 1970 UTC.
    pub timestamp: i64,
    /// When it was put, ms since 1970 UTC.
    pub ingestion_time: i64,
    /// The text.
    pub message: Shown,
}

/// Where an event is: what a pointer says. No two events of a store share a position, so it never
/// leads into a log group that was made again under the same name.
pub(super) struct Pointer {
    pub(super) position: Position,
    pub(super) log_group: LogGroupName,
    pub(super) log_stream: LogStreamName,
}

impl Engine {
    /// A pointer to an event that [`Engine::filter_log_events`] returned, by its `eventId`. It
    /// holds names and numbers, nothing of a message, and does not expire before its event.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the event id is none. Whether the event is there is not looked at.
    // Choice: AWS gives pointers in the answers of queries only, and says nothing of their form.
    pub fn log_record_pointer(
        &self,
        log_group_name: &LogGroupName,
        log_stream_name: &LogStreamName,
        event_id: &str,
    ) -> Result<String, Error> {
        let position = Position::parse(event_id);
        let position = position.ok_or_else(|| Error::invalid("eventId is none of an event"))?;
        let (log_group, log_stream) = (log_group_name.clone(), log_stream_name.clone());
        Ok(Pointer { position, log_group, log_stream }.print())
    }

    /// The log group of a pointer, whether it or the event is there or not: what a grant for
    /// [`Engine::get_log_record`] has to be for.
    ///
    /// # Errors
    ///
    /// InvalidParameter for what is no pointer.
    pub fn log_group_of_pointer(&self, log_record_pointer: &str) -> Result<LogGroupName, Error> {
        Ok(Pointer::parse(log_record_pointer)?.log_group)
    }

    /// Reads one event.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the pointer is none; AccessDenied when the grant is for another log
    /// group, or for one of this name that was deleted; ResourceNotFound when the event, its log
    /// stream or log group is gone, or past the retention; ServiceUnavailable when the disk fails
    /// or the key provider cannot be asked.
    pub fn get_log_record(&self, request: &GetLogRecord<'_>) -> Result<LogRecord, Error> {
        let GetLogRecord { log_record_pointer, unmask } = request;
        let pointer = Pointer::parse(log_record_pointer)?;
        let Pointer { position, log_group, log_stream } = pointer;
        self.check_grant(*unmask, &log_group)?;
        let (now_ms, number) = (self.clock.now_ms(), unmask.map(|grant| grant.number));
        let window = Window { positions: position..position.next(), now_ms, number };
        let (mut found, mut shower) = (None, self.shower(*unmask));
        self.store.scan_stream(&log_group, &log_stream, &window, true, |at| {
            let (timestamp, ingestion_time) = (at.position.timestamp, at.event.ingestion_time);
            let message = shower.show(at.number, at.position, at.event);
            found = message.map(|message| (timestamp, ingestion_time, message));
            ControlFlow::Break(())
        })?;
        shower.finish()?;
        let (timestamp, ingestion_time, message) = found.ok_or_else(gone)?;
        self.note_unmask(*unmask, 1, now_ms)?;
        let (log_group_name, log_stream_name) = (log_group, log_stream);
        Ok(LogRecord { log_group_name, log_stream_name, timestamp, ingestion_time, message })
    }
}

impl Pointer {
    /// Neither name holds a colon.
    pub(super) fn print(&self) -> String {
        let Self { position, log_group, log_stream } = self;
        let text = format!("{position}:{}:{}", log_group.as_str(), log_stream.as_str());
        URL_SAFE_NO_PAD.encode(text)
    }

    fn parse(pointer: &str) -> Result<Self, Error> {
        let parse = || {
            let bytes = Some(pointer).filter(|pointer| pointer.len() <= POINTER_CHARS_MAX);
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(bytes?).ok()?).ok()?;
            let mut parts = text.splitn(3, ':');
            Some(Self {
                position: Position::parse(parts.next()?)?,
                log_group: LogGroupName::new(parts.next()?).ok()?,
                log_stream: LogStreamName::new(parts.next()?).ok()?,
            })
        };
        parse().ok_or_else(|| Error::invalid("logRecordPointer is none that logveil made"))
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "The specified log record does not exist.")
}
