//! Pages: read with the parser of the HTML standard, and shown by a browser.

use std::fs;

use scraper::{ElementRef, Html, Selector};

use crate::{
    fixture, sessions_table,
    site::Site,
    slots::evening,
    space::{DAY, NOW, empty, filled, report},
    support::{Browser, Database, Tool},
    time::tuesday,
};

/// What the elements are that a CSS selector finds.
pub fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

/// The same below an element.
fn below<'a>(element: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    element.select(&Selector::parse(selector).unwrap()).collect()
}

pub fn text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

fn texts(elements: &[ElementRef<'_>]) -> Vec<String> {
    elements.iter().map(|element| text(*element)).collect()
}

/// The page that a report makes, without one mistake.
#[track_caller]
pub fn page(tool: &Tool) -> Html {
    let run = tool.clone().arg("--format=html").run().expect(0);
    assert_eq!(run.stderr, "");
    parsed(&run.stdout)
}

/// HTML without one mistake.
#[track_caller]
pub fn parsed(text: &str) -> Html {
    let page = Html::parse_document(text);
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    page
}

/// A database with a week of sessions that had a limit.
fn week() -> Database {
    sessions_table::golden("08_week_20000")
}

/// The report on it.
fn report_on(week: &Database) -> Tool {
    report(week).args(["sessions", "--from=2026-01-12", "--to=2026-01-18"])
}

/// Reports with all sections and charts, in a language.
fn pages(language: &str) -> Vec<Html> {
    let (space, site, sessions, online, week) = (filled(), Site::filled(), evening(), tuesday(), week());
    [report(&space).args(DAY), site.report(), report(&sessions), report(&online), report_on(&week)]
        .map(|tool| page(&tool.args(["--lang", language])))
        .into()
}

#[test]
fn every_element_that_points_at_another_finds_it_and_none_leaves_the_page() {
    for page in ["en", "fr"].into_iter().flat_map(pages) {
        let ids: Vec<&str> = all(&page, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{ids:?}");
        for element in all(&page, "*") {
            for (name, value) in element.value().attrs() {
                match name {
                    "href" => assert!(value.strip_prefix('#').is_some_and(|id| ids.contains(&id)), "{value}"),
                    "aria-labelledby" => assert!(ids.contains(&value), "{value}"),
                    "src" | "srcset" | "data" | "xlink:href" | "action" | "style" => {
                        panic!("{name}={value} in {}", element.html())
                    }
                    _ => assert!(!name.starts_with("on"), "{name}"),
                }
            }
        }
        assert!(all(&page, "script, link, img, iframe, object").is_empty());
        let style = text(all(&page, "style")[0]);
        assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
        let policy = all(&page, "meta[http-equiv='Content-Security-Policy']");
        assert!(policy[0].attr("content").unwrap().starts_with("default-src 'none';"));
    }
}

#[test]
fn the_page_of_a_year_has_no_mistake_and_few_landmarks() {
    let site = fixture::year();
    for language in ["en", "fr"] {
        for arguments in [&[][..], &["--anonymous"]] {
            let tool = fixture::report(&site).args(fixture::YEAR).args(["--lang", language]).args(arguments);
            let page = page(&tool);
            assert_eq!(all(&page, "main > section").len(), 6);
            // Who goes from landmark to landmark meets sections, each of another name, and no tables.
            assert!(all(&page, "[role=region]").is_empty());
            let mut names = texts(&all(&page, "h2"));
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), 6);
            // A year is told by month, and what has many columns has the whole width.
            assert!(all(&page, "tbody tr").len() < 200);
            for table in all(&page, ".block:not(.whole, .across) table") {
                assert!(below(table, "thead th").len() < 5, "{}", table.html());
            }
        }
    }
}

