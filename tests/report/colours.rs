//! The colours of pages: whether text and bars can be told from what is behind them (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../src/report/render/page.css");
const ALONE: &str = include_str!("../../src/report/render/chart/alone.css");

const TEXTS: [(&str, &str); 9] = [
    ("ink", "ground"),
    ("ink", "sheet"),
    ("ink", "tint"),
    ("soft", "ground"),
    ("soft", "sheet"),
    ("soft", "tint"),
    ("accent", "sheet"),
    ("wait", "wait-tint"),
    ("alert", "sheet"),
];

const SHAPES: [(&str, &str); 6] = [
    ("accent", "sheet"),
    ("pale", "sheet"),
    ("deep", "sheet"),
    ("alert", "sheet"),
    ("edge", "sheet"),
    ("focus", "sheet"),
];

/// The colours of a block of CSS, by their names.
fn colours(block: &str) -> BTreeMap<&str, &str> {
    let declarations = block.split(';').filter_map(|line| line.trim().strip_prefix("--"));
    declarations.filter_map(|line| line.split_once(": ")).collect()
}

/// Relative luminance of a colour as `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let part = |place: usize| {
        let value = f64::from(u8::from_str_radix(&colour[place..place + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_and_bars_can_be_told_from_their_ground_by_day_and_by_night() {
    let blocks: Vec<&str> =
        PAGE.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    for block in &blocks[..2] {
        let colours = colours(block);
        for (pairs, least) in [(&TEXTS[..], 4.5), (&SHAPES[..], 3.0)] {
            for (one, other) in pairs {
                let found = contrast(colours[one], colours[other]);
                assert!(found >= least, "{one} on {other}: {found:.2}");
            }
        }
    }
    // Pictures in mails have the colours of the light page.
    let light = colours(blocks[0]);
    for name in ["ink", "soft", "line", "edge", "accent", "deep", "alert", "pale"] {
        assert!(ALONE.contains(light[name]), "{name}");
    }
}
