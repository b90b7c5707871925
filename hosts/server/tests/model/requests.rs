//! Requests made from the model's text: the least that is valid, and the same with something else
//! in one place. Reads the text by itself, as a second opinion on what the model says.

use std::sync::LazyLock;

use logveil_corpora::Random;
use serde_json::{Map, Value, json};

pub static MODEL: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../model/logs.json")).expect("the model")
});

/// Members that may hold text of logs, patterns, queries, policies, tags or descriptions.
pub const NEVER: &[&str] = &[
    "accessPolicy",
    "attributes",
    "columns",
    "defaultValue",
    "deliveryDestinationPolicy",
    "deliverySourceConfiguration",
    "description",
    "destinationPrefix",
    "dimensions",
    "entries",
    "fieldIndexNames",
    "fieldSelectionCriteria",
    "filterPattern",
    "keyAttributes",
    "logEventFilterPattern",
    "logEventMessages",
    "logGroupTags",
    "match",
    "matchPatterns",
    "message",
    "metricValue",
    "policyDocument",
    "queryString",
    "recordFields",
    "selectionCriteria",
    "tableBody",
    "tagKeys",
    "tags",
    "transformerConfig",
    "values",
];

/// A place in a request.
#[derive(Clone, Debug)]
pub struct Place {
    pub operation: String,
    pub steps: Vec<Step>,
    pub shape: String,
}

#[derive(Clone, Debug)]
pub enum Step {
    Member(String),
    Element,
    Key,
    Value,
}

impl Place {
    /// What errors call it. Scalars of lists and maps go by the name of the whole.
    pub fn path(&self) -> String {
        let mut path = String::new();
        let scalar = !matches!(shape(&self.shape)["type"].as_str(), Some("structure" | "list"));
        let whole = self.is_part() && scalar;
        let steps = &self.steps[..self.steps.len() - usize::from(whole)];
        for step in steps {
            match step {
                Step::Member(name) if path.is_empty() => path.push_str(name),
                Step::Member(name) => path.extend([".", name]),
                Step::Element => path.push_str(".1.member"),
                Step::Key | Step::Value => panic!("maps hold scalars only"),
            }
        }
        path
    }

    /// Whether it is a part of a list or map.
    pub fn is_part(&self) -> bool {
        !matches!(self.steps.last(), Some(Step::Member(_)))
    }

    /// The name of the member that it is, or is in.
    pub fn member(&self) -> &str {
        let name = |step: &'_ Step| matches!(step, Step::Member(_));
        match self.steps.iter().rfind(|step| name(step)) {
            Some(Step::Member(name)) => name,
            _ => panic!("a request is a structure"),
        }
    }

    /// The least request in which this place holds that value.
    pub fn request(&self, value: &Value) -> Value {
        let input = MODEL["operations"][&self.operation]["input"].as_str().expect("a shape");
        build(input, &self.steps, value)
    }
}

pub fn shape(name: &str) -> &'static Value {
    &MODEL["shapes"][name]
}

/// Every place of every request.
pub fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for (operation, text) in MODEL["operations"].as_object().expect("operations") {
        let input = text["input"].as_str().expect("a shape").to_owned();
        collect(&Place { operation: operation.clone(), steps: vec![], shape: input }, &mut places);
    }
    places
}

fn collect(place: &Place, places: &mut Vec<Place>) {
    let text = shape(&place.shape);
    let mut inner = |step: Step, shape: &Value| {
        let mut steps = place.steps.clone();
        steps.push(step);
        let shape = shape.as_str().expect("a name").to_owned();
        let inner = Place { operation: place.operation.clone(), steps, shape };
        places.push(inner.clone());
        collect(&inner, places);
    };
    match text["type"].as_str().expect("a type") {
        "structure" => {
            let members = text["members"].as_object().expect("members");
            members.iter().for_each(|(name, shape)| inner(Step::Member(name.clone()), shape));
        }
        "list" => inner(Step::Element, &text["member"]),
        "map" => {
            inner(Step::Key, &text["key"]);
            inner(Step::Value, &text["value"]);
        }
        _ => {}
    }
}

