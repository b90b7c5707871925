//! Queries of Logs Insights, and their definitions.

use logveil::{
    DescribeQueries, DescribeQueryDefinitions, Engine, GetLogGroupFields, GetQueryResults,
    ListLogGroupsForQuery, LogGroupName, PutQueryDefinition, Query, QueryDefinition, QueryInfo,
    QueryLanguage, QueryParameter, QueryStatus, ResultField, StartQuery, UnmaskGrant,
};
use serde_json::{Value, json};

use super::{Answer, Operation, listed, object, operation, some};
use crate::answer::Failure;
use crate::call::Call;
use crate::input::{Input, missing};

pub(super) const OPERATIONS: &[Operation] = &[
    operation("StartQuery", start),
    operation("GetQueryResults", results),
    operation("StopQuery", stop),
    operation("DescribeQueries", describe),
    operation("ListLogGroupsForQuery", log_groups),
    operation("GetLogGroupFields", fields),
    operation("PutQueryDefinition", put_definition),
    operation("DescribeQueryDefinitions", describe_definitions),
    operation("DeleteQueryDefinition", delete_definition),
];

fn start(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let query = Query::parse(input.needed("queryString")?)?;
    let seconds = |name: &str| input.integer(name)?.ok_or_else(|| missing(name));
    let mut request = StartQuery {
        log_group_name: input.parsed("logGroupName", LogGroupName::new)?,
        log_group_names: names(input)?,
        log_group_identifiers: input.texts("logGroupIdentifiers")?.unwrap_or_default(),
        start_time: seconds("startTime")?,
        end_time: seconds("endTime")?,
        query,
        query_language: language(input)?.unwrap_or_default(),
        limit: input.count("limit")?,
        unmask: Vec::new(),
        user_identity: Some(call.caller.principal().as_str().to_owned()),
    };
    // Originals are asked for by the query itself; who may not see them is refused at once.
    let grants = match request.query.unmasks() {
        true => grants(call, &call.engine, call.engine.queried_log_groups(&request)?)?,
        false => Vec::new(),
    };
    request.unmask = grants.iter().collect();
    Ok(json!({ "queryId": call.engine.start_query(request)? }))
}

fn names(input: &Input) -> Result<Vec<LogGroupName>, Failure> {
    Ok(input.parsed_all("logGroupNames", LogGroupName::new)?.unwrap_or_default())
}

fn language(input: &Input) -> Result<Option<QueryLanguage>, Failure> {
    input.parsed("queryLanguage", QueryLanguage::parse)
}

fn grants(
    call: &Call<'_>,
    engine: &Engine,
    names: Vec<LogGroupName>,
) -> Result<Vec<UnmaskGrant>, Failure> {
    let grant =
        |name: &LogGroupName| engine.authorize_unmask(call.caller, call.caller.principal(), name);
    Ok(names.iter().map(grant).collect::<Result<_, logveil::Error>>()?)
}

fn results(call: &mut Call<'_>) -> Answer {
    let query_id = call.input.needed("queryId")?.to_owned();
    let needed = call.engine.query_needs_grants(&query_id)?;
    let grants = grants(call, &call.engine, needed)?;
    let page = call.engine.get_query_results(&GetQueryResults {
        query_id,
        next_token: call.input.owned("nextToken")?,
        max_items: call.input.count("maxItems")?,
        unmask: grants.iter().collect(),
    })?;
    let field = |field: &ResultField| json!({ "field": field.field, "value": field.value() });
    let row = |row: &Vec<ResultField>| Value::Array(row.iter().map(field).collect());
    let statistics = page.statistics;
    Ok(object([
        ("queryLanguage", Some(page.query_language.as_str().into())),
        ("results", Some(page.results.iter().map(row).collect())),
        (
            "statistics",
            Some(json!({
                "recordsMatched": statistics.records_matched as f64,
                "recordsScanned": statistics.records_scanned as f64,
                "estimatedRecordsSkipped": 0.0,
                "bytesScanned": statistics.bytes_scanned as f64,
                "estimatedBytesSkipped": 0.0,
                "logGroupsScanned": statistics.log_groups_scanned as f64,
                "resultCount": statistics.result_count as f64,
            })),
        ),
        ("status", Some(page.status.as_str().into())),
        ("nextToken", some(page.next_token)),
    ]))
}

