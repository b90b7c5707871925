//! The gate of a pattern that needs no keyword, read off the pattern itself.

use regex_syntax::hir::{Class as HirClass, Hir, HirKind};

use crate::detect::classes::Class;
use crate::detect::gates::{Element, elements_of, rarity};

/// The classes of a few bytes in a row.
pub(super) type Shape = Vec<Element>;

/// When a pattern is tried, and from where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Gate {
    /// Where one of the shapes stands; each value begins with one.
    Begins(Vec<Shape>),
    /// At an at sign, behind up to `bytes_max` bytes of those in `before`. The byte is the first of
    /// the sign, which is `@` or begins with `%`.
    AtSign { sign: u8, before: Box<[bool; 256]>, bytes_max: usize },
    /// At every byte.
    None,
}

/// How rare a shape is made: about one byte in 2 to this power.
const RARE: u32 = 7;

/// How rare a shape has to be at least.
const RARE_ENOUGH: u32 = 5;

/// Most shapes of one pattern.
const SHAPES_MAX: usize = 48;

impl Gate {
    /// The gate of a pattern.
    pub(super) fn of(hir: &Hir) -> Self {
        let (shapes, _) = extend(vec![Vec::new()], hir);
        if let Some(mut shapes) = simplified(shapes) {
            for shape in &mut shapes {
                if shape[0] == Element::Is(Class::Digit) {
                    // Inside a number no value begins.
                    shape[0] = Element::FirstDigit;
                }
            }
            return Self::Begins(shapes);
        }
        Self::at_sign(hir).unwrap_or(Self::None)
    }

    /// For a pattern of a variable part, then an at sign.
    fn at_sign(hir: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = hir.kind() else { return None };
        let (at, literal, sign) = parts.iter().enumerate().find_map(|(at, part)| {
            let HirKind::Literal(literal) = part.kind() else { return None };
            let sign = literal.0.iter().position(|byte| matches!(byte, b'@' | b'%'))?;
            Some((at, literal, sign))
        })?;
        let (first, sign) = (literal.0[..sign].to_vec(), literal.0[sign]);
        let prefix = parts[..at].iter().cloned().chain([Hir::literal(first)]);
        let prefix = Hir::concat(prefix.collect());
        let mut before = Box::new([false; 256]);
        collect_bytes(&prefix, &mut before);
        Some(Self::AtSign { sign, before, bytes_max: prefix.properties().maximum_len()? })
    }
}

/// Rare enough, without doubles and without those that another one implies; `None` if one is not
/// rare.
fn simplified(mut shapes: Vec<Shape>) -> Option<Vec<Shape>> {
    if shapes.iter().any(|shape| rarity(shape) < RARE_ENOUGH) {
        return None;
    }
    for shape in &mut shapes {
        while matches!(shape.last(), Some(Element::Any | Element::LetterOrDigit)) {
            shape.pop();
        }
    }
    shapes.sort();
    // A shape sorts directly behind those that it begins with.
    shapes.dedup_by(|next, kept| next.starts_with(kept));
    Some(shapes)
}

/// The shapes that stand at the front of what `hir` matches behind each of `shapes`. Those that are
/// rare enough are not extended. False when the end of `hir` was not reached by all.
fn extend(shapes: Vec<Shape>, hir: &Hir) -> (Vec<Shape>, bool) {
    let (done, open): (Vec<_>, Vec<_>) = shapes.into_iter().partition(|s| rarity(s) >= RARE);
    if open.is_empty() {
        return (done, true);
    }
    let (mut extended, whole) = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (open, true),
        HirKind::Literal(literal) => {
            let mut shapes = open;
            for shape in &mut shapes {
                for byte in &literal.0 {
                    if rarity(shape) < RARE {
                        shape.push(element_of(&[*byte]));
                    }
                }
            }
            (shapes, true)
        }
        HirKind::Class(class) => match class_bytes(class) {
            Some(bytes) => {
                let by_class = elements_of(&bytes);
                let longer = |shape: &Shape| {
                    let with = |element: &Element| {
                        let mut shape = shape.clone();
                        shape.push(*element);
                        shape
                    };
                    by_class.iter().map(with).collect::<Vec<_>>()
                };
                (open.iter().flat_map(longer).collect(), true)
            }
            None => (open, false),
        },
        HirKind::Capture(capture) => extend(open, &capture.sub),
        HirKind::Concat(parts) => {
            let (mut shapes, mut whole) = (open, true);
            for part in parts {
                if whole {
                    (shapes, whole) = extend(shapes, part);
                }
            }
            (shapes, whole)
        }
        HirKind::Alternation(branches) => {
            let (mut all, mut whole) = (Vec::new(), true);
            for branch in branches {
                let (shapes, reached) = extend(open.clone(), branch);
                all.extend(shapes);
                whole &= reached;
            }
            (all, whole)
        }
        HirKind::Repetition(repetition) => {
            let (mut shapes, mut all, mut whole) = (open, Vec::new(), true);
            let max = repetition.max.unwrap_or(u32::MAX);
            for count in 0..=max {
                if count >= repetition.min {
                    all.extend(shapes.iter().cloned());
                }
                // Nothing is left to extend, or too much.
                if count == max || shapes.iter().all(|s| rarity(s) >= RARE) {
                    all.extend(shapes.iter().filter(|_| count < repetition.min).cloned());
                    break;
                }
                if !whole || shapes.len() > SHAPES_MAX || count > 8 {
                    all.extend(shapes.iter().filter(|_| count < repetition.min).cloned());
                    whole = false;
                    break;
                }
                (shapes, whole) = extend(shapes, &repetition.sub);
            }
            (all, whole)
        }
    };
    extended.extend(done);
    extended.sort();
    extended.dedup();
    let few = extended.len() <= SHAPES_MAX;
    (extended, whole && few)
}

