//! Many shapes looked for at once: each byte of a shape is one step over the bitmaps of a chunk,
//! and shapes that begin alike share their first steps.

use super::classes::{Class, Classes, EMPTY, GROUPS, LANES, Row, any, lanes, lanes_mut, or};
use super::gates::Element;

/// Most bytes of a shape.
pub(super) const SHAPE_MAX: usize = 12;

/// The shapes of a detector, as steps.
#[derive(Default)]
pub(super) struct Shapes {
    steps: Vec<Step>,
    targets: usize,
    /// Some step is [`Element::LetterOrDigit`].
    asks_for_either: bool,
}

/// One byte more.
struct Step {
    /// How many bytes stand before it; steps come in depth-first order.
    depth: usize,
    element: Element,
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
    pub(super) groups: Vec<u32>,
    /// Letters and digits.
    either: [u64; LANES * GROUPS],
}

impl Default for ShapeRows {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            carried: Vec::new(),
            ends: Vec::new(),
            groups: Vec::new(),
            either: [0; LANES * GROUPS],
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
            steps.extend(new.map(|(depth, element)| Step { depth, element: *element, targets: 0 }));
            // The last step of this depth on the path is the end of the shape.
            let end = steps.iter_mut().rfind(|step| step.depth + 1 == shape.len());
            end.expect("a shape has steps").targets |= targets;
            path = shape;
        }
        let asks_for_either = steps.iter().any(|step| step.element == Element::LetterOrDigit);
        Self { steps, targets: targets.len(), asks_for_either }
    }

    /// Makes room, and forgets the chunk before.
    pub(super) fn begin(&self, rows: &mut ShapeRows) {
        let depths = self.steps.iter().map(|step| step.depth + 1).max().unwrap_or(0);
        rows.paths.resize(depths, EMPTY);
        rows.ends.resize(self.targets, EMPTY);
        rows.groups.resize(self.targets, 0);
        rows.carried.clear();
        rows.carried.resize(self.steps.len(), 0);
    }

    /// Finds where shapes end in the first `groups` groups of a chunk.
    #[inline(always)]
    pub(super) fn find(&self, classes: &Classes, groups: usize, rows: &mut ShapeRows) {
        let ShapeRows { paths, carried, ends, groups: found, either } = rows;
        let words = groups * LANES;
        let row = |class: Class| &classes[class as usize][LANES..][..words];
        if self.asks_for_either {
            let (either, letter, digit) =
                (&mut either[..words], row(Class::Letter), row(Class::Digit));
            for i in 0..words {
                either[i] = letter[i] | digit[i];
            }
        }
        found.fill(0);
        for (index, step) in self.steps.iter().enumerate() {
            let (shallow, deep) = paths.split_at_mut(step.depth);
            let path = &mut deep[0];
            let row = match step.element {
                Element::Is(class) => row(class),
                Element::LetterOrDigit => &either[..words],
                Element::Any => &[u64::MAX; LANES * GROUPS][..words],
            };
            let all = follow(shallow.last(), path, row);
            path[LANES - 1] = std::mem::replace(&mut carried[index], path[LANES - 1 + words]);
            if step.targets != 0 && all != 0 {
                collect(step.targets, path, groups, ends, found);
            }
        }
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
        return u64::MAX;
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
