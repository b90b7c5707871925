//! Reading: GetLogEvents and FilterLogEvents. Masked, unless a grant for the log group is shown.

use std::ops::{ControlFlow, Range};

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::Error;
use crate::limits::{
    FILTER_LOG_STREAMS_MAX, PAGE_BYTES_MAX, PAGE_EVENTS_MAX, SCAN_EVENTS_MAX, SEARCH_FROM_TAIL_MS,
};
use crate::message::Shown;
use crate::pattern::FilterPattern;
use crate::store::{Position, StoredEvent, Streams, Window};
use crate::token::{Paging, Tokens, foreign};
use crate::vault::{KeyGroup, Opener, Place};

use super::Engine;
use super::grant::UnmaskGrant;

/// Request of [`Engine::get_log_events`]. Times are milliseconds since 1970 UTC.
#[derive(Clone, Debug)]
pub struct GetLogEvents<'a> {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// The log stream.
    pub log_stream_name: LogStreamName,
    /// Only events of this time or later.
    pub start_time: Option<i64>,
    /// Only events before this time.
    pub end_time: Option<i64>,
    /// A token of an earlier page: it says where to go on and in which direction.
    pub next_token: Option<String>,
    /// Most events to return, 1 to 10,000; absent means 10,000.
    pub limit: Option<usize>,
    /// Without a token: the oldest page first, instead of the latest.
    pub start_from_head: bool,
    /// Shows the originals.
    pub unmask: Option<&'a UnmaskGrant>,
}

/// Answer of [`Engine::get_log_events`].
#[derive(Debug)]
pub struct GetLogEventsResult {
    /// The events in order of time.
    pub events: Vec<OutputLogEvent>,
    /// For the page after this one. The same as the token given: there is none yet.
    pub next_forward_token: String,
    /// For the page before this one. The same as the token given: there is none.
    pub next_backward_token: String,
}

/// An event of [`GetLogEventsResult`]. Times are milliseconds since 1970 UTC.
#[derive(Debug)]
pub struct OutputLogEvent {
    /// When it happened.
    pub timestamp: i64,
    /// Its text, as this caller may see it.
    pub message: Shown,
    /// When it was put.
    pub ingestion_time: i64,
}

/// Request of [`Engine::filter_log_events`]. Times are milliseconds since 1970 UTC.
#[derive(Clone, Debug)]
pub struct FilterLogEvents<'a> {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// Only these log streams, at most 100; empty means all.
    pub log_stream_names: Vec<LogStreamName>,
    /// Only log streams whose name begins so; not together with names.
    pub log_stream_name_prefix: Option<String>,
    /// Only events of this time or later.
    pub start_time: Option<i64>,
    /// Only events of this time or earlier.
    pub end_time: Option<i64>,
    /// Which events; it sees the text that is returned.
    pub filter_pattern: FilterPattern,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
    /// Most events to return, 1 to 10,000; absent means 10,000.
    pub limit: Option<usize>,
    /// Without a token: the earliest events first, instead of the latest, which asks for a start
    /// time of 2024 or later. With a token the direction is the token's.
    pub start_from_head: bool,
    /// Shows the originals.
    pub unmask: Option<&'a UnmaskGrant>,
}

/// Answer of [`Engine::filter_log_events`].
#[derive(Debug)]
pub struct FilterLogEventsResult {
    /// The events in order of time, then of ingestion; the other way round from the tail.
    pub events: Vec<FilteredLogEvent>,
    /// Absent when all was searched. A page with a token may hold few events or none.
    pub next_token: Option<String>,
}

/// An event of [`FilterLogEventsResult`]. Times are milliseconds since 1970 UTC.
#[derive(Debug)]
pub struct FilteredLogEvent {
    /// Its log stream.
    pub log_stream_name: LogStreamName,
    /// When it happened.
    pub timestamp: i64,
    /// Its text, as this caller may see it.
    pub message: Shown,
    /// When it was put.
    pub ingestion_time: i64,
    /// A decimal number of 56 digits that sorts by time, then by ingestion.
    pub event_id: String,
}

