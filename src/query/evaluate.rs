//! Expressions × rows → values.

use super::function::Function;
use super::json::Tree;
use super::row::{Scope, View};
use super::syntax::{Arithmetic, Expr, Field, From};
use super::value::{Datum, Mark, Value};
use super::{net, text, time};

impl Scope<'_> {
    /// The value of an expression. Absent is what has none: a field that is not there, a number of
    /// a text that is none, a division by zero.
    pub(super) fn eval(&self, expr: &Expr) -> Value {
        match expr {
            Expr::Number(number) => Value::number(*number, Mark::Plain),
            Expr::Text(text) => Value::text(text.as_str(), Mark::Plain),
            Expr::Field(field) => self.field(field),
            Expr::Path(from, path) => self.path(from, path),
            Expr::Unmask(field) => self.with_view(View::Original).eval(field),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::Round(of, period, up) => {
                let of = self.eval(of);
                let time = of.as_integer().and_then(|time| period.round(time, *up));
                time.map_or(Value::ABSENT, |time| Value::time(time, Mark::of([of.mark])))
            }
            Expr::Replace(of, regex, with) => {
                let (of, with) = (self.eval(of), self.eval(with));
                let (Some(from), Some(to)) = (of.as_text(), with.as_text()) else {
                    return Value::ABSENT;
                };
                let made = regex.replace(&from, &to);
                made.map_or(Value::ABSENT, |it| self.made(it, Mark::of([of.mark, with.mark])))
            }
            Expr::Arithmetic(operator, left, right) => {
                let (left, right) = (self.eval(left), self.eval(right));
                let mark = Mark::of([left.mark, right.mark]);
                let numbers = left.as_number().zip(right.as_number());
                numbers.map_or(Value::ABSENT, |(left, right)| {
                    Value::number(operator.of(left, right), mark)
                })
            }
            Expr::Aggregate(index) => self.aggregates.get(*index).cloned().unwrap_or(Value::ABSENT),
            Expr::Compare(..)
            | Expr::Contains(..)
            | Expr::Matches(..)
            | Expr::In(..)
            | Expr::Not(_)
            | Expr::All(_)
            | Expr::Any(_) => Value::truth(self.holds(expr)),
        }
    }

    /// Whether a condition holds.
    // Choice: what is absent is neither like nor unlike a text, and neither in a list nor not in
    // it; `not` before a condition that does not hold makes one that does.
    pub(super) fn holds(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Compare(comparison, left, right) => {
                self.eval(left).compares(*comparison, &self.eval(right))
            }
            Expr::Contains(of, what, expected) => {
                let (of, what) = (self.eval(of), self.eval(what));
                let texts = of.as_text().zip(what.as_text());
                texts.is_some_and(|(of, what)| of.contains(&*what) == *expected)
            }
            Expr::Matches(of, regex, expected) => {
                let of = self.eval(of);
                of.as_text().is_some_and(|of| regex.is_match(&of) == *expected)
            }
            Expr::In(of, values, expected) => {
                let of = self.eval(of);
                let same = |value| of.compares(super::syntax::Comparison::Equal, &self.eval(value));
                !of.is_absent() && values.iter().any(same) == *expected
            }
            Expr::Not(inside) => !self.holds(inside),
            Expr::All(all) => all.iter().all(|it| self.holds(it)),
            Expr::Any(any) => any.iter().any(|it| self.holds(it)),
            _ => self.eval(expr).is_true(),
        }
    }

    fn field(&self, field: &Field) -> Value {
        match &field.from {
            From::Slot(slot) => self.slot(*slot),
            From::Inside(slot, path) => self.inside(self.slot(*slot), path),
            From::System(system) => self.system(*system),
            From::Event => self.discovered(&field.name),
            From::Nothing => Value::ABSENT,
        }
    }

    fn path(&self, from: &Expr, path: &[String]) -> Value {
        if let Expr::Field(Field { name, from: From::Event }) = from {
            return self.discovered(&format!("{name}.{}", path.join(".")));
        }
        self.inside(self.eval(from), path)
    }

    fn inside(&self, value: Value, path: &[String]) -> Value {
        let Value { datum: Datum::Tree(mut tree), mark } = value else { return Value::ABSENT };
        for step in path {
            let Some(found) = tree.get(step) else { return Value::ABSENT };
            tree = found;
        }
        tree.value(mark, &self.judge())
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Value {
        match function {
            // These look at no more arguments than they need.
            Function::Coalesce => {
                let values = arguments.iter().map(|it| self.eval(it));
                values.into_iter().find(|value| !value.is_absent()).unwrap_or(Value::ABSENT)
            }
            Function::If | Function::Case => {
                let mut rest = arguments;
                while let [condition, value, after @ ..] = rest {
                    if self.holds(condition) {
                        return self.eval(value);
                    }
                    rest = after;
                }
                rest.first().map_or(Value::ABSENT, |default| self.eval(default))
            }
            _ => {
                let values: Vec<_> = arguments.iter().map(|it| self.eval(it)).collect();
                self.apply(function, &values)
            }
        }
    }

    fn apply(&self, function: Function, values: &[Value]) -> Value {
        let mark = Mark::of(values.iter().map(|value| value.mark));
        let first = values.first().unwrap_or(&Value::ABSENT);
        match function {
            Function::IsPresent => Value::truth(!first.is_absent()),
            Function::IsNumeric => Value::truth(first.as_number().is_some()),
            Function::MessageSize => {
                let message = self.system(super::syntax::System::Message);
                let size = message.as_text().map(|text| text.len() as f64);
                size.map_or(Value::ABSENT, |size| Value::number(size, self.mark()))
            }
            Function::Now
            | Function::QueryStartTime
            | Function::QueryEndTime
            | Function::QueryTimeRange => self.clock(function),
            Function::FromMillis => {
                let time = first.as_integer();
                time.map_or(Value::ABSENT, |time| Value::time(time, mark))
            }
            Function::ToMillis => {
                let time = first.as_integer();
                time.map_or(Value::ABSENT, |time| Value::number(time as f64, mark))
            }
            Function::ParseDate | Function::FormatDate => self.date(function, values, mark),
            Function::JsonParse
            | Function::JsonStringify
            | Function::JsonArraySize
            | Function::JsonArrayContains => self.json(function, values, mark),
            Function::Abs
            | Function::Ceil
            | Function::Floor
            | Function::Greatest
            | Function::Least
            | Function::Log
            | Function::Round
            | Function::Sqrt
            | Function::Haversine
            | Function::ToNumber
            | Function::ToInt => match numeric(function, values) {
                Some(number) => Value::number(number, mark),
                None => Value::ABSENT,
            },
            _ => match net::apply(function, values, mark) {
                Some(value) => value,
                None => text::apply(self, function, values, mark),
            },
        }
    }

    // Choice: the range of the query in milliseconds, as times are elsewhere; `now` in seconds.
    fn clock(&self, function: Function) -> Value {
        let environment = self.environment;
        let number = match function {
            Function::Now => environment.now_ms.div_euclid(1000),
            Function::QueryStartTime => environment.start_ms,
            Function::QueryEndTime => environment.end_ms,
            _ => environment.end_ms - environment.start_ms,
        };
        Value::number(number as f64, Mark::Plain)
    }

    fn date(&self, function: Function, values: &[Value], mark: Mark) -> Value {
        let [of, format, rest @ ..] = values else { return Value::ABSENT };
        let (format, zone) = (format.as_text(), rest.first().and_then(Value::as_text));
        let Some(format) = format else { return Value::ABSENT };
        if function == Function::ParseDate {
            let text = of.as_text();
            let parsed = text.and_then(|text| time::parse(&text, &format, zone.as_deref()));
            return parsed.map_or(Value::ABSENT, |time| Value::time(time, mark));
        }
        let made = of.as_integer().and_then(|it| time::format(it, &format, zone.as_deref()));
        made.map_or(Value::ABSENT, |made| self.made(made, mark))
    }

    fn json(&self, function: Function, values: &[Value], mark: Mark) -> Value {
        let Some(first) = values.first() else { return Value::ABSENT };
        match (function, &first.datum) {
            (Function::JsonParse, Datum::Text(text)) => {
                let tree = if self.charge(text.len()) { Tree::parse(text) } else { None };
                tree.map_or(Value::ABSENT, |tree| tree.value(mark, &self.judge()))
            }
            (Function::JsonParse, _) => Value { mark, ..first.clone() },
            (Function::JsonStringify, Datum::Text(text)) => {
                let quoted = serde_json::to_string(text.as_str()).expect("a text is plain JSON");
                self.made(quoted, mark)
            }
            (Function::JsonStringify, _) => {
                first.as_text().map_or(Value::ABSENT, |text| self.part(&text, mark))
            }
            (Function::JsonArraySize, Datum::Tree(tree)) => {
                let len = tree.list_len();
                len.map_or(Value::ABSENT, |len| Value::number(len as f64, mark))
            }
            (Function::JsonArrayContains, Datum::Tree(tree)) => {
                let (items, wanted) = (tree.items(mark, &self.judge()), values.get(1));
                let equal = super::syntax::Comparison::Equal;
                let found = |wanted: &Value| items.iter().any(|it| it.compares(equal, wanted));
                Value::truth(wanted.is_some_and(found))
            }
            _ => Value::ABSENT,
        }
    }
}

