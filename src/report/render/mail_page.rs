//! The page in a mail. Mail programs know little of HTML: tables, styles at each element, pictures that come along.

use super::{
    chart::{self, Place},
    markup::Markup,
    png::Painter,
    speech::{Speech, amount, is_number},
};
use crate::{
    failure::Result,
    report::{
        model::Report,
        sheet::{Block, Cell, Chart, Kind, Sheet, Table},
        texts::{self, Text},
    },
};

/// Pixels of a mail.
const WIDTH: u32 = 640;

const FONT: &str = "font-family:'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',Arial,sans-serif;";
const PAGE: &str = "margin:0;padding:16px;background:#ffffff;color:#1d2426;font-size:15px;line-height:1.45;";
const TITLE: &str = "margin:0;font-size:26px;line-height:1.25;color:#1d2426;";
const SOFT: &str = "margin:0 0 12px;color:#566064;";
const LINE: &str = "margin:12px 0;color:#566064;";
const SECTION: &str = "margin:28px 0 12px;padding:0 0 4px;border-bottom:2px solid #1f5f5b;font-size:20px;";
const HEADING: &str = "margin:20px 0 6px;font-size:16px;";
const GRID: &str = "border-collapse:collapse;width:100%;font-size:14px;";
const FIGURES: &str = "margin:12px 0;";
const SCROLL: &str = "overflow-x:auto;";
const LABEL: &str = "padding:3px 12px 3px 0;text-align:left;font-weight:normal;";
/// Of what is a part of the line above.
const PART: &str = "padding-left:14px;";
const VALUE: &str = "padding:3px 0;text-align:right;white-space:nowrap;font-weight:bold;";
const HEAD: &str = "padding:3px 10px 3px 0;border-bottom:1px solid #7b8488;color:#566064;font-size:13px;";
const CELL: &str = "padding:3px 10px 3px 0;border-bottom:1px solid #d9d5ca;font-weight:normal;";
const LEFT: &str = "text-align:left;";
const RIGHT: &str = "text-align:right;white-space:nowrap;";
const BAR: &str = "height:10px;font-size:1px;line-height:10px;background:#1f5f5b;";
const PICTURE: &str = "display:block;max-width:100%;height:auto;border:0;";

/// A picture: its Content-ID, and its PNG.
pub(super) type Picture = (String, Vec<u8>);

/// The page, and the pictures in it.
///
/// # Errors
/// Those of [`Painter::paint`].
pub(super) fn render(report: &Report, speech: &Speech<'_>) -> Result<(String, Vec<Picture>)> {
    let mut page = Page { speech, markup: Markup::default(), painter: Painter::new(), pictures: Vec::new() };
    page.whole(report)?;
    Ok((page.markup.into_string(), page.pictures))
}

struct Page<'a> {
    speech: &'a Speech<'a>,
    markup: Markup,
    painter: Painter,
    pictures: Vec<Picture>,
}