impl<'a> GetLogEvents<'a> {
    /// The latest page of a log stream, masked.
    pub fn new(log_group_name: LogGroupName, log_stream_name: LogStreamName) -> Self {
        Self {
            log_group_name,
            log_stream_name,
            start_time: None,
            end_time: None,
            next_token: None,
            limit: None,
            start_from_head: false,
            unmask: None,
        }
    }
}

impl<'a> FilterLogEvents<'a> {
    /// All events of a log group from the earliest on, masked.
    pub fn new(log_group_name: LogGroupName) -> Self {
        Self {
            log_group_name,
            log_stream_names: Vec::new(),
            log_stream_name_prefix: None,
            start_time: None,
            end_time: None,
            filter_pattern: FilterPattern::default(),
            next_token: None,
            limit: None,
            start_from_head: true,
            unmask: None,
        }
    }
}

impl Engine {
    /// Reads one log stream, a page of at most 10,000 events or 1 MB at a time, either way.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a time, limit or token that cannot be, and for a log group of the class
    /// INFREQUENT_ACCESS; ResourceNotFound; AccessDenied when the grant is for another log group,
    /// or for one of this name that was deleted.
    pub fn get_log_events(&self, request: &GetLogEvents<'_>) -> Result<GetLogEventsResult, Error> {
        let GetLogEvents { log_group_name, log_stream_name, unmask, .. } = request;
        self.check_grant(*unmask, log_group_name)?;
        self.check_can("be read by GetLogEvents", log_group_name)?;
        let mut page = Page::new(request.limit)?;
        let Range { start, end } = times(request.start_time, request.end_time)?;
        let now_ms = self.clock.now_ms();
        let paging = self.tokens.of("GetLogEvents", now_ms);
        let paging = paging.with(log_group_name.as_str()).with(log_stream_name.as_str());
        let given = request.next_token.as_deref();
        let token = given.map(|token| Token::parse(&paging.parse(token)?)).transpose()?;
        let (positions, forwards, edge) = match &token {
            None => (start..end, request.start_from_head, start),
            Some(Token::Forward(from)) => (start.max(*from)..end, true, *from),
            Some(Token::Backward(to)) => (start..end.min(*to), false, *to),
        };
        let number = unmask.map(|grant| grant.number);
        let window = Window { positions, now_ms, number };
        let (mut found, mut shower) = (Vec::new(), self.shower(*unmask));
        self.store.scan_stream(log_group_name, log_stream_name, &window, forwards, |at| {
            let (timestamp, ingestion_time) = (at.position.timestamp, at.event.ingestion_time);
            let Some(message) = shower.show(at.number, at.position, at.event) else {
                return ControlFlow::Break(());
            };
            if !page.takes(message.reveal().len()) {
                return ControlFlow::Break(());
            }
            found.push((at.position, OutputLogEvent { timestamp, message, ingestion_time }));
            ControlFlow::Continue(())
        })?;
        shower.finish()?;
        if !forwards {
            found.reverse();
        }
        self.note_unmask(*unmask, found.len(), window.now_ms)?;
        let next = found.last().map_or(edge, |(last, _)| last.next());
        let before = found.first().map_or(edge, |(first, _)| *first);
        // Where nothing has moved the token stays the same: that is how a caller knows the end.
        let print = |next: Token| match given {
            Some(given) if token.as_ref() == Some(&next) => Ok(given.to_owned()),
            _ => paging.print(&next.bytes()),
        };
        Ok(GetLogEventsResult {
            events: found.into_iter().map(|(_, event)| event).collect(),
            next_forward_token: print(Token::Forward(next))?,
            next_backward_token: print(Token::Backward(before))?,
        })
    }