fn numeric(function: Function, values: &[Value]) -> Option<f64> {
    let number = values.first()?.as_number();
    let all = || values.iter().filter_map(Value::as_number);
    match function {
        Function::Greatest => all().reduce(f64::max),
        Function::Least => all().reduce(f64::min),
        Function::Abs => number.map(f64::abs),
        Function::Ceil => number.map(f64::ceil),
        Function::Floor => number.map(f64::floor),
        Function::Log => number.map(f64::ln),
        Function::Sqrt => number.map(f64::sqrt),
        Function::ToNumber => number,
        Function::ToInt => number.map(f64::trunc),
        Function::Round => {
            let digits = values.get(1).map_or(Some(0.0), Value::as_number)?;
            let factor = 10f64.powi(digits.clamp(0.0, 15.0) as i32);
            number.map(|number| (number * factor).round() / factor)
        }
        _ => haversine(&all().collect::<Vec<_>>()),
    }
}

/// Kilometres between two places, each given by latitude and longitude in degrees.
fn haversine(degrees: &[f64]) -> Option<f64> {
    const EARTH_RADIUS_KM: f64 = 6371.0;
    let [lat, lon, other_lat, other_lon] = degrees else { return None };
    let (a, b) = (lat.to_radians(), other_lat.to_radians());
    let half = |difference: f64| (difference.to_radians() / 2.0).sin().powi(2);
    let h = half(other_lat - lat) + a.cos() * b.cos() * half(other_lon - lon);
    Some(2.0 * EARTH_RADIUS_KM * h.min(1.0).sqrt().asin())
}

impl Arithmetic {
    fn of(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Power => left.powf(right),
            Self::Remainder => left % right,
        }
    }
}
