//! Log streams.

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::Error;
use crate::store::Stream;
use crate::token::foreign;

use super::{Engine, describe_limit};

/// Request of [`Engine::describe_log_streams`].
#[derive(Clone, Debug)]
pub struct DescribeLogStreams {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// Only log streams whose name begins so; not with [`OrderBy::LastEventTime`].
    pub log_stream_name_prefix: Option<String>,
    /// What to order by.
    pub order_by: OrderBy,
    /// Largest first.
    pub descending: bool,
    /// Most log streams to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// What log streams are ordered by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OrderBy {
    /// Their names, in ASCII order.
    #[default]
    LogStreamName,
    /// The timestamp of the last event, those without events first; then the name.
    LastEventTime,
}

/// Answer of [`Engine::describe_log_streams`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DescribeLogStreamsResult {
    /// The log streams.
    pub log_streams: Vec<LogStream>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A log stream as `DescribeLogStreams` shows it. Times are milliseconds since 1970 UTC.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogStream {
    /// Its name.
    pub log_stream_name: LogStreamName,
    /// When it was made.
    pub creation_time: i64,
    /// The smallest timestamp of its events.
    pub first_event_timestamp: Option<i64>,
    /// The largest timestamp of its events.
    pub last_event_timestamp: Option<i64>,
    /// When events were put last.
    pub last_ingestion_time: Option<i64>,
    /// Its ARN.
    pub arn: String,
}

impl DescribeLogStreams {
    /// The first 50 log streams of a log group by name.
    pub fn new(log_group_name: LogGroupName) -> Self {
        Self {
            log_group_name,
            log_stream_name_prefix: None,
            order_by: OrderBy::default(),
            descending: false,
            limit: None,
            next_token: None,
        }
    }

    fn rank(&self, name: &LogStreamName, stream: &Stream) -> Rank {
        match self.order_by {
            OrderBy::LogStreamName => (0, name.clone()),
            OrderBy::LastEventTime => {
                (stream.event_times.map_or(-1, |times| times.1), name.clone())
            }
        }
    }

    /// Whether a log stream of that rank comes after the page before.
    fn follows(&self, rank: &Rank, after: Option<&Rank>) -> bool {
        after.is_none_or(|after| if self.descending { rank < after } else { rank > after })
    }
}

/// Where a log stream stands in the order asked for: last event (-1 without events), name.
type Rank = (i64, LogStreamName);

impl Engine {
    /// Makes a log stream.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the log group; ResourceAlreadyExists.
    pub fn create_log_stream(
        &self,
        log_group: &LogGroupName,
        name: &LogStreamName,
    ) -> Result<(), Error> {
        self.store.create_stream(log_group, name, self.clock.now_ms())
    }

    /// Removes a log stream with its events. What waits to be delivered from it is dropped and
    /// counted when its turn comes.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub fn delete_log_stream(
        &self,
        log_group: &LogGroupName,
        name: &LogStreamName,
    ) -> Result<(), Error> {
        self.store.delete_stream(log_group, name)
    }

    /// The log streams of a log group, a page at a time. Cost: O(n log n) in all its streams.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a prefix with [`OrderBy::LastEventTime`], or a limit or token that
    /// cannot be; ResourceNotFound.
    pub fn describe_log_streams(
        &self,
        request: &DescribeLogStreams,
    ) -> Result<DescribeLogStreamsResult, Error> {
        let prefix = request.log_stream_name_prefix.as_deref();
        if prefix.is_some() && request.order_by == OrderBy::LastEventTime {
            let message = "logStreamNamePrefix cannot be combined with orderBy LastEventTime";
            return Err(Error::invalid(message));
        }
        let limit = describe_limit(request.limit)?;
        let prefix = prefix.unwrap_or_default();
        let paging = self.tokens.of("DescribeLogStreams", self.clock.now_ms());
        let paging = paging.with(request.log_group_name.as_str()).with(prefix);
        let paging = paging.with(&format!("{:?} {}", request.order_by, request.descending));
        let after = |token| paging.parse_name(token, parse_rank);
        let after = request.next_token.as_deref().map(after).transpose()?;
        let mut ranked: Vec<(Rank, LogStream)> =
            self.store.with_group(&request.log_group_name, |group| {
                let streams = group.streams.iter();
                streams
                    .filter(|(name, _)| name.as_str().starts_with(prefix))
                    .map(|(name, stream)| (request.rank(name, stream), (name, stream)))
                    .filter(|(rank, _)| request.follows(rank, after.as_ref()))
                    .map(|(rank, (name, stream))| (rank, self.show_stream(request, name, stream)))
                    .collect()
            })?;
        ranked.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if request.descending {
            ranked.reverse();
        }
        let more = ranked.len() > limit;
        ranked.truncate(limit);
        let last = ranked.last().filter(|_| more);
        let next_token =
            last.map(|((time, name), _)| paging.print(format!("{time}/{name}").as_bytes()));
        let next_token = next_token.transpose()?;
        let log_streams = ranked.into_iter().map(|(_, stream)| stream).collect();
        Ok(DescribeLogStreamsResult { log_streams, next_token })
    }

    fn show_stream(
        &self,
        request: &DescribeLogStreams,
        name: &LogStreamName,
        stream: &Stream,
    ) -> LogStream {
        LogStream {
            log_stream_name: name.clone(),
            creation_time: stream.creation_time,
            first_event_timestamp: stream.event_times.map(|times| times.0),
            last_event_timestamp: stream.event_times.map(|times| times.1),
            last_ingestion_time: stream.last_ingestion_time,
            arn: self.home.log_stream_arn(&request.log_group_name, name),
        }
    }
}

fn parse_rank(text: &str) -> Result<Rank, Error> {
    let (time, name) = text.split_once('/').ok_or_else(foreign)?;
    Ok((time.parse().map_err(|_| foreign())?, LogStreamName::new(name)?))
}