/// One element for all of `bytes`.
pub(super) fn element_of(bytes: &[u8]) -> Element {
    match elements_of(bytes)[..] {
        [only] => only,
        _ => Element::Any,
    }
}

/// The bytes of a class; `None` if it has characters outside ASCII.
fn class_bytes(class: &HirClass) -> Option<Vec<u8>> {
    let ranges: Vec<(u8, u8)> = match class {
        HirClass::Unicode(class) => class
            .iter()
            .map(|range| Some((u8::try_from(range.start()).ok()?, u8::try_from(range.end()).ok()?)))
            .collect::<Option<_>>()?,
        HirClass::Bytes(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
    };
    let bytes: Vec<u8> = ranges.into_iter().flat_map(|(from, to)| from..=to).collect();
    bytes.is_ascii().then_some(bytes)
}

/// Marks every byte that a match of `hir` may hold.
pub(super) fn collect_bytes(hir: &Hir, into: &mut [bool; 256]) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            literal.0.iter().for_each(|byte| into[usize::from(*byte)] = true);
        }
        HirKind::Class(HirClass::Unicode(class)) => {
            for range in class.iter() {
                let ascii = |c: char| u8::try_from(c).unwrap_or(0x7F).min(0x7F);
                if range.start().is_ascii() {
                    into[usize::from(ascii(range.start()))..=usize::from(ascii(range.end()))]
                        .fill(true);
                }
                if !range.end().is_ascii() {
                    into[0x80..].fill(true);
                }
            }
        }
        HirKind::Class(HirClass::Bytes(class)) => {
            for range in class.iter() {
                into[usize::from(range.start())..=usize::from(range.end())].fill(true);
            }
        }
        HirKind::Repetition(repetition) => collect_bytes(&repetition.sub, into),
        HirKind::Capture(capture) => collect_bytes(&capture.sub, into),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| collect_bytes(part, into));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: Element = Element::Is(Class::Digit);
    const L: Element = Element::Is(Class::Letter);

    fn gate(regex: &str) -> Gate {
        Gate::of(&regex_syntax::parse(regex).expect("a regex"))
    }

    #[test]
    fn a_gate_is_the_shortest_rare_beginning() {
        let is = Element::Is;
        let begins =
            |shapes: &[&[Element]]| Gate::Begins(shapes.iter().map(|s| s.to_vec()).collect());
        let plus = is(Class::Plus);
        assert_eq!(gate("[+]49[ .-]?[0-9]{4}"), begins(&[&[plus, D]]));
        assert_eq!(gate("[(]?[+]1"), begins(&[&[plus, D], &[is(Class::Open), plus]]));
        let postal = "[A-Z][0-9][A-Z][ -]?[0-9][A-Z][0-9]";
        let (dash, space) = (is(Class::Dash), is(Class::Space));
        assert_eq!(
            gate(postal),
            begins(&[&[L, D, L, D, L], &[L, D, L, dash, D], &[L, D, L, space, D]])
        );
        assert_eq!(gate("[0-9]{3}"), Gate::None);
        assert_eq!(gate("[^a]*"), Gate::None);
    }

    #[test]
    fn numbers_begin_at_their_first_digit() {
        let is = Element::Is;
        let shape = vec![Element::FirstDigit, is(Class::Dash), D, D];
        assert_eq!(gate("1-[2-9][0-9]{2}-[0-9]{4}"), Gate::Begins(vec![shape]));
    }

    #[test]
    fn an_at_sign_behind_a_variable_part_is_a_gate() {
        let Gate::AtSign { sign, before, bytes_max } = gate("[a-z](?:[.]?[a-z]){0,9}@[a-z]{2}")
        else {
            panic!("a variable part, then a sign");
        };
        assert_eq!((sign, bytes_max), (b'@', 19));
        assert!(before[usize::from(b'.')] && before[usize::from(b'q')]);
        assert!(!before[usize::from(b'@')] && !before[usize::from(b'Q')]);
        let Gate::AtSign { sign, before, .. } = gate("[a-zà-ö%]{1,9}%(?:25)?40[a-z]") else {
            panic!("a variable part, then a sign");
        };
        assert_eq!(sign, b'%');
        assert!(before[0xC3] && before[usize::from(b'%')] && !before[usize::from(b'@')]);
    }
}
