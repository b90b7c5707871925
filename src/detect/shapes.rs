//! Many shapes looked for at once: each byte of a shape is one step over the bitmaps of a chunk,
//! and shapes that begin alike share their first steps.

use super::classes::{
    Class, ClassSet, Classes, EMPTY, GROUPS, LANES, Row, any, lanes, lanes_mut, or,
};
use super::gates::Element;

/// Most bytes of a shape.
pub(super) const SHAPE_MAX: usize = 12;

/// Most targets of the shapes of a detector.
pub(super) const TARGETS_MAX: usize = u32::BITS as usize;

/// The shapes of a detector, as steps.
#[derive(Default)]
pub(super) struct Shapes {
    steps: Vec<Step>,
    /// Bytes of the longest.
    depths: usize,
    targets: usize,
    /// Some step is [`Element::LetterOrDigit`].
    asks_for_either: bool,
    /// Some step is [`Element::FirstDigit`].
    asks_for_first_digit: bool,
}

/// One byte more.
struct Step {
    /// How many bytes stand before it; steps come in depth-first order.
    depth: usize,
    /// The next step that does not follow this one.
    beyond: usize,
    element: Element,
    /// The class of the element, if it is one.
    asks_for: ClassSet,
    /// Bits of the targets whose shapes end here.
    targets: u32,
}

/// Working memory.
pub(super) struct ShapeRows {
    /// The shapes found so far, by depth.
    paths: Vec<Row>,
    /// For each step, what it found in the last block.
    carried: Vec<u64>,
    /// Where shapes end, by target.
    pub(super) ends: Vec<Row>,
    /// For each target, the groups in which one of its shapes ends.
    groups: Vec<u32>,
    /// Letters and digits.
    either: [u64; LANES * GROUPS],
    /// Digits that no digit precedes.
    first_digit: [u64; LANES * GROUPS],
    /// A chunk of the text has been looked at.
    goes_on: bool,
}

impl Default for ShapeRows {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            carried: Vec::new(),
            ends: Vec::new(),
            groups: Vec::new(),
            either: [0; LANES * GROUPS],
            first_digit: [0; LANES * GROUPS],
            goes_on: false,
        }
    }
}

impl Shapes {
    /// The shapes of each target.
    pub(super) fn new(targets: &[Vec<&[Element]>]) -> Self {
        let mut all: Vec<(&[Element], u32)> = Vec::new();
        for (index, shapes) in targets.iter().enumerate() {
            all.extend(shapes.iter().map(|shape| (*shape, 1 << index)));
        }
        all.sort();
        let mut steps: Vec<Step> = Vec::new();
        let mut path: &[Element] = &[];
        for (shape, targets) in all {
            assert!((1..=SHAPE_MAX).contains(&shape.len()), "a shape is a few bytes");
            let common = path.iter().zip(shape).take_while(|(a, b)| a == b).count();
            let new = shape.iter().enumerate().skip(common);
            steps.extend(new.map(|(depth, element)| Step {
                depth,
                beyond: 0,
                element: *element,
                asks_for: match element {
                    Element::Is(class) => ClassSet::of(*class),
                    _ => ClassSet::NONE,
                },
                targets: 0,
            }));
            // The last step of this depth on the path is the end of the shape.
            let end = steps.iter_mut().rfind(|step| step.depth + 1 == shape.len());
            end.expect("a shape has steps").targets |= targets;
            path = shape;
        }
        for index in 0..steps.len() {
            let depth = steps[index].depth;
            let deeper = steps[index + 1..].iter().take_while(|step| step.depth > depth).count();
            steps[index].beyond = index + 1 + deeper;
        }
        let asks_for = |element: Element| steps.iter().any(|step| step.element == element);
        let (asks_for_either, asks_for_first_digit) =
            (asks_for(Element::LetterOrDigit), asks_for(Element::FirstDigit));
        let depths = steps.iter().map(|step| step.depth + 1).max().unwrap_or(0);
        Self { steps, depths, targets: targets.len(), asks_for_either, asks_for_first_digit }
    }

    /// Makes room, and forgets the chunk before.
    pub(super) fn begin(&self, rows: &mut ShapeRows) {
        if rows.paths.len() < self.depths {
            rows.paths.resize(self.depths, EMPTY);
        }
        if rows.ends.len() < self.targets {
            rows.ends.resize(self.targets, EMPTY);
            rows.groups.resize(self.targets, 0);
        }
        rows.goes_on = false;
        rows.carried.clear();
        rows.carried.resize(self.steps.len(), 0);
    }