fn stop(call: &mut Call<'_>) -> Answer {
    call.engine.stop_query(call.input.needed("queryId")?)?;
    Ok(json!({ "success": true }))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_queries(&DescribeQueries {
        log_group_name: input.parsed("logGroupName", LogGroupName::new)?,
        status: input.parsed("status", QueryStatus::parse)?,
        max_results: input.count("maxResults")?,
        next_token: input.owned("nextToken")?,
        query_language: language(input)?,
    })?;
    let shown = |query: QueryInfo| {
        object([
            ("queryLanguage", Some(query.query_language.as_str().into())),
            ("queryId", Some(query.query_id.into())),
            ("queryString", Some(query.query_string.into())),
            ("status", Some(query.status.as_str().into())),
            ("createTime", Some(query.create_time.into())),
            ("logGroupName", Some(query.log_group_name.as_str().into())),
            ("queryDuration", some(query.query_duration)),
            ("bytesScanned", Some((query.bytes_scanned as f64).into())),
            ("userIdentity", some(query.user_identity)),
        ])
    };
    Ok(object([
        ("queries", Some(page.queries.into_iter().map(shown).collect())),
        ("nextToken", some(page.next_token)),
    ]))
}

fn log_groups(call: &mut Call<'_>) -> Answer {
    let arns = call.engine.list_log_groups_for_query(&ListLogGroupsForQuery {
        query_id: call.input.needed("queryId")?.to_owned(),
        max_results: call.input.count("maxResults")?,
        next_token: call.input.owned("nextToken")?,
    })?;
    Ok(json!({ "logGroupIdentifiers": arns }))
}

fn fields(call: &mut Call<'_>) -> Answer {
    let (engine, log_group) = call.log_group()?;
    let fields = engine.get_log_group_fields(&GetLogGroupFields {
        log_group_identifier: log_group.as_str().to_owned(),
        time: call.input.integer("time")?,
    })?;
    let shown =
        |field: &logveil::LogGroupField| json!({ "name": field.name, "percent": field.percent });
    Ok(json!({ "logGroupFields": fields.iter().map(shown).collect::<Vec<_>>() }))
}

fn put_definition(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let parameter = |inner: Input| {
        Ok(QueryParameter {
            name: inner.needed("name")?.to_owned(),
            default_value: inner.owned("defaultValue")?,
            description: inner.owned("description")?,
        })
    };
    let parameters = input.inner_all("parameters")?.unwrap_or_default();
    let id = call.engine.put_query_definition(PutQueryDefinition {
        query_definition_id: input.owned("queryDefinitionId")?,
        name: input.needed("name")?.to_owned(),
        query_string: input.needed("queryString")?.to_owned(),
        query_language: language(input)?.unwrap_or_default(),
        log_group_names: names(input)?,
        parameters: parameters.into_iter().map(parameter).collect::<Result<_, Failure>>()?,
        client_token: input.owned("clientToken")?,
    })?;
    Ok(json!({ "queryDefinitionId": id }))
}

fn describe_definitions(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_query_definitions(&DescribeQueryDefinitions {
        query_definition_name_prefix: input.owned("queryDefinitionNamePrefix")?,
        query_language: language(input)?,
        max_results: input.count("maxResults")?,
        next_token: input.owned("nextToken")?,
    })?;
    Ok(object([
        ("queryDefinitions", Some(page.query_definitions.into_iter().map(definition).collect())),
        ("nextToken", some(page.next_token)),
    ]))
}

fn definition(definition: QueryDefinition) -> Value {
    let parameter = |parameter: QueryParameter| {
        object([
            ("name", Some(parameter.name.into())),
            ("defaultValue", some(parameter.default_value)),
            ("description", some(parameter.description)),
        ])
    };
    let names = definition.log_group_names.iter().map(|name| name.as_str().to_owned());
    object([
        ("queryLanguage", Some(definition.query_language.as_str().into())),
        ("queryDefinitionId", Some(definition.query_definition_id.into())),
        ("name", Some(definition.name.into())),
        ("queryString", Some(definition.query_string.into())),
        ("lastModified", Some(definition.last_modified.into())),
        ("logGroupNames", Some(names.collect::<Vec<_>>().into())),
        ("parameters", listed(definition.parameters.into_iter().map(parameter).collect())),
    ])
}

fn delete_definition(call: &mut Call<'_>) -> Answer {
    call.engine.delete_query_definition(call.input.needed("queryDefinitionId")?)?;
    Ok(json!({ "success": true }))
}