#[test]
fn readers_of_any_kind_find_their_way() {
    for (language, title) in [("en", "Statistics"), ("fr", "Statistiques")] {
        for page in pages(language) {
            assert_eq!(all(&page, "html")[0].attr("lang"), Some(language));
            assert_eq!(texts(&all(&page, "h1")), [title]);
            for landmark in ["header", "main", "footer"] {
                assert_eq!(all(&page, landmark).len(), 1, "{landmark}");
            }
            let sections = all(&page, "main > section");
            let links = all(&page, "nav a");
            assert!(links.len() == sections.len() || (sections.len() == 1 && links.is_empty()));
            for section in sections {
                assert_eq!(below(section, "h2").len(), 1);
            }
            for table in all(&page, "table") {
                assert!(table.attr("aria-labelledby").is_some(), "{}", table.html());
                assert!(below(table, "thead th:not([scope])").is_empty());
                assert!(below(table, "tbody tr").iter().all(|row| !below(*row, "th[scope=row]").is_empty()));
            }
        }
    }
}

#[test]
fn each_picture_stands_above_the_table_of_its_values() {
    let mut kinds = [0; 4];
    for page in pages("en") {
        for picture in all(&page, "svg[role=img]") {
            let name = picture.attr("aria-label").unwrap();
            let block = picture
                .ancestors()
                .filter_map(ElementRef::wrap)
                .find(|element| element.value().has_class("block", scraper::CaseSensitivity::CaseSensitive));
            let block = block.unwrap();
            assert_eq!(texts(&below(block, "h3")), [name]);
            let heading = below(block, "h3")[0].attr("id");
            let tables = below(block, "table");
            assert_eq!((tables.len(), tables[0].attr("aria-labelledby")), (1, heading));
            let rows: Vec<Vec<String>> =
                below(tables[0], "tbody tr").iter().map(|row| texts(&below(*row, "th, td"))).collect();
            let cells = || rows.iter().flatten();

            let heats = below(picture, ".heat[x] > title, .none > title");
            let columns = below(picture, ".bar > title");
            let bars = below(picture, "[class^=bar]");
            if !below(picture, ".mean").is_empty() {
                kinds[0] += 1;
                // Each step of time has two corners in the line of the mean, which is broken where a day is left out.
                let corners: usize = below(picture, "path.mean")
                    .iter()
                    .map(|path| path.attr("d").unwrap().matches(['M', 'L']).count())
                    .sum();
                let counted = rows.iter().filter(|row| row.iter().all(|cell| cell != "-")).count();
                assert_eq!(corners, 2 * counted, "{name}");
            } else if !heats.is_empty() {
                kinds[1] += 1;
                let days = texts(&below(tables[0], "thead th"));
                let told: Vec<String> = texts(&heats);
                assert_eq!(told.len(), 7 * 24);
                for row in &rows {
                    for (day, value) in days.iter().zip(row).skip(1) {
                        assert!(told.contains(&format!("{day} {} : {value}", row[0])), "{told:?}");
                    }
                }
            } else if !columns.is_empty() {
                kinds[2] += 1;
                let expected: Vec<String> = rows.iter().map(|row| row.join(" : ")).collect();
                assert_eq!(texts(&columns), expected);
            } else {
                kinds[3] += 1;
                assert!(!bars.is_empty(), "{name}");
                let numbers = below(picture, "text.label");
                for number in texts(&numbers).iter().filter(|text| text.parse::<f64>().is_ok()) {
                    assert!(cells().any(|cell| cell == number), "{number} of {name}");
                }
                // The table may tell more of each than there are bars for.
                for row in &rows {
                    assert!(
                        row.iter().skip(1).any(|cell| texts(&numbers).contains(cell)),
                        "{row:?} of {name}"
                    );
                }
            }
        }
    }
    // Rooms, services; workshops, weeks and courses of time, of two reports, narrow and wide; logins.
    assert_eq!(kinds, [4, 4, 1, 4]);
}

#[test]
fn the_limit_is_in_the_picture_and_told() {
    let week = week();
    let page = page(&report_on(&week));
    let limits = all(&page, "svg[role=img] path.limit");
    assert!(!limits.is_empty());
    let told = texts(&all(&page, "svg[role=img] text.label"));
    assert!(told.contains(&"Limit 150 – 220".to_owned()), "{told:?}");
    assert_eq!(texts(&all(&page, "thead th:last-child"))[1], "Limit");
}