    /// Searches a log group, a page of at most 10,000 events or 1 MB at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for names and prefix together, more than 100 names, a time, limit or token
    /// that cannot be, and for a log group of the class INFREQUENT_ACCESS; ResourceNotFound;
    /// AccessDenied when the grant is for another log group, or for one of this name that was
    /// deleted.
    pub fn filter_log_events(
        &self,
        request: &FilterLogEvents<'_>,
    ) -> Result<FilterLogEventsResult, Error> {
        let FilterLogEvents { log_group_name, unmask, filter_pattern, .. } = request;
        self.check_grant(*unmask, log_group_name)?;
        self.check_can("be read by FilterLogEvents", log_group_name)?;
        let streams = streams(request)?;
        let mut page = Page::new(request.limit)?;
        let end_time = request.end_time.map(|end| end.saturating_add(1));
        let Range { start, end } = times(request.start_time, end_time)?;
        let now_ms = self.clock.now_ms();
        let paging = request.paging(&self.tokens, now_ms);
        let given = request.next_token.as_deref();
        let (positions, forwards) =
            match given.map(|token| Token::parse(&paging.parse(token)?)).transpose()? {
                None => (start..end, request.direction()?),
                Some(Token::Forward(from)) => (start.max(from)..end, true),
                Some(Token::Backward(to)) => (start..end.min(to), false),
            };
        let number = unmask.map(|grant| grant.number);
        let window = Window { positions, now_ms, number };
        let (mut events, mut next, mut scanned) = (Vec::new(), None, 0);
        let mut shower = self.shower(*unmask);
        self.store.scan_group(log_group_name, streams, &window, forwards, |at| {
            let ingestion_time = at.event.ingestion_time;
            let Some(message) = shower.show(at.number, at.position, at.event) else {
                return ControlFlow::Break(());
            };
            let matches = filter_pattern.matches_shown(&message);
            if scanned == SCAN_EVENTS_MAX || matches && !page.takes(message.reveal().len()) {
                next = Some(match forwards {
                    true => Token::Forward(at.position),
                    false => Token::Backward(at.position.next()),
                });
                return ControlFlow::Break(());
            }
            scanned += 1;
            if matches {
                events.push(FilteredLogEvent {
                    log_stream_name: at.stream.clone(),
                    timestamp: at.position.timestamp,
                    message,
                    ingestion_time,
                    event_id: at.position.to_string(),
                });
            }
            ControlFlow::Continue(())
        })?;
        shower.finish()?;
        self.note_unmask(*unmask, events.len(), window.now_ms)?;
        let next_token = next.map(|next| paging.print(&next.bytes())).transpose()?;
        Ok(FilterLogEventsResult { events, next_token })
    }
}

impl FilterLogEvents<'_> {
    /// Whether a search without a token goes forwards.
    // Choice: AWS takes startFromHead = false with a startTime of 2024 or later; without one it is
    // refused.
    fn direction(&self) -> Result<bool, Error> {
        let since = self.start_time.is_some_and(|start| start >= SEARCH_FROM_TAIL_MS);
        if !self.start_from_head && !since {
            let message = "startFromHead is false and startTime is not 2024-01-01 or later";
            return Err(Error::invalid(message));
        }
        Ok(self.start_from_head)
    }

    /// The tokens of a search: bound to what is searched and for what, as a page of another search
    /// would go on where this one never was.
    fn paging<'t>(&self, tokens: &'t Tokens, now_ms: i64) -> Paging<'t> {
        let paging = tokens.of("FilterLogEvents", now_ms).with(self.log_group_name.as_str());
        let paging = paging.with(self.log_stream_name_prefix.as_deref().unwrap_or_default());
        let paging = paging.with(self.filter_pattern.as_str());
        let paging = paging.with_time(self.start_time).with_time(self.end_time);
        self.log_stream_names.iter().fold(paging, |paging, name| paging.with(name.as_str()))
    }
}

/// Shows the events of one page as a caller with or without a grant may see them. The grant was
/// checked.
pub(super) struct Shower<'a> {
    opener: Option<Opener<'a>>,
    failed: Option<Error>,
}

impl Engine {
    pub(super) fn shower<'a>(&'a self, grant: Option<&'a UnmaskGrant>) -> Shower<'a> {
        let group =
            |grant: &'a UnmaskGrant| KeyGroup { name: grant.log_group(), number: grant.number };
        let opener = grant.map(|grant| self.vault.opener(group(grant)));
        Shower { opener, failed: None }
    }
}

