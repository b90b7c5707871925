//! Expressions: text → tree.

use super::Parser;
use super::function::{Function, aggregate, function, plain};
use super::parser::Mode;
use super::regex::QueryRegex;
use super::syntax::{Aggregate, AggregateKind, Arithmetic, Comparison, Expr};
use super::time::Period;
use crate::error::Error;
use crate::limits::{QUERY_DEPTH_MAX, QUERY_REGEXES_MAX};
use crate::pattern::number;

/// The longer ones first, since the others begin them.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("!=", Comparison::Unequal),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

const SUMS: [(&str, Arithmetic); 2] = [("+", Arithmetic::Add), ("-", Arithmetic::Subtract)];

const PRODUCTS: [(&str, Arithmetic); 3] =
    [("*", Arithmetic::Multiply), ("/", Arithmetic::Divide), ("%", Arithmetic::Remainder)];

/// Words that are no fields unless they stand in backticks.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "like", "as", "by", "asc"];

impl Parser<'_> {
    /// A whole expression.
    pub(super) fn expression(&mut self) -> Result<Expr, Error> {
        self.reader.peek();
        let start = self.reader.at();
        let expr = self.any()?;
        if !expr.fits(QUERY_DEPTH_MAX) {
            return Err(self.reader.fault_at(start, "begins what is nested too deeply"));
        }
        Ok(expr)
    }

    fn any(&mut self) -> Result<Expr, Error> {
        let mut all = vec![self.all()?];
        while self.reader.eat_word("or") {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Any(all) })
    }

    fn all(&mut self) -> Result<Expr, Error> {
        let mut all = vec![self.not()?];
        while self.reader.eat_word("and") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::All(all) })
    }

    fn not(&mut self) -> Result<Expr, Error> {
        if self.reader.eat_word("not") {
            let inside = self.nested(Self::not)?;
            return Ok(Expr::Not(Box::new(inside)));
        }
        self.comparison()
    }

    /// Parses what lies a level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == QUERY_DEPTH_MAX {
            return Err(self.reader.fault("begins what is nested too deeply"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        let left = Box::new(self.sum()?);
        if self.reader.eat("=~") {
            return self.like(left, true);
        }
        if let Some((_, comparison)) = COMPARISONS.iter().find(|(text, _)| self.reader.eat(text)) {
            return Ok(Expr::Compare(*comparison, left, Box::new(self.sum()?)));
        }
        if self.reader.eat_words(["not", "like"]) {
            return self.like(left, false);
        }
        if self.reader.eat_word("like") {
            return self.like(left, true);
        }
        let not = self.reader.eat_words(["not", "in"]);
        if not || self.reader.eat_word("in") {
            let mut values = Vec::new();
            self.reader.expect("[")?;
            while !self.reader.eat("]") {
                if !values.is_empty() {
                    self.reader.expect(",")?;
                }
                values.push(self.nested(Self::sum)?);
            }
            return Ok(Expr::In(left, values, !not));
        }
        Ok(*left)
    }

    fn like(&mut self, left: Box<Expr>, expected: bool) -> Result<Expr, Error> {
        if self.reader.peek() == Some('/') {
            return Ok(Expr::Matches(left, self.regex()?, expected));
        }
        Ok(Expr::Contains(left, Box::new(self.sum()?), expected))
    }

    /// A regex between slashes.
    pub(super) fn regex(&mut self) -> Result<QueryRegex, Error> {
        self.reader.peek();
        let start = self.reader.at();
        self.regexes += 1;
        if self.regexes > QUERY_REGEXES_MAX {
            let what = format!("begins one regular expression more than {QUERY_REGEXES_MAX}");
            return Err(self.reader.fault_at(start, &what));
        }
        let text = match self.reader.peek() {
            Some('/') => self.reader.slashed()?,
            Some('"' | '\'') => self.reader.quoted()?,
            _ => return Err(self.reader.fault("has to begin a regular expression")),
        };
        QueryRegex::compile(&text).ok_or_else(|| {
            let what = "begins a regular expression that is none, or too large; look-around and \
                        back-references are not taken";
            self.reader.fault_at(start, what)
        })
    }

    fn sum(&mut self) -> Result<Expr, Error> {
        self.chain(&SUMS, Self::product)
    }

    fn product(&mut self) -> Result<Expr, Error> {
        self.chain(&PRODUCTS, Self::power)
    }

    fn chain(
        &mut self,
        operators: &[(&str, Arithmetic)],
        operand: fn(&mut Self) -> Result<Expr, Error>,
    ) -> Result<Expr, Error> {
        let mut left = operand(self)?;
        let mut links = self.depth;
        while let Some((_, operator)) = operators.iter().find(|(text, _)| self.reader.eat(text)) {
            links += 1;
            if links > QUERY_DEPTH_MAX {
                return Err(self.reader.fault("begins what is nested too deeply"));
            }
            left = Expr::Arithmetic(*operator, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    // Choice: `^` binds closer than a sign, and of several the last first.
    fn power(&mut self) -> Result<Expr, Error> {
        if self.reader.eat("-") {
            let inside = self.nested(Self::power)?;
            let zero = Box::new(Expr::Number(0.0));
            return Ok(match inside {
                Expr::Number(number) => Expr::Number(-number),
                inside => Expr::Arithmetic(Arithmetic::Subtract, zero, Box::new(inside)),
            });
        }
        let base = self.access()?;
        if self.reader.eat("^") {
            let exponent = self.nested(Self::power)?;
            return Ok(Expr::Arithmetic(Arithmetic::Power, Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    /// An operand, and what it leads to: `list[0].key`, `jsonParse(text).key`.
    pub(super) fn access(&mut self) -> Result<Expr, Error> {
        let operand = self.operand()?;
        let mut path = Vec::new();
        loop {
            let made = !path.is_empty() || matches!(operand, Expr::Call(..));
            if self.reader.eat("[") {
                path.push(match self.reader.peek() {
                    Some('"' | '\'') => self.reader.quoted()?,
                    _ => self.reader.name()?,
                });
                self.reader.expect("]")?;
            } else if made && self.reader.peek_word().starts_with('.') {
                path.extend(self.reader.name()?.split('.').skip(1).map(str::to_owned));
            } else {
                break;
            }
        }
        Ok(if path.is_empty() { operand } else { Expr::Path(Box::new(operand), path) })
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        match self.reader.peek() {
            Some('"' | '\'') => return self.reader.quoted().map(Expr::Text),
            Some('(') => {
                self.reader.expect("(")?;
                let inside = self.nested(Self::any)?;
                self.reader.expect(")")?;
                return Ok(inside);
            }
            _ => {}
        }
        let (start, word) = (self.reader.at(), self.reader.peek_word());
        let literal = match word.to_ascii_lowercase().as_str() {
            "true" => Some(1.0),
            "false" => Some(0.0),
            _ => number(word),
        };
        if let Some(literal) = literal {
            self.reader.word();
            return Ok(Expr::Number(literal));
        }
        if KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            return Err(self.reader.fault("begins a keyword where a value is expected"));
        }
        let name = self.reader.name()?;
        if word == name && self.reader.peek() == Some('(') {
            return self.nested(|parser| parser.call(&plain(&name), start));
        }
        self.field(name, start).map(Expr::Field)
    }

    /// A call, from its `(` on.
    fn call(&mut self, name: &str, start: usize) -> Result<Expr, Error> {
        self.reader.expect("(")?;
        if let Some(kind) = aggregate(name) {
            return self.aggregate(kind, start);
        }
        let expr = match name {
            "unmask" => self.unmask()?,
            "bin" => Expr::Round(Box::new(Expr::system("@timestamp")), self.period()?, false),
            "datefloor" | "dateceil" => {
                let time = self.any()?;
                self.reader.expect(",")?;
                Expr::Round(Box::new(time), self.period()?, name == "dateceil")
            }
            "regexreplace" => {
                let text = self.any()?;
                self.reader.expect(",")?;
                let regex = self.regex()?;
                self.reader.expect(",")?;
                Expr::Replace(Box::new(text), regex, Box::new(self.any()?))
            }
            _ => {
                let Some((function, least, most)) = function(name) else {
                    return Err(self.reader.fault_at(start, "begins the name of no function"));
                };
                self.arguments(function, least, most, start)?
            }
        };
        self.reader.expect(")")?;
        Ok(self.known_column(start).unwrap_or(expr))
    }

    fn arguments(
        &mut self,
        function: Function,
        least: usize,
        most: usize,
        start: usize,
    ) -> Result<Expr, Error> {
        let mut arguments = Vec::new();
        while self.reader.peek() != Some(')') {
            if !arguments.is_empty() {
                self.reader.expect(",")?;
            }
            arguments.push(self.any()?);
        }
        if !(least..=most).contains(&arguments.len()) {
            let what = "begins a call with too few or too many arguments";
            return Err(self.reader.fault_at(start, what));
        }
        Ok(Expr::Call(function, arguments))
    }

    /// `5m`, `1 hour`.
    fn period(&mut self) -> Result<Period, Error> {
        self.reader.peek();
        let (start, word) = (self.reader.at(), self.reader.word());
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = word.split_at(digits);
        let unit = if unit.is_empty() { self.reader.word() } else { unit };
        let count = count.parse().ok().filter(|count| *count > 0);
        count.and_then(|count| Period::of(count, unit)).ok_or_else(|| {
            self.reader.fault_at(start, "has to begin a period, such as 30s, 5m or 1h")
        })
    }

    /// `unmask(field)`.
    fn unmask(&mut self) -> Result<Expr, Error> {
        self.reader.peek();
        let start = self.reader.at();
        if self.mode != Mode::Events {
            let what = "asks for the original of what is no log event";
            return Err(self.reader.fault_at(start, what));
        }
        match self.access()? {
            field @ (Expr::Field(_) | Expr::Path(..)) => {
                self.plan.unmasks = true;
                Ok(Expr::Unmask(Box::new(field)))
            }
            _ => Err(self.reader.fault_at(start, "has to begin the name of a field")),
        }
    }

    /// An aggregate, behind its `(`. Behind `stats` its text may be the name of a column.
    fn aggregate(&mut self, mut kind: AggregateKind, start: usize) -> Result<Expr, Error> {
        let inside_stats = self.enter_aggregate();
        let of = if self.reader.eat("*") || self.reader.peek() == Some(')') {
            None
        } else {
            Some(self.expression()?)
        };
        if let AggregateKind::Pct(percent) = &mut kind {
            self.reader.expect(",")?;
            self.reader.peek();
            let at = self.reader.at();
            let given = number(self.reader.word()).filter(|it| (0.0..=100.0).contains(it));
            *percent = given.ok_or_else(|| {
                self.reader.fault_at(at, "has to begin a percentile from 0 to 100")
            })?;
        }
        self.reader.expect(")")?;
        if of.is_none() && kind != AggregateKind::Count {
            return Err(self.reader.fault_at(start, "begins an aggregate of nothing"));
        }
        if !inside_stats {
            return self.known_column(start).ok_or_else(|| {
                self.reader.fault_at(start, "begins an aggregate, which stands in stats only")
            });
        }
        let index = self.leave_aggregate(Aggregate { kind, of });
        Ok(Expr::Aggregate(index))
    }
}