    /// For each target, the groups in which one of its shapes ends.
    pub(super) fn found(&self, rows: &ShapeRows) -> impl Iterator<Item = u32> {
        rows.groups[..self.targets].iter().copied()
    }

    /// Finds where shapes end in the first `groups` groups of a chunk, which holds no bytes of
    /// classes that are not `present`. With `escapes` in it or before it, a number may begin behind
    /// a digit of one.
    #[inline(always)]
    pub(super) fn find(
        &self,
        classes: &Classes,
        present: ClassSet,
        groups: usize,
        escapes: bool,
        rows: &mut ShapeRows,
    ) {
        let ShapeRows { paths, carried, ends, groups: found, either, first_digit, goes_on } = rows;
        let words = groups * LANES;
        let row = |class: Class| &classes[class as usize][LANES..][..words];
        if self.asks_for_either {
            let (either, letter, digit) =
                (&mut either[..words], row(Class::Letter), row(Class::Digit));
            for i in 0..words {
                either[i] = letter[i] | digit[i];
            }
        }
        if self.asks_for_first_digit {
            let (all, digits) = (&mut first_digit[..words], row(Class::Digit));
            let before = &classes[Class::Digit as usize][LANES - 1..][..words];
            let inside = if escapes { 0 } else { u64::MAX };
            for i in 0..words {
                all[i] = digits[i] & !(inside & (digits[i] << 1 | before[i] >> 63));
            }
        }
        found.fill(0);
        // At the start of a text nothing is carried.
        let forget = |carried: &mut [u64]| {
            if *goes_on {
                carried.fill(0);
            }
        };
        let mut index = 0;
        while let Some(step) = self.steps.get(index) {
            if !present.has_all(step.asks_for) && carried[index] == 0 {
                forget(&mut carried[index + 1..step.beyond]);
                index = step.beyond;
                continue;
            }
            let (shallow, deep) = paths.split_at_mut(step.depth);
            let path = &mut deep[0];
            let row = match step.element {
                Element::Is(class) => row(class),
                Element::LetterOrDigit => &either[..words],
                Element::FirstDigit => &first_digit[..words],
                Element::Any => &[u64::MAX; LANES * GROUPS][..words],
            };
            let all = follow(shallow.last(), path, row);
            path[LANES - 1] = std::mem::replace(&mut carried[index], path[LANES - 1 + words]);
            if all == 0 && path[LANES - 1] == 0 {
                // Nothing that follows is there either.
                forget(&mut carried[index + 1..step.beyond]);
                index = step.beyond;
                continue;
            }
            index += 1;
            if step.targets != 0 && all != 0 {
                collect(step.targets, path, groups, ends, found);
            }
        }
        *goes_on = true;
    }
}

/// One step: from where the shape before it ends, if there is one, to the bytes of `row`. Not zero
/// if that leads anywhere. Plain words in a plain loop are what is compiled best.
#[inline(always)]
fn follow(from: Option<&Row>, path: &mut Row, row: &[u64]) -> u64 {
    let words = row.len();
    let path = &mut path[LANES..][..words];
    let Some(from) = from else {
        path.copy_from_slice(row);
        return row.iter().fold(0, |all, word| all | word);
    };
    let (before, from) = (&from[LANES - 1..][..words], &from[LANES..][..words]);
    let mut all = 0;
    for i in 0..words {
        let word = (from[i] << 1 | before[i] >> 63) & row[i];
        path[i] = word;
        all |= word;
    }
    all
}

/// Adds where a shape ends to what is known of its targets.
#[inline(never)]
fn collect(targets: u32, path: &Row, groups: usize, ends: &mut [Row], found: &mut [u32]) {
    for (target, (ends, found)) in ends.iter_mut().zip(found).enumerate() {
        if targets >> target & 1 == 0 {
            continue;
        }
        for group in 1..=groups {
            let path = lanes(path, group);
            if any(path) {
                let ends = lanes_mut(ends, group);
                let known = if *found >> group & 1 == 0 { [0; LANES] } else { *ends };
                *ends = or(&known, path);
                *found |= 1 << group;
            }
        }
    }
}
