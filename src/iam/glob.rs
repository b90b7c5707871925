//! Patterns with `*` and `?`.

/// A pattern: `*` stands for any characters, `?` for one.
// Choice: in the resource of a statement a star runs over colons wherever it stands; AWS promises
// that only for one at the end of a part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Glob(Vec<Piece>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Piece {
    Char(char),
    One,
    Many,
}

/// A policy variable stands at that byte of the text.
#[derive(Debug)]
pub(super) struct Variable(pub(super) usize);

impl Glob {
    /// Reads a pattern. With `variables`, `${*}`, `${?}` and `${$}` are the bare characters.
    ///
    /// # Errors
    ///
    /// Any other policy variable.
    // Choice: variables of the request are not evaluated; a policy that needs them is refused.
    pub(super) fn parse(text: &str, variables: bool) -> Result<Self, Variable> {
        let mut pieces = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            let bare = rest.strip_prefix("${").filter(|_| variables);
            let piece = match bare.map(|inside| inside.as_bytes()) {
                None if char == '*' => Piece::Many,
                None if char == '?' => Piece::One,
                None => Piece::Char(char),
                Some([bare @ (b'*' | b'?' | b'$'), b'}', ..]) => Piece::Char(char::from(*bare)),
                Some(_) => return Err(Variable(text.len() - rest.len())),
            };
            pieces.push(piece);
            let taken = if bare.is_some() { "${*}".len() } else { char.len_utf8() };
            rest = rest.get(taken..).expect("whole characters");
        }
        Ok(Self(pieces))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        matches(&self.0, &text.chars().collect::<Vec<_>>())
    }

    /// Whether each of the six parts of an ARN matches the part of the pattern.
    pub(super) fn matches_arn(&self, arn: &str) -> bool {
        let mut patterns = self.0.splitn(6, |piece| *piece == Piece::Char(':'));
        let mut parts = arn.splitn(6, ':');
        loop {
            match (patterns.next(), parts.next()) {
                (Some(pattern), Some(part)) => {
                    if !matches(pattern, &part.chars().collect::<Vec<_>>()) {
                        return false;
                    }
                }
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    /// Whether it has the six parts of an ARN.
    pub(super) fn is_arn(&self) -> bool {
        self.0.iter().filter(|piece| **piece == Piece::Char(':')).count() >= 5
    }

    /// The text itself, its stars and question marks as they are.
    pub(super) fn into_text(self) -> String {
        let char = |piece| match piece {
            Piece::Char(char) => char,
            Piece::One => '?',
            Piece::Many => '*',
        };
        self.0.into_iter().map(char).collect()
    }
}

/// Goes back to the last star only: what stood before it has matched as early as it can.
fn matches(pattern: &[Piece], text: &[char]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(Piece::Many) => {
                star = Some((at, read));
                at += 1;
                continue;
            }
            Some(Piece::One) => {}
            Some(Piece::Char(char)) if *char == text[read] => {}
            _ => {
                let Some((star_at, from)) = star else { return false };
                star = Some((star_at, from + 1));
                (at, read) = (star_at + 1, from + 1);
                continue;
            }
        }
        at += 1;
        read += 1;
    }
    pattern[at..].iter().all(|piece| *piece == Piece::Many)
}