impl Page<'_> {
    fn whole(&mut self, report: &Report) -> Result<()> {
        let title = self.speech.words(texts::STATISTICS);
        self.markup.markup("<!DOCTYPE html>\n");
        self.markup.open("html", &[("lang", self.speech.look.language.code())]);
        self.markup.open("head", &[]);
        self.markup.open("meta", &[("charset", "utf-8")]);
        self.markup.open("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
        self.markup.open("meta", &[("name", "color-scheme"), ("content", "light")]);
        self.markup.element("title", &[], &title);
        self.markup.close("head");
        self.markup.open("body", &[("style", &format!("{PAGE}{FONT}"))]);
        // Mail programs drop the elements around it, and with them the language.
        let language = self.speech.look.language.code();
        let style = format!("max-width:{WIDTH}px;margin:0 auto;");
        self.markup.open(
            "div",
            &[("role", "article"), ("lang", language), ("aria-label", &title), ("style", &style)],
        );
        self.markup.element("h1", &[("style", TITLE)], &title);
        self.markup.element("p", &[("style", SOFT)], &self.speech.period(report));
        for sheet in report.sheets() {
            self.sheet(&sheet)?;
        }
        self.markup.element("p", &[("style", SOFT)], &self.speech.made_at(report));
        self.markup.close("div");
        self.markup.close("body");
        self.markup.close("html");
        self.markup.markup("\n");
        Ok(())
    }

    fn sheet(&mut self, sheet: &Sheet) -> Result<()> {
        self.markup.element("h2", &[("style", SECTION)], &self.speech.words(sheet.title));
        for block in &sheet.blocks {
            match block {
                Block::Figures(figures) => self.figures(figures),
                Block::Table(table) | Block::Chart(Chart { table, .. }) if table.rows.is_empty() => {
                    self.line(&self.speech.words(table.empty));
                }
                Block::Table(table) => {
                    self.heading(table);
                    self.table(table, true);
                }
                Block::Chart(chart) => self.chart(chart)?,
                Block::Line(words) => self.line(&self.speech.words(*words)),
                Block::Sentences(sentences) => {
                    let said: Vec<_> =
                        sentences.iter().map(|sentence| self.speech.sentence(sentence)).collect();
                    self.line(&said.join(" "));
                }
                Block::Message(message) => self.line(&self.speech.name(message)),
            }
        }
        Ok(())
    }

    fn line(&mut self, said: &str) {
        self.markup.element("p", &[("style", LINE)], said);
    }

    fn heading(&mut self, table: &Table) {
        self.markup.element("h3", &[("style", HEADING)], &self.speech.words(table.title));
    }

    fn figures(&mut self, figures: &[(Text, Cell)]) {
        self.markup.open("table", &[("style", &format!("{GRID}{FIGURES}"))]);
        for (label, cell) in figures {
            let label = self.speech.words(*label);
            let part = if label.starts_with(' ') { PART } else { "" };
            self.markup.open("tr", &[]);
            let style = format!("{LABEL}{part}");
            self.markup.element("th", &[("scope", "row"), ("style", &style)], label.trim());
            self.markup.element("td", &[("style", VALUE)], &self.speech.cell(cell));
            self.markup.close("tr");
        }
        self.markup.close("table");
    }

    fn chart(&mut self, chart: &Chart) -> Result<()> {
        self.heading(&chart.table);
        if let Some(svg) = chart::draw(chart, self.speech, WIDTH, Place::Alone) {
            let name = format!("chart-{}@sessionstat", self.pictures.len() + 1);
            let (source, title) = (format!("cid:{name}"), self.speech.words(chart.table.title));
            self.pictures.push((name, self.painter.paint(&svg)?));
            let width = WIDTH.to_string();
            let attributes =
                [("src", source.as_str()), ("alt", &title), ("width", &width), ("style", PICTURE)];
            self.markup.open("img", &attributes);
        }
        self.table(&chart.table, false);
        Ok(())
    }

    fn table(&mut self, table: &Table, with_bars: bool) {
        let compared = table.columns.iter().position(|column| column.kind == Kind::Compared);
        let compared = compared.filter(|_| with_bars);
        let values = compared
            .into_iter()
            .flat_map(|place| table.rows.iter().filter_map(move |row| row.get(place)).filter_map(amount));
        let greatest = super::strokes::greatest(values);
        // On a telephone a wide table moves by itself, where the mail program lets it.
        self.markup.open("div", &[("style", SCROLL)]);
        self.markup.open("table", &[("style", GRID)]);
        self.markup.open("tr", &[]);
        for (place, column) in table.columns.iter().enumerate() {
            let side = if column.kind == Kind::Words { LEFT } else { RIGHT };
            let style = format!("{HEAD}{side}");
            self.markup.element(
                "th",
                &[("scope", "col"), ("style", &style)],
                &self.speech.words(column.heading),
            );
            if compared == Some(place) {
                self.markup.element("td", &[("style", HEAD)], "");
            }
        }
        self.markup.close("tr");
        for row in &table.rows {
            self.markup.open("tr", &[]);
            for (place, cell) in row.iter().enumerate() {
                let side = if is_number(cell) || matches!(cell, Cell::Nothing) { RIGHT } else { LEFT };
                let style = format!("{CELL}{side}");
                self.markup.element("td", &[("style", &style)], &self.speech.cell(cell));
                if compared == Some(place) {
                    self.bar(amount(cell).unwrap_or(0.0) / greatest);
                }
            }
            self.markup.close("tr");
        }
        self.markup.close("table");
        self.markup.close("div");
    }

    fn bar(&mut self, part: f64) {
        self.markup.open("td", &[("style", &format!("{CELL}width:35%;"))]);
        let width = (100.0 * part.clamp(0.0, 1.0)).round();
        if width > 0.0 {
            self.markup.element("div", &[("style", &format!("{BAR}width:{width}%;"))], "\u{a0}");
        }
        self.markup.close("td");
    }
}