#[test]
fn names_from_outside_stay_text() {
    let database = filled();
    let names = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style></svg>&amp;<b>'"];
    let quoted = names.map(|name| name.replace('\'', "''"));
    database.run(&format!(
        "UPDATE epn_room SET name = '{}' WHERE id = 1; UPDATE epn_user SET login = '{}' WHERE id = 2; \
         UPDATE epn_workshop SET title = '{}' WHERE id = 1",
        quoted[0], quoted[1], quoted[2]
    ));
    let run = report(&database).args(DAY).arg("--format=html").run().expect(0);
    assert!(!run.stdout.contains(['\u{202e}', '\u{1b}']), "{}", run.stdout);
    let page = parsed(&run.stdout);
    assert!(all(&page, "script, img, b").is_empty());
    let shown = texts(&all(&page, "bdi"));
    for name in names.into_iter().chain(["bad\\u{1b}[31m\\nlogin", "Photo 写真\\u{202e}"]) {
        assert!(shown.contains(&name.to_owned()), "{name} is not in {shown:?}");
    }
    // In the picture, too, where there is less room.
    assert!(texts(&all(&page, "svg text")).iter().any(|name| name.starts_with("<script>")));
}

#[test]
fn numbers_and_dates_are_those_of_the_language() {
    let database = evening();
    let shown = |language: &str| page(&report(&database).args(["sessions", "--lang", language]).args(DAY));
    let period = |page: &Html| texts(&all(page, "header p"));
    let (english, french) = (shown("en"), shown("fr"));
    assert_eq!(period(&english), ["10 March 2026"]);
    assert_eq!(period(&french), ["10 mars 2026"]);
    assert_eq!(texts(&all(&english, "dd"))[0], "1,503");
    assert_eq!(texts(&all(&french, "dd"))[0], "1\u{202f}503");
    assert_eq!(all(&french, "tbody time")[0].attr("datetime"), Some("2026-03-10T18:00:00+00:00"));
    let part = report(&database).args(["sessions", "--lang=fr", "--from=2026-03-01", "--to", NOW]);
    assert_eq!(period(&page(&part)), ["du 01/03/2026 00:00 au 10/03/2026 20:00"]);
}

#[test]
fn sections_without_data_are_one_line() {
    let database = empty();
    let page = page(&report(&database).args(["sessions", "epn", "time", "--lang=fr"]));
    let sections = all(&page, "section");
    assert_eq!(sections.len(), 3);
    for section in sections {
        assert_eq!(below(section, "p.line").len(), 1, "{}", section.html());
        assert!(below(section, "table, svg, dl").is_empty(), "{}", section.html());
    }
}

#[test]
fn a_page_is_the_same_wherever_it_is_made() {
    let database = filled();
    let tool = report(&database).args(DAY).args(["--format=html", "--lang=fr"]);
    let shown = tool.run().expect(0).stdout;
    let poor = tool.clone().env("LC_ALL", "C").env("COLUMNS", "60").env("TERM", "dumb");
    assert_eq!(poor.run().expect(0).stdout, shown);
    let file = tool.home().join("page.html");
    tool.clone().arg("--output").arg(&file).run().silent();
    assert_eq!(fs::read_to_string(&file).unwrap(), shown);
}

#[test]
fn a_browser_shows_it_on_a_telephone_and_on_a_desk() {
    let (space, week) = (filled(), week());
    let browser = Browser::start();
    for tool in [report(&space).args(DAY), report_on(&week)] {
        let file = tool.home().join("page.html");
        tool.clone().arg("--format=html").arg("--output").arg(&file).run().silent();
        for (width, scheme) in [(400, "light"), (400, "dark"), (1_000, "light")] {
            browser.look(width, scheme);
            browser.open(&format!("file://{}", file.display()));
            let wide = browser
                .script("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wide, 0, "{width} pixels, {scheme}");
            let hidden = if width < 600 { "wide" } else { "narrow" };
            let seen = browser.script(
                "return [...document.querySelectorAll('.picture')].filter(picture => picture.checkVisibility())\
                 .map(picture => picture.className).join()",
            );
            assert!(!seen.as_str().unwrap().is_empty() && !seen.as_str().unwrap().contains(hidden), "{seen}");
        }
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
    }
}
