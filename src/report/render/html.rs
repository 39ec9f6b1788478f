//! `html`: one page that needs nothing else, for a screen of any width, paper, or a screen reader.
//!
//! Each picture stands above the table of its values: who does not see the picture reads the table.

use super::{
    Look,
    chart::{self, Place},
    markup::Markup,
    speech::{Speech, amount, is_number},
};
use crate::report::{
    model::Report,
    screen::Screen,
    sheet::{Block, Cell, Chart, Kind, Shape, Sheet, Table},
};
use crate::report::{sheet::Column, texts};

const STYLE: &str = include_str!("page.css");

/// Nothing is loaded from anywhere, and no script runs, whatever a name from outside says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Widths in which a picture over the whole page is drawn: one of them is shown.
const WIDE: u32 = 880;
const NARROW: u32 = 350;

/// Width of a picture beside another one.
const HALF: u32 = 430;

/// A table of so many columns needs the whole width.
const MANY_COLUMNS: usize = 5;

/// Paper and browsers show all there is.
const SCREEN: Screen = Screen { columns: 80, unicode: true, colour: false };

/// The same reader, whatever the terminal is in which the command runs.
pub(super) fn look_of_pages(look: &Look) -> Look {
    Look { screen: SCREEN, ..*look }
}

/// The report as a page.
pub(super) fn render(report: &Report, look: &Look) -> String {
    let look = look_of_pages(look);
    let speech = Speech::of(report, &look);
    let mut page = Page { speech, markup: Markup::default(), tables: 0 };
    page.whole(report);
    page.markup.into_string()
}

struct Page<'a> {
    speech: Speech<'a>,
    markup: Markup,
    /// How many tables there are so far: each has an id.
    tables: usize,
}

