//! An SVG of a fixed size, and what stands in it. Colours are classes: the page or the picture's own style has them.

use crate::report::render::markup::Markup;
use crate::terminal::width;

/// The height of a line of text.
pub(super) const LINE: f64 = 18.0;

/// What `text` is wide, roughly, and rather too much: the reader's font is not known.
pub(super) fn text_width(text: &str) -> f64 {
    width(text) as f64 * 7.4
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that grows.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    markup: Markup,
}

impl Canvas {
    /// A text on its line.
    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (number(x), number(y));
        self.markup.element("text", &[("class", class), ("x", &x), ("y", &y), ("text-anchor", anchor)], text);
    }

    /// A line.
    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
        self.markup.empty("line", &[("class", class), ("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2)]);
    }

    /// A rectangle; whoever points at it reads `told`.
    pub(super) fn rectangle(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        attributes: &[(&str, &str)],
        told: &str,
    ) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        let place = [("x", x.as_str()), ("y", &y), ("width", &width), ("height", &height)];
        let all: Vec<(&str, &str)> = attributes.iter().copied().chain(place).collect();
        if told.is_empty() {
            return self.markup.empty("rect", &all);
        }
        self.markup.open("rect", &all);
        self.markup.element("title", &[], told);
        self.markup.close("rect");
    }

    /// A path.
    pub(super) fn path(&mut self, class: &str, path: &str) {
        self.markup.empty("path", &[("class", class), ("d", path)]);
    }

    /// The picture, of that size, called `title`; with a style of its own where it stands alone.
    pub(super) fn into_svg(
        self,
        (width, height): (f64, f64),
        title: &str,
        class: &str,
        style: &str,
    ) -> String {
        let [width, height] = [width, height].map(number);
        let view = format!("0 0 {width} {height}");
        let mut svg = Markup::default();
        let mut attributes =
            vec![("class", class), ("viewBox", &view), ("width", &width), ("height", &height)];
        if style.is_empty() {
            attributes.extend([("role", "img"), ("aria-label", title)]);
        } else {
            attributes.push(("xmlns", "http://www.w3.org/2000/svg"));
        }
        svg.open("svg", &attributes);
        if !style.is_empty() {
            svg.element("style", &[], style);
            svg.empty("rect", &[("class", "ground"), ("width", &width), ("height", &height)]);
        }
        svg.markup(&self.markup.into_string());
        svg.close("svg");
        svg.into_string()
    }
}

/// A length or place to a tenth of a pixel.
pub(super) fn number(value: f64) -> String {
    let said = format!("{value:.1}");
    said.strip_suffix(".0").map_or(said.clone(), str::to_owned)
}
