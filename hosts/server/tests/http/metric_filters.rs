//! Metric filters over HTTP: what is put is what is described.

use serde_json::{Value, json};

use crate::support::Running;

fn put(name: &str, transformation: &Value) -> Value {
    json!({
        "logGroupName": "/app", "filterName": name, "filterPattern": "{ $.ms = * }",
        "metricTransformations": [transformation],
    })
}

#[test]
fn metric_filters_are_put_described_and_deleted() {
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/app"}));
    let plain = json!({"metricName": "M", "metricNamespace": "App", "metricValue": "1"});
    let mut whole = json!({
        "metricName": "N", "metricNamespace": "App", "metricValue": "$.ms",
        "dimensions": {"User": "$.user"}, "unit": "Milliseconds",
    });
    let mut request = put("whole", &whole);
    request["fieldSelectionCriteria"] = json!("@aws.region != \"x\"");
    request["emitSystemFieldDimensions"] = json!(["@aws.account"]);
    running.done("PutMetricFilter", &request);
    let mut with_default = plain.clone();
    with_default["defaultValue"] = json!(0);
    running.done("PutMetricFilter", &put("default", &with_default));

    let found = running.done("DescribeMetricFilters", &json!({"logGroupName": "/app", "limit": 1}));
    let mut first = found["metricFilters"][0].clone();
    assert!(first["creationTime"].as_i64() > Some(0));
    first.as_object_mut().unwrap().remove("creationTime");
    with_default["defaultValue"] = json!(0.0);
    with_default["unit"] = json!("None");
    let expected = json!({
        "filterName": "default", "logGroupName": "/app", "filterPattern": "{ $.ms = * }",
        "applyOnTransformedLogs": false, "metricTransformations": [with_default],
    });
    assert_eq!(first, expected);
    let next = json!({"logGroupName": "/app", "limit": 1, "nextToken": found["nextToken"]});
    let second = running.done("DescribeMetricFilters", &next);
    assert_eq!(second.get("nextToken"), None);
    let second = &second["metricFilters"][0];
    whole["dimensions"] = json!({"User": "$.user"});
    assert_eq!(second["metricTransformations"], json!([whole]));
    assert_eq!(second["fieldSelectionCriteria"], "@aws.region != \"x\"");
    assert_eq!(second["emitSystemFieldDimensions"], json!(["@aws.account"]));

    let by_metric = json!({"metricName": "N", "metricNamespace": "App"});
    let found = running.done("DescribeMetricFilters", &by_metric);
    assert_eq!(found["metricFilters"].as_array().map(Vec::len), Some(1));
    let groups = running.done("DescribeLogGroups", &json!({}));
    assert_eq!(groups["logGroups"][0]["metricFilterCount"], 2);

    let delete = json!({"logGroupName": "/app", "filterName": "default"});
    running.done("DeleteMetricFilter", &delete);
    let (status, answer) = running.call("DeleteMetricFilter", &delete);
    assert_eq!((status, &answer["__type"]), (400, &json!("ResourceNotFoundException")));
    let groups = running.done("DescribeLogGroups", &json!({}));
    assert_eq!(groups["logGroups"][0]["metricFilterCount"], 1);

    let mut faulty = put("f", &plain);
    faulty["metricTransformations"][0]["defaultValue"] = json!(1);
    faulty["metricTransformations"][0]["dimensions"] = json!({"D": "$.canary"});
    let (status, answer) = running.call("PutMetricFilter", &faulty);
    assert_eq!((status, &answer["__type"]), (400, &json!("InvalidParameterException")));
    assert!(!answer.to_string().contains("canary"));
    faulty["metricTransformations"] = json!([]);
    let (status, answer) = running.call("PutMetricFilter", &faulty);
    assert_eq!((status, &answer["__type"]), (400, &json!("InvalidParameterException")));
}
