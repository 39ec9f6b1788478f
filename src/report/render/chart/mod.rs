//! Pictures of charts, as SVG: the same for the page and, with a style of its own, for a picture in a mail.

mod band;
mod bars;
mod canvas;
mod days;
mod scale;
mod timeline;
mod week;

use super::speech::Speech;
use crate::report::sheet::{Chart, Shape};
use canvas::Canvas;
pub(super) use timeline::Timeline;

/// Colours of a picture that stands alone: those of the light page.
const STYLE: &str = include_str!("alone.css");

/// Where a picture stands. Its title stands above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a page, with the page's colours.
    Page,
    /// Alone: it has its own colours.
    Alone,
}

/// What all pictures are drawn with.
struct Pen<'a> {
    chart: &'a Chart,
    speech: &'a Speech<'a>,
    /// Of the whole picture.
    width: f64,
    /// Where the picture begins.
    top: f64,
    canvas: Canvas,
}

/// Draws a chart in `width` pixels; none: it has no rows, or none that could be drawn.
pub(super) fn draw(chart: &Chart, speech: &Speech<'_>, width: u32, place: Place) -> Option<String> {
    let title = speech.words(chart.table.title);
    let mut pen = Pen { chart, speech, width: f64::from(width), top: 4.0, canvas: Canvas::default() };
    let bottom = match &chart.shape {
        Shape::Band { fewest, mean, most, limit } => pen.band([*fewest, *mean, *most, *limit]),
        Shape::Week => pen.week(),
        Shape::Bars(columns) => pen.bars(columns),
        Shape::Days(column) => pen.days(*column),
    }?;
    let style = if place == Place::Alone { STYLE } else { "" };
    Some(pen.canvas.into_svg((pen.width, bottom), &title, "chart", style))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Days, NaiveDate};

    use super::*;
    use crate::report::{
        language::Language,
        render::{Look, png::Painter},
        screen::Screen,
        sheet::{Cell, Column, Table},
        texts::{self, Text},
    };

    const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();

    fn day(number: u64) -> Cell {
        Cell::Day(FIRST.checked_add_days(Days::new(number)).unwrap())
    }

    fn number(number: i64) -> Cell {
        Cell::Number(number)
    }

    fn chart(shape: Shape, columns: &[Text], rows: Vec<Vec<Cell>>) -> Chart {
        let columns = columns.iter().map(|heading| Column::numbers(*heading)).collect();
        let table = Table { title: texts::BY_DAY, columns, rows, empty: texts::SESSIONS_EMPTY };
        Chart { shape, unit: texts::SESSIONS, table }
    }

    fn band(rows: Vec<Vec<Cell>>) -> Chart {
        let [fewest, mean, most, limit] = [texts::FEWEST, texts::MEAN, texts::MOST, texts::LIMIT];
        chart(Shape::Band { fewest, mean, most, limit }, &[texts::DAY, fewest, mean, most, limit], rows)
    }

    fn bars(rows: Vec<Vec<Cell>>) -> Chart {
        chart(Shape::Bars(vec![texts::HOURS]), &[texts::ROOM, texts::HOURS], rows)
    }

    /// The picture in a page, after it was painted as one that stands alone.
    fn drawn(chart: &Chart) -> Option<String> {
        let screen = Screen { columns: 80, unicode: true, colour: false };
        let look = Look { language: Language::En, zone: chrono_tz::Europe::Paris, screen };
        let speech = Speech { look: &look, year_of: DateTime::UNIX_EPOCH };
        let alone = draw(chart, &speech, 350, Place::Alone)?;
        assert!(!alone.contains("NaN") && !alone.contains("inf"), "{alone}");
        assert!(Painter::new().paint(&alone).unwrap().len() > 500);
        draw(chart, &speech, 350, Place::Page)
    }

    /// How often `part` is in a picture.
    fn count(picture: &str, part: &str) -> usize {
        picture.matches(part).count()
    }

    #[test]
    fn a_band_is_broken_where_nothing_was_counted() {
        let row = |place, low: Cell| vec![day(place), low, number(2), number(5), number(8)];
        let picture = drawn(&band(vec![
            row(0, number(1)),
            row(1, number(1)),
            row(2, Cell::Nothing),
            row(3, number(1)),
            row(9, number(1)),
        ]));
        let picture = picture.unwrap();
        assert_eq!(count(&picture, "class=\"band\" d="), 3);
        assert_eq!(count(&picture, "class=\"mean\" d="), 3);
        // The limit held on the third day, too.
        assert_eq!(count(&picture, "class=\"limit\" d="), 2);
    }

    #[test]
    fn a_limit_out_of_sight_is_told_and_not_drawn() {
        let row = |limit| vec![vec![day(0), number(0), number(1), number(5), number(limit)]];
        for (limit, lines) in [(15, 1), (16, 0)] {
            let picture = drawn(&band(row(limit))).unwrap();
            assert_eq!(count(&picture, "class=\"limit\" d="), lines);
            assert!(picture.contains(&format!(">Limit {limit}<")), "{picture}");
        }
    }

    #[test]
    fn numbers_of_any_size_and_sign_are_drawn() {
        for (low, high) in [(0, 0), (-7, 3), (-7, -1), (0, i64::MAX), (i64::MIN, i64::MAX)] {
            let row = vec![day(0), number(low), number(low), number(high), Cell::Nothing];
            assert!(drawn(&band(vec![row])).is_some());
            assert!(drawn(&bars(vec![vec![Cell::Name("a".into()), number(high)]])).is_some());
            let days = chart(
                Shape::Days(texts::LOGINS),
                &[texts::DAY, texts::LOGINS],
                vec![vec![day(0), number(high)]],
            );
            assert!(drawn(&days).is_some());
        }
    }

    #[test]
    fn more_bars_than_can_be_seen_are_not_drawn_and_that_is_said() {
        let row = |index: i64| vec![Cell::Name(format!("{index} {}", "w".repeat(99))), number(index)];
        let picture = drawn(&bars((0..30).map(row).collect())).unwrap();
        assert_eq!(count(&picture, "class=\"bar\""), 24);
        assert!(picture.contains(">24 of 30 are drawn; the table has all.<"), "{picture}");
        assert!(picture.contains("w…<"), "{picture}");
        assert!(!drawn(&bars((0..24).map(row).collect())).unwrap().contains("are drawn"));
    }

    #[test]
    fn what_cannot_be_drawn_is_no_picture() {
        assert!(drawn(&band(Vec::new())).is_none());
        assert!(drawn(&band(vec![vec![Cell::Nothing; 5]])).is_none());
        assert!(drawn(&bars(Vec::new())).is_none());
        let other = chart(Shape::Bars(vec![texts::CALLS]), &[texts::ROOM], vec![vec![number(1)]]);
        assert!(drawn(&other).is_none());
    }
}
