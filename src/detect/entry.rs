//! Where a match of a custom identifier may begin, read off its regex: a few bytes in a row that
//! every match of one of its branches holds, and what may stand in a match before them.

use regex_syntax::hir::{Class as HirClass, Hir, HirKind};

use super::gates::{Element, elements_of, rarity};
use super::shapes::SHAPE_MAX;

/// Most branches of a regex that are looked for one by one.
const BRANCHES_MAX: usize = 16;

/// Most bytes in a row whose places are known.
const FIXED_MAX: usize = 24;

/// Most bytes of a fixed text that are looked for, and fewest of one that is rare by itself.
const LITERAL_MAX: usize = 8;
const LITERAL_MIN: usize = 2;
const LITERAL_RARE: usize = 3;

/// How rare a shape has to be, about one byte in 2 to this power, and beyond what nothing is won.
const RARITY_MIN: u32 = 2;
const RARITY_MAX: u32 = 9;

/// Most classes that a byte of a shape may have.
const ALTERNATIVES_MAX: usize = 2;

/// Most shapes of one entry.
const SHAPES_MAX: usize = 8;

/// What every match of one branch of a regex holds.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) sign: Sign,
    /// Bytes from the beginning of `fixed` to the end of the sign.
    near: usize,
    /// What may stand at each place around the sign.
    fixed: Box<[Bytes]>,
    /// What may stand in a match before that, and how many bytes of it.
    before: Bytes,
    before_max: usize,
}

/// What is looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Sign {
    Literal(Vec<u8>),
    /// One of these.
    Shapes(Vec<Vec<Element>>),
}

/// A set of bytes: those of ASCII, and all others or none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Bytes {
    ascii: u128,
    high: bool,
}

impl Bytes {
    fn contains(self, byte: u8) -> bool {
        if byte.is_ascii() { self.ascii >> byte & 1 == 1 } else { self.high }
    }

    fn or(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, high: self.high | other.high }
    }

    fn of(class: &HirClass) -> Self {
        let mut bytes = Self::default();
        let mut add = |from: u32, to: u32| {
            bytes.high |= to >= 0x80;
            (from..=to.min(0x7F)).for_each(|byte| bytes.ascii |= 1 << byte);
        };
        match class {
            HirClass::Unicode(class) => {
                class.iter().for_each(|range| add(range.start().into(), range.end().into()));
            }
            HirClass::Bytes(class) => {
                class.iter().for_each(|range| add(range.start().into(), range.end().into()));
            }
        }
        bytes
    }

    /// The only byte, if there is one.
    fn single(self) -> Option<u8> {
        let single = !self.high && self.ascii.count_ones() == 1;
        single.then(|| u8::try_from(self.ascii.trailing_zeros()).expect("fewer than 128"))
    }

    /// Classes that together hold all of them.
    fn elements(self) -> Vec<Element> {
        let all: Vec<u8> = (0..0x80).filter(|byte| self.contains(*byte)).collect();
        let elements = elements_of(&all);
        if elements.len() > ALTERNATIVES_MAX { vec![Element::Any] } else { elements }
    }
}

/// Characters of a set, so many in a row.
#[derive(Clone, Copy)]
struct Unit {
    bytes: Bytes,
    min: usize,
    max: Option<usize>,
}

impl Entry {
    /// An entry for each branch of `regex`; `None` when one of them has nothing that is worth
    /// looking for. `regex` is one that [`crate::identifier::custom`] has translated: without
    /// groups, and with `|` only between branches.
    pub(super) fn all(regex: &str) -> Option<Vec<Self>> {
        let branches: Vec<_> = regex.split('|').collect();
        if branches.len() > BRANCHES_MAX {
            return None;
        }
        let of = |branch: &str| {
            let mut units = Vec::new();
            collect(&regex_syntax::parse(branch).ok()?, &mut units)?;
            Self::best(&units)
        };
        branches.into_iter().map(of).collect()
    }

    /// The best that any stretch of the branch gives.
    fn best(units: &[Unit]) -> Option<Self> {
        let mut best: Option<(usize, Self)> = None;
        for first in 0..units.len() {
            let Some((score, entry)) = Self::from(units, first) else { continue };
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, entry));
            }
        }
        best.map(|(_, entry)| entry)
    }

    /// The entry whose fixed part begins with the last necessary characters of unit `first`.
    fn from(units: &[Unit], first: usize) -> Option<(usize, Self)> {
        let fixed = fixed_from(&units[first..]);
        let (score, sign, near) = sign_of(&fixed)?;
        let (mut before, mut before_max) = (Bytes::default(), Some(0usize));
        let mut add = |bytes: Bytes, max: Option<usize>| {
            if max != Some(0) {
                let width = if bytes.high { 4 } else { 1 };
                before = before.or(bytes);
                before_max = before_max.zip(max).map(|(all, max)| all + max * width);
            }
        };
        units[..first].iter().for_each(|unit| add(unit.bytes, unit.max));
        let Unit { bytes, min, max } = units[first];
        add(bytes, max.map(|max| max - min));
        // What begins a match need not be walked back from.
        let score = if before_max == Some(0) { score + 3 } else { score };
        let before_max = before_max.unwrap_or(usize::MAX);
        Some((score, Self { sign, near, fixed: fixed.into(), before, before_max }))
    }

    /// The fixed text that is looked for; empty for shapes.
    pub(super) fn literal(&self) -> &[u8] {
        match &self.sign {
            Sign::Literal(literal) => literal,
            Sign::Shapes(_) => &[],
        }
    }

    /// Takes `text` for its sign, if it is a part of it.
    pub(super) fn look_for(&mut self, text: &[u8]) -> bool {
        let Some(at) = memchr::memmem::find(self.literal(), text) else { return false };
        self.near -= self.literal().len() - at - text.len();
        self.sign = Sign::Literal(text.to_vec());
        true
    }

    /// Whether the fixed part stands around the sign that ends before byte `end`.
    #[inline]
    pub(super) fn stands(&self, text: &[u8], end: usize) -> bool {
        let Some(begin) = end.checked_sub(self.near) else { return false };
        let Some(bytes) = text.get(begin..begin + self.fixed.len()) else { return false };
        bytes.iter().zip(&*self.fixed).all(|(byte, set)| set.contains(*byte))
    }

    /// The places where a match may begin whose sign ends before byte `end`, none before `from`.
    pub(super) fn starts(
        &self,
        text: &[u8],
        end: usize,
        from: usize,
    ) -> Option<std::ops::RangeInclusive<usize>> {
        let begin = end.checked_sub(self.near)?;
        let before = text.get(from..begin).unwrap_or_default();
        let before = before.iter().rev().take(self.before_max);
        let back = before.take_while(|byte| self.before.contains(**byte)).count();
        Some(begin - back..=begin)
    }
}