impl Shower<'_> {
    /// The text of an event; `None` when the key provider cannot be asked, which ends the page.
    /// Originals that cannot be opened stay masked.
    pub(super) fn show(
        &mut self,
        stream: u64,
        position: Position,
        event: StoredEvent,
    ) -> Option<Shown> {
        let StoredEvent { message, sealed, .. } = event;
        let (Some(opener), Some(sealed)) = (&mut self.opener, sealed) else {
            return Some(Shown::Masked(message));
        };
        let Position { timestamp, sequence } = position;
        match opener.open(Place { stream, timestamp, sequence }, &message, &sealed) {
            Ok(Some(original)) => Some(Shown::Unmasked(original)),
            Ok(None) => Some(Shown::Masked(message)),
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    /// # Errors
    ///
    /// ServiceUnavailable when the key provider could not be asked.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.failed.map_or(Ok(()), Err)
    }
}

fn streams<'a>(request: &'a FilterLogEvents<'_>) -> Result<Streams<'a>, Error> {
    let FilterLogEvents { log_stream_names: names, log_stream_name_prefix: prefix, .. } = request;
    match prefix {
        Some(_) if !names.is_empty() => {
            Err(Error::invalid("logStreamNames and logStreamNamePrefix exclude each other"))
        }
        Some(prefix) => Ok(Streams::WithPrefix(prefix)),
        None if names.len() > FILTER_LOG_STREAMS_MAX => {
            Err(Error::too_long("logStreamNames", names.len(), FILTER_LOG_STREAMS_MAX, "names"))
        }
        None if names.is_empty() => Ok(Streams::All),
        None => Ok(Streams::Named(names)),
    }
}

/// From `start` until before `end`, in positions.
// Choice: an end at or before the start is an empty range, not an error.
fn times(start: Option<i64>, end: Option<i64>) -> Result<Range<Position>, Error> {
    if start.is_some_and(|time| time < 0) || end.is_some_and(|time| time < 0) {
        return Err(Error::invalid("startTime or endTime is negative"));
    }
    let end = end.filter(|end| *end < i64::MAX);
    Ok(Position::at(start.unwrap_or(0))..end.map_or(Position::END, Position::at))
}

/// What fits on a page.
struct Page {
    events_left: usize,
    bytes_left: usize,
}

impl Page {
    fn new(limit: Option<usize>) -> Result<Self, Error> {
        let events_left = limit.unwrap_or(PAGE_EVENTS_MAX);
        if !(1..=PAGE_EVENTS_MAX).contains(&events_left) {
            return Err(Error::invalid(format!("limit is not between 1 and {PAGE_EVENTS_MAX}")));
        }
        Ok(Self { events_left, bytes_left: PAGE_BYTES_MAX })
    }

    /// Whether an event of that many bytes still fits; it takes its room. The first always fits.
    fn takes(&mut self, bytes: usize) -> bool {
        let first = self.bytes_left == PAGE_BYTES_MAX;
        let fits = self.events_left > 0 && (first || bytes <= self.bytes_left);
        if fits {
            self.events_left -= 1;
            self.bytes_left = self.bytes_left.saturating_sub(bytes);
        }
        fits
    }
}

/// Where a page goes on.
// Choice: the token alone says the direction; AWS demands startFromHead with a forward token, and
// does not say what happens without.
#[derive(Eq, PartialEq)]
enum Token {
    /// Events at this position and after.
    Forward(Position),
    /// Events before this position.
    Backward(Position),
}

impl Token {
    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let token = match bytes.split_first() {
            Some((b'f', bytes)) => position(bytes).map(Self::Forward),
            Some((b'b', bytes)) => position(bytes).map(Self::Backward),
            _ => None,
        };
        token.ok_or_else(foreign)
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Forward(from) => [b"f", &from.id()[..]].concat(),
            Self::Backward(to) => [b"b", &to.id()[..]].concat(),
        }
    }
}

/// The position that a token's bytes print.
fn position(bytes: &[u8]) -> Option<Position> {
    Position::parse(std::str::from_utf8(bytes).ok()?)
}
