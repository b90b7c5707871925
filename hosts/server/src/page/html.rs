//! HTML in the making. What is not written here in the source is escaped: there is no other way in.

use std::fmt::Write as _;

/// A document that grows at its end.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of ours.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text of others, for between tags and for attributes in double quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Neither HTML nor a reader of tables has a use for them.
                control if control.is_control() => self.0.push(char::REPLACEMENT_CHARACTER),
                other => self.0.push(other),
            }
        }
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        let digits = number.to_string();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                self.0.push('\u{202f}');
            }
            self.0.push(digit);
        }
        self
    }

    /// A coordinate, to a tenth.
    pub(super) fn at(&mut self, coordinate: f64) -> &mut Self {
        write!(self.0, "{coordinate:.1}").expect("a string");
        self
    }

    /// A cell of a table with text.
    pub(super) fn cell(&mut self, text: &str) -> &mut Self {
        self.raw("<td>").text(text).raw("</td>")
    }

    /// A cell of a table with a number.
    pub(super) fn count(&mut self, number: u64) -> &mut Self {
        self.raw("<td class=\"n\">").number(number).raw("</td>")
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        let mut html = Html::default();
        html.text("<img src=x onerror=\"alert('1')\">&\u{0}\n").number(1_234_567).number(12);
        let escaped =
            "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;\u{fffd}\u{fffd}";
        assert_eq!(html.finish(), format!("{escaped}1\u{202f}234\u{202f}56712"));
    }
}