/// The regex as units; `None` if it is none that custom identifiers may have.
fn collect(hir: &Hir, units: &mut Vec<Unit>) -> Option<()> {
    let once = |bytes| Unit { bytes, min: 1, max: Some(1) };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => units.extend(literal.0.iter().map(|byte| {
            once(if byte.is_ascii() {
                Bytes { ascii: 1 << byte, high: false }
            } else {
                Bytes { ascii: 0, high: true }
            })
        })),
        HirKind::Class(class) => units.push(once(Bytes::of(class))),
        HirKind::Repetition(repetition) => {
            let mut inside = Vec::new();
            collect(&repetition.sub, &mut inside)?;
            let [Unit { bytes, min: 1, max: Some(1) }] = inside[..] else { return None };
            let count = |count: u32| usize::try_from(count).expect("at most 1,000");
            let (min, max) = (count(repetition.min), repetition.max.map(count));
            units.push(Unit { bytes, min, max });
        }
        HirKind::Concat(parts) => {
            for part in parts {
                collect(part, units)?;
            }
        }
        HirKind::Capture(_) | HirKind::Alternation(_) => return None,
    }
    Some(())
}

/// What stands at the places from the last necessary characters of the first unit on, as long as
/// each character is one byte and follows directly.
fn fixed_from(units: &[Unit]) -> Vec<Bytes> {
    let mut fixed = Vec::new();
    for (index, Unit { bytes, min, max }) in units.iter().enumerate() {
        let room = FIXED_MAX - fixed.len();
        if bytes.high {
            break;
        }
        fixed.extend(std::iter::repeat_n(*bytes, (*min).min(room)));
        let goes_on = *max == Some(*min) || (index == 0 && *min > 0);
        if !goes_on || *min > room {
            break;
        }
    }
    fixed
}

/// The best sign of a fixed part, how good it is, and where it ends.
fn sign_of(fixed: &[Bytes]) -> Option<(usize, Sign, usize)> {
    let (literal, literal_end) = literal_of(fixed);
    if literal.len() >= LITERAL_RARE {
        return Some((10 + literal.len(), Sign::Literal(literal), literal_end));
    }
    let shape = shapes_of(fixed);
    let literal =
        (literal.len() >= LITERAL_MIN).then_some((6, Sign::Literal(literal), literal_end));
    match (shape, literal) {
        (Some(shape), Some(literal)) if shape.0 < literal.0 => Some(literal),
        (shape, literal) => shape.or(literal),
    }
}

/// The longest fixed text, and where it ends.
fn literal_of(fixed: &[Bytes]) -> (Vec<u8>, usize) {
    let mut best = (Vec::new(), 0);
    let mut run = Vec::new();
    for (at, set) in fixed.iter().enumerate() {
        match set.single() {
            Some(byte) if run.len() < LITERAL_MAX => run.push(byte),
            Some(_) => {}
            None => run.clear(),
        }
        if run.len() > best.0.len() {
            best = (run.clone(), at + 1);
        }
    }
    best
}

/// The shortest rarest shapes, how rare they are, and where they end.
fn shapes_of(fixed: &[Bytes]) -> Option<(usize, Sign, usize)> {
    let elements: Vec<_> = fixed.iter().map(|set| set.elements()).collect();
    let mut best: Option<(u32, Vec<Vec<Element>>, usize)> = None;
    for first in 0..elements.len() {
        if elements[first].iter().any(|element| rarity(&[*element]) == 0) {
            continue;
        }
        let mut shapes = vec![Vec::new()];
        for (at, alternatives) in elements.iter().enumerate().skip(first).take(SHAPE_MAX) {
            if alternatives.is_empty() || shapes.len() * alternatives.len() > SHAPES_MAX {
                break;
            }
            let longer = |shape: &Vec<Element>, next: &Element| [&shape[..], &[*next]].concat();
            let with = |shape| alternatives.iter().map(move |next| longer(shape, next));
            shapes = shapes.iter().flat_map(with).collect();
            let rare = shapes.iter().map(|shape| rarity(shape)).min().unwrap_or(0).min(RARITY_MAX);
            if best.as_ref().is_none_or(|(known, ..)| rare > *known) {
                best = Some((rare, shapes.clone(), at + 1));
            }
            if rare == RARITY_MAX {
                break;
            }
        }
    }
    let (rare, shapes, end) = best.filter(|(rare, ..)| *rare >= RARITY_MIN)?;
    Some((rare as usize, Sign::Shapes(shapes), end))
}
