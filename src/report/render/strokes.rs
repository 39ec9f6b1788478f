//! Pictures made of characters: bars, sparklines, shades; in Unicode, or in ASCII.

/// One to seven eighths of a column.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// From a little to the most.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_HEIGHTS: [char; 5] = ['.', '-', '=', '+', '#'];
const SHADES: [char; 4] = ['░', '▒', '▓', '█'];

/// A bar for each value; the greatest value has one of `longest` columns, and none but nothing has none.
pub(super) fn bars(values: &[f64], longest: usize, unicode: bool) -> Vec<String> {
    let greatest = greatest(values.iter().copied());
    let parts = if unicode { 8 } else { 1 };
    let bar = |value: &f64| {
        let whole = (longest * parts) as f64;
        let length = if *value > 0.0 { (value * whole / greatest).ceil().min(whole) as usize } else { 0 };
        if parts == 1 {
            return "#".repeat(length);
        }
        let part = (length % parts).checked_sub(1).and_then(|eighth| EIGHTHS.get(eighth));
        "█".repeat(length / parts) + &part.map(char::to_string).unwrap_or_default()
    };
    values.iter().map(bar).collect()
}

/// The course of values in one line of at most `columns`: if there are more values, each column stands for the greatest
/// of its own. A blank is a gap.
pub(super) fn sparkline(values: &[Option<f64>], columns: usize, unicode: bool) -> String {
    let together = values.len().div_ceil(columns.max(1)).max(1);
    let groups: Vec<Option<f64>> =
        values.chunks(together).map(|group| group.iter().flatten().copied().reduce(f64::max)).collect();
    let greatest = greatest(groups.iter().flatten().copied());
    let heights: &[char] = if unicode { &HEIGHTS } else { &ASCII_HEIGHTS };
    groups.into_iter().map(|value| value.map_or(' ', |value| step(value, greatest, heights))).collect()
}

/// How dark a value is beside the greatest one, two columns wide.
pub(super) fn shade(value: Option<f64>, greatest: f64, unicode: bool) -> String {
    let shades: &[char] = if unicode { &SHADES } else { &ASCII_HEIGHTS };
    let shade = match value {
        None => ' ',
        Some(value) if value <= 0.0 => '.',
        Some(value) => step(value, greatest, shades),
    };
    [shade, shade].into_iter().collect()
}

/// The greatest of values, and more than nothing.
pub(super) fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    let greatest = values.fold(0.0, f64::max);
    if greatest > 0.0 { greatest } else { 1.0 }
}

fn step(value: f64, greatest: f64, steps: &[char]) -> char {
    let place = (value / greatest * steps.len() as f64).ceil().max(1.0) as usize;
    steps.get(place.min(steps.len()) - 1).copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_the_greatest_value_allows() {
        assert_eq!(bars(&[8.0, 3.0, 0.0, 0.01], 11, true), ["███████████", "████▏", "", "▏"]);
        assert_eq!(bars(&[800.0, 1.0, -3.0], 11, false), ["###########", "#", ""]);
        assert_eq!(bars(&[0.0], 11, true), [""]);
    }

    #[test]
    fn a_line_tells_the_greatest_of_what_its_columns_stand_for() {
        let values = [0.0, 1.0, 2.0, 4.0, 8.0].map(Some);
        assert_eq!(sparkline(&values, 80, true), "▁▁▂▄█");
        assert_eq!(sparkline(&values, 80, false), "..-=#");
        assert_eq!(sparkline(&values, 3, true), "▁▄█");
        assert_eq!(sparkline(&[Some(1.0), None, Some(1.0)], 80, true), "█ █");
        assert_eq!(sparkline(&[], 80, true), "");
    }

    #[test]
    fn nothing_and_not_counted_look_different() {
        let shades = [None, Some(0.0), Some(0.1), Some(3.0)].map(|value| shade(value, 3.0, true));
        assert_eq!(shades, ["  ", "..", "░░", "██"]);
        assert_eq!(shade(Some(3.0), 3.0, false), "##");
    }
}
