//! HTML and SVG, written so that no text becomes markup.
//!
//! Owes its callers: what comes in as text or as the value of an attribute comes out as just that. Tags and names of
//! attributes are ours. Characters that XML forbids never come in: [`safe`](crate::terminal::safe) has written them out.

/// Markup that grows.
#[derive(Debug, Default)]
pub(super) struct Markup {
    text: String,
}

impl Markup {
    /// `<tag name="value">`
    pub(super) fn open(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.begin(tag, attributes);
        self.text.push('>');
    }

    /// `<tag name="value"/>`, of SVG.
    pub(super) fn empty(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.begin(tag, attributes);
        self.text.push_str("/>");
    }

    /// `</tag>`
    pub(super) fn close(&mut self, tag: &str) {
        self.text.push_str("</");
        self.text.push_str(tag);
        self.text.push('>');
    }

    /// `<tag name="value">text</tag>`
    pub(super) fn element(&mut self, tag: &str, attributes: &[(&str, &str)], text: &str) {
        self.open(tag, attributes);
        self.text(text);
        self.close(tag);
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        escape(text, &mut self.text);
    }

    /// Markup of ours, as it is: a style, a picture.
    pub(super) fn markup(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// All of it.
    pub(super) fn into_string(self) -> String {
        self.text
    }

    fn begin(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(tag);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_in_an_element_and_in_an_attribute() {
        let mut markup = Markup::default();
        markup.element("p", &[("title", "a\" onclick='x'")], "</p><script>&amp;");
        markup.empty("rect", &[]);
        assert_eq!(
            markup.into_string(),
            "<p title=\"a&quot; onclick=&#39;x&#39;\">&lt;/p&gt;&lt;script&gt;&amp;amp;</p><rect/>"
        );
    }
}
