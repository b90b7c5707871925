//! Shapes of the model, as trees. No request of this service holds a shape inside itself; one
//! answer does, and is not looked into a second time.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use regex::Regex;
use serde::Deserialize;

/// A shape as it stands in the model.
#[derive(Deserialize)]
pub(super) struct ShapeText {
    r#type: String,
    #[serde(default)]
    members: BTreeMap<String, String>,
    #[serde(default)]
    required: Vec<String>,
    member: Option<String>,
    key: Option<String>,
    value: Option<String>,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    #[serde(default)]
    r#enum: Vec<String>,
    #[serde(default)]
    pub(super) fault: bool,
}

/// A shape and its constraints.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Of the length, or of the number itself.
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
}

pub(super) enum Kind {
    /// In the order of the members' names.
    Structure(Vec<Member>),
    List(Arc<Shape>),
    Map {
        key: Arc<Shape>,
        value: Arc<Shape>,
    },
    String {
        pattern: Option<Pattern>,
        /// Empty unless it is an enumeration.
        values: Vec<String>,
    },
    Integer,
    Long,
    Double,
    Boolean,
    Blob,
    /// A shape inside itself.
    Itself,
}

pub(super) struct Member {
    pub(super) name: String,
    pub(super) shape: Arc<Shape>,
    pub(super) required: bool,
}

/// A pattern of the model. It has to match a value from end to end.
pub(super) struct Pattern {
    text: String,
    regex: OnceLock<Regex>,
}

/// Makes trees of the model's shapes.
pub(super) struct Shapes {
    texts: BTreeMap<String, ShapeText>,
    made: BTreeMap<String, Arc<Shape>>,
}

impl Shapes {
    pub(super) fn new(texts: BTreeMap<String, ShapeText>) -> Self {
        Self { texts, made: BTreeMap::new() }
    }

    pub(super) fn shape(&mut self, name: &str) -> Arc<Shape> {
        if let Some(made) = self.made.get(name) {
            return Arc::clone(made);
        }
        // Taken out while it is made.
        let Some(text) = self.texts.remove(name) else {
            let kind = Kind::Itself;
            return Arc::new(Shape { name: name.to_owned(), kind, min: None, max: None });
        };
        let (min, max) = (text.min, text.max);
        let shape = Arc::new(Shape { name: name.to_owned(), kind: self.kind(text), min, max });
        self.made.insert(name.to_owned(), Arc::clone(&shape));
        shape
    }

    fn kind(&mut self, text: ShapeText) -> Kind {
        let mut part = |name: Option<String>| self.shape(&name.expect("a part of the shape"));
        match text.r#type.as_str() {
            "structure" => {
                let required = text.required;
                let member = |(name, shape): (String, String)| {
                    let (shape, required) = (self.shape(&shape), required.contains(&name));
                    Member { name, shape, required }
                };
                Kind::Structure(text.members.into_iter().map(member).collect())
            }
            "list" => Kind::List(part(text.member)),
            "map" => Kind::Map { key: part(text.key), value: part(text.value) },
            "string" => {
                Kind::String { pattern: text.pattern.map(Pattern::new), values: text.r#enum }
            }
            "integer" => Kind::Integer,
            "long" => Kind::Long,
            "double" => Kind::Double,
            "boolean" => Kind::Boolean,
            "blob" => Kind::Blob,
            other => panic!("a type that the model did not have: {other}"),
        }
    }
}

impl Pattern {
    fn new(text: String) -> Self {
        Self { text, regex: OnceLock::new() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        let compile = || {
            let ours = format!("\\A(?:{})\\z", from_java(&self.text));
            Regex::new(&ours).expect("a pattern of the model; a test compiles each")
        };
        self.regex.get_or_init(compile).is_match(value)
    }
}

/// The service reads patterns as Java does: its classes are ASCII.
fn from_java(pattern: &str) -> String {
    let mut ours = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match (character, (character == '\\').then(|| characters.next()).flatten()) {
            ('\\', Some('w')) => ours.push_str("[0-9A-Za-z_]"),
            ('\\', Some('d')) => ours.push_str("[0-9]"),
            ('\\', Some('S')) => ours.push_str("[^ \\t\\n\\x0B\\f\\r]"),
            ('\\', Some(escaped)) => ours.extend(['\\', escaped]),
            (other, _) => ours.push(other),
        }
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::*;

    /// Every pattern of requests and answers, and how many there are.
    fn patterns(shape: &Shape, of: &mut impl FnMut(&Shape, &Pattern)) {
        match &shape.kind {
            Kind::Structure(members) => {
                members.iter().for_each(|member| patterns(&member.shape, of));
            }
            Kind::List(element) => patterns(element, of),
            Kind::Map { key, value } => {
                patterns(key, of);
                patterns(value, of);
            }
            Kind::String { pattern: Some(pattern), .. } => of(shape, pattern),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_of_the_model_compiles() {
        let mut seen = std::collections::BTreeSet::new();
        for operation in Model::get().operations() {
            for shape in [Some(&operation.input), operation.output.as_ref()].into_iter().flatten() {
                patterns(shape, &mut |shape, pattern| {
                    pattern.matches("");
                    seen.insert(shape.name.clone());
                });
            }
        }
        let with_pattern = super::super::TEXT.matches("\"pattern\":").count();
        assert_eq!(seen.len(), with_pattern, "{seen:?}");
    }

    #[test]
    fn only_the_answer_of_get_log_fields_holds_a_shape_inside_itself() {
        fn circles(shape: &Shape) -> usize {
            match &shape.kind {
                Kind::Structure(members) => {
                    members.iter().map(|member| circles(&member.shape)).sum()
                }
                Kind::List(part) => circles(part),
                Kind::Map { key, value } => circles(key) + circles(value),
                Kind::Itself => 1,
                _ => 0,
            }
        }
        for operation in Model::get().operations() {
            assert_eq!(circles(&operation.input), 0, "{}", operation.name());
            let answers = operation.output.as_deref().map_or(0, circles);
            assert_eq!(answers > 0, operation.name() == "GetLogFields", "{}", operation.name());
        }
    }

    #[test]
    fn classes_are_ascii_as_in_java() {
        let word = Pattern::new("[\\w-_]*".to_owned());
        assert!(word.matches("aZ_-9") && word.matches("") && !word.matches("ä"));
        let digits = Pattern::new("^\\d{2}$".to_owned());
        assert!(digits.matches("12") && !digits.matches("١٢") && !digits.matches("12\n"));
        let visible = Pattern::new("\\S{2}".to_owned());
        assert!(visible.matches("aä") && !visible.matches("a ") && visible.matches("a\u{a0}"));
    }
}
