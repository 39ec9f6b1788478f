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

/// How the bars of a group look, each for the column of its place; the darker one is in front.
const GROUP: [char; 3] = ['▒', '█', '·'];
const ASCII_GROUP: [char; 3] = ['=', '#', '.'];
const FRONT_TO_BACK: [usize; 3] = [1, 0, 2];

/// What the bars of a group look like: none for a column that there is no look for.
pub(super) fn mark(column: usize, unicode: bool) -> Option<char> {
    if unicode { GROUP.get(column) } else { ASCII_GROUP.get(column) }.copied()
}

/// A line for each row, in which the bars of its columns lie one behind the other, the shorter ones in front; the
/// greatest value of all is `longest` columns long. What is no number has no bar.
pub(super) fn groups(rows: &[Vec<Option<f64>>], longest: usize, unicode: bool) -> Vec<String> {
    let greatest = greatest(rows.iter().flatten().flatten().copied());
    let length = |value: f64| {
        if value > 0.0 { (value * longest as f64 / greatest).round().max(1.0) as usize } else { 0 }
    };
    let line = |row: &Vec<Option<f64>>| {
        let length_of = |column: &usize| Some((length((*row.get(*column)?)?), *column));
        let lengths: Vec<(usize, usize)> = FRONT_TO_BACK.iter().filter_map(length_of).collect();
        let end = lengths.iter().map(|(length, _)| *length).max().unwrap_or(0);
        let at = |place: usize| {
            // Of equally long ones, the first that is found is the one in front.
            let seen = lengths.iter().filter(|(length, _)| *length > place).min_by_key(|(length, _)| *length);
            seen.and_then(|(_, column)| mark(*column, unicode)).unwrap_or(' ')
        };
        (0..end).map(at).collect()
    };
    rows.iter().map(line).collect()
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
    fn bars_of_a_group_lie_behind_one_another() {
        let row = |registered: f64, present: f64, places: Option<f64>| {
            vec![Some(registered), Some(present), places]
        };
        let rows =
            [row(4.0, 3.0, Some(6.0)), row(6.0, 6.0, Some(4.0)), row(2.0, 0.0, None), row(0.0, 0.0, None)];
        assert_eq!(groups(&rows, 6, true), ["███▒··", "····██", "▒▒", ""]);
        assert_eq!(groups(&rows, 12, false), ["######==....", "........####", "====", ""]);
        assert_eq!(groups(&[row(900.0, 1.0, Some(1_000.0))], 10, true), ["█▒▒▒▒▒▒▒▒·"]);
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
