//! A picture of a chart as PNG, for mail programs: they show no SVG.

use std::sync::Arc;

use resvg::{
    render,
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

use crate::failure::{Failure, OrFail, Result, Status};

/// Servers have no fonts. What it lacks (the scripts of East Asia) is a box, and stands in the table.
const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");
const FAMILY: &str = "DejaVu Sans";

/// Pixels of the picture for one of the SVG: sharp on fine screens, too.
const SCALE: f32 = 2.0;

/// Draws SVGs.
pub(super) struct Painter {
    options: Options<'static>,
}

impl Painter {
    /// With its font.
    pub(super) fn new() -> Self {
        let mut fonts = Database::new();
        fonts.load_font_data(FONT.to_vec());
        fonts.set_sans_serif_family(FAMILY);
        let options = Options { font_family: FAMILY.into(), fontdb: Arc::new(fonts), ..Options::default() };
        Self { options }
    }

    /// The PNG of an SVG.
    ///
    /// # Errors
    /// [`Status::Io`] for a picture that cannot be drawn.
    pub(super) fn paint(&self, svg: &str) -> Result<Vec<u8>> {
        let failed = || "drawing a chart for the mail".to_owned();
        let tree = Tree::from_str(svg, &self.options).or_fail(Status::Io, failed)?;
        let size = tree.size();
        let [width, height] = [size.width(), size.height()].map(|length| (length * SCALE).ceil() as u32);
        let mut picture = Pixmap::new(width, height)
            .ok_or_else(|| Failure::new(Status::Io, failed() + ": it has no size"))?;
        render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
        picture.encode_png().or_fail(Status::Io, failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pixels of a picture are not white.
    fn ink(svg: &str) -> usize {
        let png = Painter::new().paint(svg).unwrap();
        let picture = Pixmap::decode_png(&png).unwrap();
        assert_eq!((picture.width(), picture.height()), (200, 80));
        picture.pixels().iter().filter(|pixel| pixel.red() < 128).count()
    }

    #[test]
    fn text_is_drawn_without_any_font_of_the_system() {
        let svg = |text: &str| {
            format!(
                r##"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40">
                <style>text{{font-family:"DejaVu Sans"}}.ground{{fill:#fff}}</style>
                <rect class="ground" width="100" height="40"/><text x="4" y="24">{text}</text></svg>"##
            )
        };
        assert_eq!(ink(&svg("")), 0);
        for text in ["Été", "Łódź", "Привет", "العربية"] {
            assert!(ink(&svg(text)) > 50, "{text}");
        }
    }
}
