//! Tags: of resources by their ARN, and of log groups by name, as the older operations have it.

use serde_json::json;

use super::{Answer, Operation, empty, log_groups, operation, texts};
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("TagResource", tag_resource),
    operation("UntagResource", untag_resource),
    operation("ListTagsForResource", list_of_resource),
    operation("TagLogGroup", tag_log_group),
    operation("UntagLogGroup", untag_log_group),
    operation("ListTagsLogGroup", list_of_log_group),
];

fn tag_resource(call: &mut Call<'_>) -> Answer {
    let tags = call.input.map("tags")?.unwrap_or_default();
    call.engine.tag_resource(call.input.needed("resourceArn")?, tags)?;
    empty()
}

fn untag_resource(call: &mut Call<'_>) -> Answer {
    let keys = call.input.texts("tagKeys")?.unwrap_or_default();
    call.engine.untag_resource(call.input.needed("resourceArn")?, &keys)?;
    empty()
}

fn list_of_resource(call: &mut Call<'_>) -> Answer {
    let tags = call.engine.list_tags_for_resource(call.input.needed("resourceArn")?)?;
    Ok(json!({ "tags": texts(tags) }))
}

fn tag_log_group(call: &mut Call<'_>) -> Answer {
    let tags = call.input.map("tags")?.unwrap_or_default();
    call.engine.tag_log_group(&log_groups::name(call)?, tags)?;
    empty()
}

fn untag_log_group(call: &mut Call<'_>) -> Answer {
    let keys = call.input.texts("tags")?.unwrap_or_default();
    call.engine.untag_log_group(&log_groups::name(call)?, &keys)?;
    empty()
}

fn list_of_log_group(call: &mut Call<'_>) -> Answer {
    let tags = call.engine.list_tags_log_group(&log_groups::name(call)?)?;
    Ok(json!({ "tags": texts(tags) }))
}