impl Page<'_> {
    fn whole(&mut self, report: &Report) {
        let sheets = report.sheets();
        let title = self.speech.words(texts::STATISTICS);
        let period = self.speech.period(report);
        self.markup.markup("<!DOCTYPE html>\n");
        self.markup.open("html", &[("lang", self.speech.look.language.code())]);
        self.head(&format!("{title} – {period}"));
        self.markup.open("body", &[]);
        self.markup.open("header", &[]);
        self.markup.element("h1", &[], &title);
        self.markup.element("p", &[], &period);
        self.markup.close("header");
        if sheets.len() > 1 {
            self.contents(&sheets);
        }
        self.markup.open("main", &[]);
        for (index, sheet) in sheets.iter().enumerate() {
            self.sheet(index, sheet);
        }
        self.markup.close("main");
        self.markup.element("footer", &[], &self.speech.made_at(report));
        self.markup.close("body");
        self.markup.close("html");
        self.markup.markup("\n");
    }

    fn head(&mut self, title: &str) {
        let markup = &mut self.markup;
        markup.open("head", &[]);
        markup.open("meta", &[("charset", "utf-8")]);
        markup.open("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
        markup.open("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
        markup.open("meta", &[("name", "robots"), ("content", "noindex")]);
        markup.element("title", &[], title);
        markup.open("style", &[]);
        markup.markup(STYLE);
        markup.close("style");
        markup.close("head");
        markup.markup("\n");
    }

    fn contents(&mut self, sheets: &[Sheet]) {
        let label = self.speech.words(texts::CONTENTS);
        self.markup.open("nav", &[("aria-label", &label)]);
        self.markup.open("ul", &[]);
        for (index, sheet) in sheets.iter().enumerate() {
            self.markup.open("li", &[]);
            let title = self.speech.words(sheet.title);
            self.markup.element("a", &[("href", &format!("#section-{index}"))], &title);
            self.markup.close("li");
        }
        self.markup.close("ul");
        self.markup.close("nav");
    }

    fn sheet(&mut self, index: usize, sheet: &Sheet) {
        let id = format!("section-{index}");
        self.markup.open("section", &[("aria-labelledby", &id)]);
        self.markup.element("h2", &[("id", &id)], &self.speech.words(sheet.title));
        self.markup.open("div", &[("class", "blocks")]);
        for block in &sheet.blocks {
            self.block(block);
        }
        self.markup.close("div");
        self.markup.close("section");
        self.markup.markup("\n");
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Figures(figures) => self.figures(figures),
            Block::Table(table) | Block::Chart(Chart { table, .. }) if table.rows.is_empty() => {
                self.line("line", &self.speech.words(table.empty));
            }
            Block::Table(table) => {
                let class = if has_many_columns(table) { "block across" } else { "block" };
                self.markup.open("div", &[("class", class)]);
                self.table(table, None, true);
                self.markup.close("div");
            }
            Block::Chart(chart) => self.chart(chart),
            Block::Line(words) => self.line("line", &self.speech.words(*words)),
            Block::Sentences(sentences) => {
                let said: Vec<_> = sentences.iter().map(|sentence| self.speech.sentence(sentence)).collect();
                self.line("line", &said.join(" "));
            }
            Block::Message(message) => self.line("message", &self.speech.name(message)),
        }
    }

    fn line(&mut self, class: &str, said: &str) {
        self.markup.element("p", &[("class", class)], said);
    }

    /// Numbers as tiles; a list of names, as versions of servers are, as a list.
    fn figures(&mut self, figures: &[(texts::Text, Cell)]) {
        let is_number = figures.iter().any(|(_, cell)| is_number(cell));
        self.markup.open("dl", &[("class", if is_number { "tiles" } else { "facts" })]);
        for (label, cell) in figures {
            self.markup.open("div", &[]);
            self.markup.element("dt", &[], self.speech.words(*label).trim());
            self.markup.open("dd", &[]);
            self.cell(cell);
            self.markup.close("dd");
            self.markup.close("div");
        }
        self.markup.close("dl");
    }

    fn chart(&mut self, chart: &Chart) {
        let widths: &[(u32, &str)] = match chart.shape {
            Shape::Band { .. } | Shape::Week => &[(WIDE, "picture wide"), (NARROW, "picture narrow")],
            _ if has_many_columns(&chart.table) => &[(WIDE, "picture wide"), (NARROW, "picture narrow")],
            Shape::Bars(_) | Shape::Days(_) => &[(HALF, "picture")],
        };
        self.markup.open("div", &[("class", if widths.len() > 1 { "block whole" } else { "block half" })]);
        let id = self.heading(&chart.table);
        for (width, class) in widths {
            if let Some(picture) = chart::draw(chart, &self.speech, *width, Place::Page) {
                self.markup.open("div", &[("class", class)]);
                self.markup.markup(&picture);
                self.markup.close("div");
            }
        }
        self.table(&chart.table, Some(id), false);
        self.markup.close("div");
    }

    /// The heading of a table; its id.
    fn heading(&mut self, table: &Table) -> String {
        self.tables += 1;
        let id = format!("table-{}", self.tables);
        self.markup.element("h3", &[("id", &id)], &self.speech.words(table.title));
        id
    }

    /// A table under its heading; the heading is written unless it has an id. It scrolls in a box of its own, which can
    /// be reached by the keyboard. The box is no landmark: a page has more of them than anybody wants to pass.
    fn table(&mut self, table: &Table, heading: Option<String>, with_bars: bool) {
        let id = heading.unwrap_or_else(|| self.heading(table));
        let compared = table.columns.iter().position(|column| column.kind == Kind::Compared);
        let compared = compared.filter(|_| with_bars);
        let greatest = compared.map_or(0.0, |place| {
            table.rows.iter().filter_map(|row| row.get(place)).filter_map(amount).fold(0.0, f64::max)
        });
        self.markup.open(
            "div",
            &[("class", "scroll"), ("role", "group"), ("aria-labelledby", &id), ("tabindex", "0")],
        );
        self.markup.open("table", &[("aria-labelledby", &id)]);
        self.markup.open("thead", &[]);
        self.markup.open("tr", &[]);
        for (place, column) in table.columns.iter().enumerate() {
            self.column_heading(column, compared == Some(place));
        }
        self.markup.close("tr");
        self.markup.close("thead");
        self.markup.open("tbody", &[]);
        for row in &table.rows {
            self.markup.open("tr", &[]);
            for (place, (column, cell)) in table.columns.iter().zip(row).enumerate() {
                self.table_cell(place, column, cell);
                if compared == Some(place) {
                    self.bar(amount(cell).unwrap_or(0.0) / greatest.max(f64::MIN_POSITIVE));
                }
            }
            self.markup.close("tr");
        }
        self.markup.close("tbody");
        self.markup.close("table");
        self.markup.close("div");
    }

    fn column_heading(&mut self, column: &Column, has_bar: bool) {
        let mut attributes = vec![("scope", "col")];
        if column.kind != Kind::Words {
            attributes.push(("class", "number"));
        }
        if has_bar {
            attributes[0] = ("scope", "colgroup");
            attributes.push(("colspan", "2"));
        }
        self.markup.element("th", &attributes, &self.speech.words(column.heading));
    }

    fn table_cell(&mut self, place: usize, column: &Column, cell: &Cell) {
        let class = if column.kind == Kind::Words { "words" } else { "number" };
        if place == 0 {
            self.markup.open("th", &[("scope", "row"), ("class", class)]);
        } else {
            self.markup.open("td", &[("class", class)]);
        }
        self.cell(cell);
        self.markup.close(if place == 0 { "th" } else { "td" });
    }

    /// How much it is beside the greatest of its column; the number beside it says the same.
    fn bar(&mut self, part: f64) {
        let width = format!("{:.1}%", 100.0 * part.clamp(0.0, 1.0));
        self.markup.open("td", &[("class", "part")]);
        self.markup.open("svg", &[("aria-hidden", "true"), ("height", "10")]);
        self.markup.empty("rect", &[("class", "bar"), ("width", &width), ("height", "10")]);
        self.markup.close("svg");
        self.markup.close("td");
    }

    /// A value. Names may be written from right to left without turning what is beside them.
    fn cell(&mut self, cell: &Cell) {
        let said = self.speech.cell(cell);
        match cell {
            Cell::Name(_) => self.markup.element("bdi", &[], &said),
            Cell::Time(at) => self.markup.element("time", &[("datetime", &at.to_rfc3339())], &said),
            Cell::Day(day) => self.markup.element("time", &[("datetime", &day.to_string())], &said),
            _ => self.markup.text(&said),
        }
    }
}

/// Whether a table has no room beside another one.
fn has_many_columns(table: &Table) -> bool {
    table.columns.len() >= MANY_COLUMNS
}
