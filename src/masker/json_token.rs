//! Keys and values of a JSON document, and the way between how a document spells them and what they
//! mean.

use crate::json::offsets;
use crate::span::Span;

/// A key or value: where it stands in the document and in the judged text.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Judged {
    pub(super) source: Span,
    pub(super) judged: Span,
    pub(super) kind: Kind,
    /// The source spells the judged text byte for byte.
    pub(super) literal: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kind {
    Key,
    String,
    Number,
}

/// How the document spells one token. Reading the same token again costs nothing.
#[derive(Default)]
pub(super) struct Spelling {
    token: Option<Judged>,
    /// For each byte of a token with escapes, where in its source the character begins.
    offsets: Vec<usize>,
}

impl Spelling {
    pub(super) fn read(&mut self, document: &str, token: &Judged) {
        if self.token == Some(*token) {
            return;
        }
        self.token = Some(*token);
        if !token.literal && token.kind != Kind::Number {
            offsets(slice(document, token.source), &mut self.offsets);
        }
    }

    fn token(&self) -> &Judged {
        self.token.as_ref().expect("a token was read")
    }

    /// Where the document spells byte `at` of the judged text; a number is spelt as a whole.
    pub(super) fn spelt(&self, at: usize) -> usize {
        let token = self.token();
        let inside = inside(token.source, token.kind);
        let within = at - token.judged.start;
        match (token.literal, token.kind) {
            (true, _) => inside.start + within,
            (false, Kind::Number) if within == 0 => inside.start,
            (false, Kind::Number) => inside.end,
            (false, _) => token.source.start + self.offsets[within],
        }
    }

    /// First byte of the judged text that a stretch of the document from `at` on means.
    pub(super) fn meant_from(&self, at: usize) -> usize {
        let token = self.token();
        match (token.literal, token.kind) {
            (true, _) => at - inside(token.source, token.kind).start + token.judged.start,
            (false, Kind::Number) => token.judged.start,
            (false, _) => {
                let at = at - token.source.start;
                let after = self.offsets.partition_point(|offset| *offset <= at);
                let begins = self.offsets[after.saturating_sub(1)];
                let first = self.offsets.partition_point(|offset| *offset < begins);
                token.judged.start + first.min(token.judged.len())
            }
        }
    }

    /// The byte after the last of the judged text that a stretch of the document up to `at` means.
    pub(super) fn meant_to(&self, at: usize) -> usize {
        let token = self.token();
        match (token.literal, token.kind) {
            (true, _) => at - inside(token.source, token.kind).start + token.judged.start,
            (false, Kind::Number) => token.judged.end,
            (false, _) => {
                let at = at - token.source.start;
                let after = self.offsets.partition_point(|offset| *offset < at);
                token.judged.start + after.min(token.judged.len())
            }
        }
    }
}

/// A token without the quotes of a string.
pub(super) fn inside(source: Span, kind: Kind) -> Span {
    match kind {
        Kind::Number => source,
        Kind::Key | Kind::String => Span::new(source.start + 1, source.end - 1),
    }
}

/// `text[span]` whose panic does not print the text.
pub(super) fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).expect("tokens lie on characters, inside the text")
}
