//! Query definitions: named queries that are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::arn::LogGroupName;
use crate::error::{Error, ErrorKind};
use crate::limits::{
    QUERY_CHARS_MAX, QUERY_DEFINITION_NAME_CHARS_MAX, QUERY_DEFINITIONS_MAX,
    QUERY_PARAMETER_DEFAULT_CHARS_MAX, QUERY_PARAMETER_DESCRIPTION_CHARS_MAX,
    QUERY_PARAMETER_NAME_CHARS_MAX, QUERY_PARAMETERS_MAX,
};

use super::describe::page_limit;
use super::{Engine, Hidden, Queries, QueryLanguage, random_id};

/// Kind under which definitions are kept.
const DEFINITION: &str = "query-definition";

/// Request of [`Engine::put_query_definition`]. `Debug` prints of texts their lengths only.
#[derive(Clone)]
pub struct PutQueryDefinition {
    /// Of the definition to change; absent for a new one.
    pub query_definition_id: Option<String>,
    /// 1 to 255 characters.
    pub name: String,
    /// 1 to 10,000 characters. It is not parsed: it may hold `{{parameters}}`.
    pub query_string: String,
    /// Its language; any is kept.
    pub query_language: QueryLanguage,
    /// Log groups to query; whether they exist is not looked at.
    pub log_group_names: Vec<LogGroupName>,
    /// At most 20.
    pub parameters: Vec<QueryParameter>,
    /// The same token makes no second definition.
    pub client_token: Option<String>,
}

/// A placeholder of a query definition. `Debug` prints its name only.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct QueryParameter {
    /// A letter or `_`, and letters, digits and `_`; at most 128.
    pub name: String,
    /// At most 1,024 characters.
    pub default_value: Option<String>,
    /// At most 512 characters.
    pub description: Option<String>,
}

/// A query definition. `Debug` prints of texts their lengths only.
#[derive(Clone)]
pub struct QueryDefinition {
    /// Its id.
    pub query_definition_id: String,
    /// Its name.
    pub name: String,
    /// The query.
    pub query_string: String,
    /// Its language.
    pub query_language: QueryLanguage,
    /// When it was put last, ms since 1970 UTC.
    pub last_modified: i64,
    /// Log groups to query.
    pub log_group_names: Vec<LogGroupName>,
    /// Its placeholders.
    pub parameters: Vec<QueryParameter>,
}