/// The least valid value.
pub fn least(name: &str) -> Value {
    let text = shape(name);
    let min = text["min"].as_i64().unwrap_or(0);
    let count = usize::try_from(min).expect("not negative");
    match text["type"].as_str().expect("a type") {
        "structure" => build(name, &[], &Value::Null),
        "list" => vec![least(text["member"].as_str().expect("a name")); count].into(),
        "map" => entries(text, count).into(),
        "string" => match text["enum"].as_array() {
            Some(values) => values[0].clone(),
            None => string(name, count.max(1), &mut Random::new(0)).into(),
        },
        "boolean" => json!(true),
        "double" => json!(0.5),
        _ => json!(min),
    }
}

/// So many entries of a map.
pub fn entries(map: &Value, count: usize) -> Map<String, Value> {
    let value = map["value"].as_str().expect("a name");
    (0..count).map(|at| (format!("k{at}"), least(value))).collect()
}

/// A text of so many characters that fits the pattern of the shape.
pub fn string(name: &str, count: usize, random: &mut Random) -> String {
    let (before, filling, after) = match name {
        "AccountId" => ("", "059", ""),
        "DetectorKmsKeyArn" => ("arn:aws:kms:eu-west-1:1:key/", "a-9", ""),
        // Five names of up to 25 characters, between bars.
        "LogGroupNameRegexPattern" if count == 129 => {
            return vec!["^".to_owned() + &"a".repeat(24); 5].join("|");
        }
        "MappingVersion" => ("1.", "09", ""),
        "OpenSearchApplicationEndpoint" | "OpenSearchCollectionEndpoint" => {
            ("https://", "a-9", ".com")
        }
        "S3Uri" => ("s3://abc/", "a-9", ""),
        "VpcEndpointId" => ("vpce-", "af9", ""),
        "FieldHeader" | "FieldDelimiter" => ("", "ab", ""),
        "LogType" | "LookupTableName" | "QueryParameterName" => ("", "aZ_", ""),
        _ => ("", "aZm", ""),
    };
    let filling: Vec<char> = filling.chars().collect();
    let fixed = before.len() + after.len();
    let middle = count.saturating_sub(fixed).max(1);
    let middle: String = (0..middle).map(|_| filling[random.below(filling.len())]).collect();
    let bare = count < fixed && !["S3Uri", "DetectorKmsKeyArn"].contains(&name);
    if bare && count == 1 && name == "MappingVersion" {
        return "1.0".to_owned();
    }
    format!("{before}{middle}{after}")
}

fn build(name: &str, steps: &[Step], value: &Value) -> Value {
    let text = shape(name);
    match steps.split_first() {
        None if text["type"] != "structure" => value.clone(),
        None if !value.is_null() => value.clone(),
        None => Value::Object(required(text)),
        Some((Step::Member(member), rest)) => {
            let mut members = required(text);
            let inner = text["members"][member].as_str().expect("a name");
            members.insert(member.clone(), build(inner, rest, value));
            Value::Object(members)
        }
        Some((Step::Element, rest)) => {
            let inner = text["member"].as_str().expect("a name");
            let mut elements = vec![build(inner, rest, value)];
            let min = text["min"].as_u64().unwrap_or(0);
            elements.extend((1..min).map(|_| least(inner)));
            elements.into()
        }
        Some((step, rest)) => {
            let count = usize::try_from(text["min"].as_u64().unwrap_or(0)).expect("small");
            let mut entries = entries(text, count.saturating_sub(1));
            let of = text["value"].as_str().expect("a name");
            let (key, value) = match step {
                Step::Key => (value.as_str().expect("a text").to_owned(), least(of)),
                _ => ("key".to_owned(), build(of, rest, value)),
            };
            entries.insert(key, value);
            Value::Object(entries)
        }
    }
}

fn required(structure: &Value) -> Map<String, Value> {
    let required = structure["required"].as_array().map_or(&[][..], Vec::as_slice);
    let member = |name: &Value| {
        let name = name.as_str().expect("a name");
        (name.to_owned(), least(structure["members"][name].as_str().expect("a name")))
    };
    required.iter().map(member).collect()
}
