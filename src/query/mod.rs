//! Queries of CloudWatch Logs Insights: text → plan, and plan × log events → rows.
//!
//! A query sees masked messages. What it takes out of them or makes of them is judged again: where
//! it is decoded or put together, so that no condition and no other function sees what a policy
//! would have masked, and where it leaves. Originals are behind `unmask(field)` only.

mod evaluate;
mod expression;
mod fields;
mod function;
mod json;
mod net;
mod parser;
mod reader;
mod regex;
mod row;
mod run;
mod stats;
mod syntax;
mod text;
mod time;
mod value;

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::limits::QUERY_CHARS_MAX;

use parser::Parser;
use syntax::Plan;

pub(crate) use row::{Environment, QueryEvent, event_fields};
pub(crate) use run::{Answer, Failed, Run};

/// A query in the language of CloudWatch Logs Insights, parsed. `Debug` prints the length only. A
/// clone shares what was compiled.
///
/// Commands are separated by `|`; `#` begins a comment.
///
/// - `fields a, f(b) as c` chooses and computes, `display` chooses at the end.
/// - `filter` (or `where`) takes `and`, `or`, `not`, `=`, `!=`, `<`, `<=`, `>`, `>=`, `in [..]`,
///   `like "text"`, `like /regex/` and `=~`.
/// - `parse field "a * b *" as x, y` and `parse field /(?<x>regex)/` make fields of text.
/// - `stats count(*), pct(f, 95) as p by g, bin(5m)` aggregates; `sort f desc`, `limit n` and
///   `dedup f` order and choose rows.
/// - `unmask(field)` is the original of a field, for a caller with grants.
///
/// ```
/// # fn main() -> Result<(), logveil::Error> {
/// let query = logveil::Query::parse("filter level = 'ERROR' | stats count(*) by bin(5m)")?;
/// assert!(!query.unmasks());
/// let error = logveil::Query::parse("filter level = | limit 5").unwrap_err();
/// assert_eq!(error.kind().code(), "MalformedQueryException");
/// assert_eq!(error.place().unwrap().start, 15);
/// # Ok(())
/// # }
/// ```
///
/// Source: CloudWatch Logs User Guide, CloudWatch Logs Insights language query syntax.
#[derive(Clone)]
pub struct Query {
    text: String,
    plan: Arc<Plan>,
}

impl Query {
    /// Parses a query of at most 10,000 characters.
    ///
    /// # Errors
    ///
    /// InvalidParameter when it is too long; MalformedQuery with the offset and the line of the
    /// offending character in the text and its bytes in [`Error::place`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let chars = text.chars().count();
        if chars > QUERY_CHARS_MAX {
            return Err(Error::too_long("queryString", chars, QUERY_CHARS_MAX, "characters"));
        }
        let plan = Arc::new(Parser::new(text).parse()?);
        Ok(Self { text: text.to_owned(), plan })
    }

    /// The query as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it asks for originals, which takes a grant for every log group that it reads.
    pub fn unmasks(&self) -> bool {
        self.plan.unmasks
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({} characters)", self.text.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_query_and_queries_are_shared() {
        fn shared<T: Send + Sync>(_: &T) {}
        let query = Query::parse("filter a = 'canary'").unwrap();
        shared(&query);
        assert_eq!(format!("{query:?}"), "Query(19 characters)");
    }
}