/// Request of [`Engine::describe_query_definitions`].
#[derive(Clone, Debug, Default)]
pub struct DescribeQueryDefinitions {
    /// Only those whose name begins so.
    pub query_definition_name_prefix: Option<String>,
    /// Only those in this language.
    pub query_language: Option<QueryLanguage>,
    /// Most definitions to return, 1 to 1,000; absent means 1,000.
    pub max_results: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_query_definitions`].
#[derive(Clone, Debug)]
pub struct QueryDefinitionsPage {
    /// In the order of their names.
    pub query_definitions: Vec<QueryDefinition>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A definition as it is kept, under its id.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Definition {
    name: String,
    query_string: String,
    query_language: String,
    last_modified: i64,
    log_group_names: Vec<String>,
    parameters: Vec<QueryParameter>,
    client_token: Option<String>,
}

impl Queries {
    /// The definitions among the objects that were kept.
    ///
    /// # Errors
    ///
    /// InvalidOperation when one is not understood.
    pub(in crate::engine) fn open(kept: &[(String, String, String)]) -> Result<Self, Error> {
        let mut definitions = BTreeMap::new();
        for (_, id, value) in kept.iter().filter(|(kind, ..)| kind == DEFINITION) {
            let definition: Definition = serde_json::from_str(value).map_err(|_| {
                let message = "a query definition that is kept is not understood by this version \
                               of logveil";
                Error::new(ErrorKind::InvalidOperation, message)
            })?;
            definitions.insert(id.clone(), definition);
        }
        Ok(Self { definitions: Mutex::new(definitions), ..Self::default() })
    }

    fn definitions(&self) -> MutexGuard<'_, BTreeMap<String, Definition>> {
        self.definitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Makes a query definition, or gives an existing one all its parts anew; returns its id.
    ///
    /// # Errors
    ///
    /// InvalidParameter for what is too long, too much or empty; ResourceNotFound for an id that
    /// no definition has; LimitExceeded when there are 1,000; ServiceUnavailable.
    pub fn put_query_definition(&self, request: PutQueryDefinition) -> Result<String, Error> {
        request.check()?;
        let PutQueryDefinition { query_definition_id, name, query_string, .. } = request;
        let mut definitions = self.queries.definitions();
        let token = request.client_token;
        if query_definition_id.is_none() && token.is_some() {
            let same = definitions.iter().find(|(_, known)| known.client_token == token);
            if let Some((id, _)) = same {
                return Ok(id.clone());
            }
        }
        let id = match query_definition_id {
            Some(id) if definitions.contains_key(&id) => id,
            Some(_) => return Err(no_definition()),
            None if definitions.len() >= QUERY_DEFINITIONS_MAX => {
                let message = format!("there are {QUERY_DEFINITIONS_MAX} definitions already");
                return Err(Error::new(ErrorKind::LimitExceeded, message));
            }
            None => random_id()?,
        };
        let names = request.log_group_names.iter().map(|name| name.as_str().to_owned());
        let definition = Definition {
            name,
            query_string,
            query_language: request.query_language.as_str().to_owned(),
            last_modified: self.clock.now_ms(),
            log_group_names: names.collect(),
            parameters: request.parameters,
            client_token: token,
        };
        let value = serde_json::to_string(&definition).expect("definitions are plain JSON");
        self.store.keep_object(DEFINITION, &id, Some(value))?;
        definitions.insert(id.clone(), definition);
        Ok(id)
    }

    /// The query definitions in the order of their names, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a number or token that cannot be.
    pub fn describe_query_definitions(
        &self,
        request: &DescribeQueryDefinitions,
    ) -> Result<QueryDefinitionsPage, Error> {
        let limit = page_limit(request.max_results)?;
        let prefix = request.query_definition_name_prefix.as_deref().unwrap_or_default();
        let language = request.query_language.map_or("", QueryLanguage::as_str);
        let paging = self.tokens.of("DescribeQueryDefinitions", self.clock.now_ms());
        let paging = paging.with(prefix).with(language);
        // An id has no NUL; names come first.
        let place = |name: &str, id: &str| format!("{name}\0{id}");
        let after = request.next_token.as_deref();
        let after =
            after.map(|token| paging.parse_name(token, |it| Ok(it.to_owned()))).transpose()?;
        let definitions = self.queries.definitions();
        let wanted = |definition: &Definition| {
            definition.name.starts_with(prefix)
                && (language.is_empty() || definition.query_language == language)
        };
        let found = definitions.iter().filter(|(_, definition)| wanted(definition));
        let mut found: Vec<_> =
            found.map(|(id, definition)| (place(&definition.name, id), id, definition)).collect();
        found.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        found.retain(|(place, ..)| after.as_ref().is_none_or(|after| place > after));
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(|(place, ..)| place);
        let next_token = last.map(|last| paging.print(last.as_bytes())).transpose()?;
        let shown = found.into_iter().map(|(_, id, definition)| definition.shown(id));
        Ok(QueryDefinitionsPage { query_definitions: shown.collect::<Result<_, _>>()?, next_token })
    }

    /// Removes a query definition.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; ServiceUnavailable.
    pub fn delete_query_definition(&self, query_definition_id: &str) -> Result<(), Error> {
        let mut definitions = self.queries.definitions();
        if !definitions.contains_key(query_definition_id) {
            return Err(no_definition());
        }
        self.store.keep_object(DEFINITION, query_definition_id, None)?;
        definitions.remove(query_definition_id);
        Ok(())
    }
}

impl PutQueryDefinition {
    fn check(&self) -> Result<(), Error> {
        check_chars("name", &self.name, 1, QUERY_DEFINITION_NAME_CHARS_MAX)?;
        check_chars("queryString", &self.query_string, 1, QUERY_CHARS_MAX)?;
        if self.parameters.len() > QUERY_PARAMETERS_MAX {
            let (len, max) = (self.parameters.len(), QUERY_PARAMETERS_MAX);
            return Err(Error::too_long("parameters", len, max, "parameters"));
        }
        self.parameters.iter().try_for_each(QueryParameter::check)
    }
}

impl QueryParameter {
    fn check(&self) -> Result<(), Error> {
        check_chars("parameters.name", &self.name, 1, QUERY_PARAMETER_NAME_CHARS_MAX)?;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let digit = self.name.starts_with(|c: char| c.is_ascii_digit());
        if digit || !self.name.chars().all(word) {
            let message = "parameters.name is not a letter or _, and letters, digits and _";
            return Err(Error::invalid(message));
        }
        let checked = [
            ("parameters.defaultValue", &self.default_value, QUERY_PARAMETER_DEFAULT_CHARS_MAX),
            ("parameters.description", &self.description, QUERY_PARAMETER_DESCRIPTION_CHARS_MAX),
        ];
        for (what, text, max) in checked {
            check_chars(what, text.as_deref().unwrap_or_default(), 0, max)?;
        }
        Ok(())
    }
}

fn check_chars(what: &str, text: &str, min: usize, max: usize) -> Result<(), Error> {
    match text.chars().count() {
        len if len < min => Err(Error::invalid(format!("{what} is empty"))),
        len if len > max => Err(Error::too_long(what, len, max, "characters")),
        _ => Ok(()),
    }
}

fn no_definition() -> Error {
    let message = "The specified query definition does not exist.";
    Error::new(ErrorKind::ResourceNotFound, message)
}

impl Definition {
    fn shown(&self, id: &str) -> Result<QueryDefinition, Error> {
        let names = self.log_group_names.iter().map(|name| LogGroupName::new(name));
        Ok(QueryDefinition {
            query_definition_id: id.to_owned(),
            name: self.name.clone(),
            query_string: self.query_string.clone(),
            query_language: QueryLanguage::parse(&self.query_language)?,
            last_modified: self.last_modified,
            log_group_names: names.collect::<Result<_, _>>()?,
            parameters: self.parameters.clone(),
        })
    }
}

impl fmt::Debug for PutQueryDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutQueryDefinition")
            .field("query_definition_id", &self.query_definition_id)
            .field("name", &Hidden(&self.name))
            .field("query_string", &Hidden(&self.query_string))
            .field("log_group_names", &self.log_group_names)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for QueryDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryDefinition")
            .field("query_definition_id", &self.query_definition_id)
            .field("name", &Hidden(&self.name))
            .field("query_string", &Hidden(&self.query_string))
            .field("last_modified", &self.last_modified)
            .field("log_group_names", &self.log_group_names)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for QueryParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryParameter").field("name", &self.name).finish_non_exhaustive()
    }
}
