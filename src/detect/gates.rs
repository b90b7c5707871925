//! What has to stand in a text before a pattern that needs no keyword is tried, or a block: a few
//! bytes in a row whose classes its values always hold. A gate lets through more than the pattern,
//! never less.

use super::classes::Class;

/// A byte of a shape: of this class, of either, or any; or a digit that no digit precedes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Element {
    Is(Class),
    LetterOrDigit,
    Any,
    FirstDigit,
}

impl Element {
    /// About how rare it is in logs behind `before`: one byte in 2 to this power.
    fn rarity(self, before: Option<Self>) -> u32 {
        match self {
            // Letters stand in words, and digits in numbers.
            Self::Is(Class::Letter | Class::Digit) if before == Some(self) => {
                u32::from(self == Self::Is(Class::Digit))
            }
            Self::Any | Self::LetterOrDigit => 0,
            Self::Is(Class::Letter | Class::Lower | Class::High) => 1,
            Self::Is(Class::Dash) if before == Some(self) => 1,
            Self::FirstDigit
            | Self::Is(Class::Digit | Class::Dot | Class::Dash | Class::Space | Class::Slash) => 2,
            Self::Is(Class::Colon) => 3,
            Self::Is(_) => 5,
        }
    }
}

/// How rare a few bytes in a row are.
pub(super) fn rarity(shape: &[Element]) -> u32 {
    let before = [None].into_iter().chain(shape.iter().copied().map(Some));
    shape.iter().zip(before).map(|(element, before)| element.rarity(before)).sum()
}

/// Elements that together hold all of `bytes`, one for each class if they are few.
pub(super) fn elements_of(bytes: &[u8]) -> Vec<Element> {
    let class = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' => Element::Is(Class::Letter),
        b'0'..=b'9' => Element::Is(Class::Digit),
        _ => {
            let single = Class::SINGLES.iter().find(|(_, single)| single == byte);
            single.map_or(Element::Any, |(class, _)| Element::Is(*class))
        }
    };
    let mut elements: Vec<_> = bytes.iter().map(class).collect();
    elements.sort();
    elements.dedup();
    let word = [Element::Is(Class::Letter), Element::Is(Class::Digit)];
    match elements.as_slice() {
        found if found == word => vec![Element::LetterOrDigit],
        found if found.contains(&Element::Any) || found.len() > 4 => vec![Element::Any],
        _ => elements,
    }
}
