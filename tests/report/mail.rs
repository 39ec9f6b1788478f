//! Mails, as a mail program reads them.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use crate::{
    html::{all, parsed},
    site::Site,
    space::{DAY, empty, filled, report},
    support::Tool,
};

/// The message that a report makes.
#[track_caller]
fn mail(tool: &Tool) -> String {
    let run = tool.run().expect(0);
    assert_eq!(run.stderr, "");
    run.stdout
}

#[track_caller]
fn read(mail: &str) -> Message<'_> {
    MessageParser::default().parse(mail).unwrap()
}

fn recipients(mail: &str) -> Vec<String> {
    let message = read(mail);
    let to = message.to().unwrap();
    to.iter().map(|address| address.address.clone().unwrap().into_owned()).collect()
}

#[test]
fn who_reads_text_has_the_tables_and_who_reads_pages_the_charts() {
    let (space, site) = (filled(), Site::filled());
    for (tool, charts) in [(report(&space).args(DAY), 2), (site.report(), 2)] {
        for (language, subject) in [("en", "Statistics – "), ("fr", "Statistiques – ")] {
            let tool = tool.clone().args(["--lang", language]);
            let text = mail(&tool.clone().arg("--mail"));
            let message = read(&text);
            assert!(message.subject().unwrap().starts_with(subject), "{:?}", message.subject());
            assert_eq!(message.date().unwrap().to_rfc3339(), "2026-03-10T19:00:00Z");
            assert_eq!(message.from().unwrap().first().unwrap().address.as_deref(), Some("sessionstat"));
            assert_eq!(message.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
            assert_eq!(message.text_bodies().count(), 1);
            assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), tool.run().expect(0).stdout);

            let kinds: Vec<String> = message
                .parts
                .iter()
                .map(|part| {
                    let kind = part.content_type().unwrap();
                    format!("{}/{}", kind.ctype(), kind.subtype().unwrap())
                })
                .collect();
            let pictures = vec!["image/png".to_owned(); charts];
            let expected = ["multipart/alternative", "text/plain", "multipart/related", "text/html"];
            assert_eq!(kinds[..4], expected);
            assert_eq!(kinds[4..], pictures);

            let page = message.html_bodies().next().unwrap();
            let PartType::Html(page) = &page.body else { panic!("{page:?}") };
            let page = parsed(page);
            let sources: Vec<&str> = all(&page, "img").iter().filter_map(|image| image.attr("src")).collect();
            assert_eq!(sources.len(), charts);
            for (source, part) in sources.iter().zip(&message.parts[4..]) {
                assert_eq!(source.strip_prefix("cid:"), part.content_id());
                let (PartType::Binary(png) | PartType::InlineBinary(png)) = &part.body else {
                    panic!("{part:?}")
                };
                assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 2_000);
            }
            for image in all(&page, "img") {
                assert!(!image.attr("alt").unwrap().is_empty());
            }
            // What mail programs do not know.
            assert!(all(&page, "svg, style, script, link").is_empty());
        }
    }
}

#[test]
fn a_message_is_lines_that_any_server_takes() {
    let database = filled();
    let text = mail(&report(&database).args(DAY).args(["--mail", "--lang=fr"]));
    assert!(text.is_ascii() && !text.contains('\r'));
    assert!(text.lines().all(|line| line.len() <= 78), "{:?}", text.lines().find(|line| line.len() > 78));
}

#[test]
fn the_command_line_names_the_recipients_or_the_configuration_does() {
    let database = empty();
    let tool = report(&database);
    assert_eq!(recipients(&mail(&tool.clone().arg("--mail"))), ["root"]);
    let named = tool.clone().args(["overview", "--mail=a@example.org,b@example.org", "--format=html"]);
    assert_eq!(recipients(&mail(&named)), ["a@example.org", "b@example.org"]);
    let zone = "general.timezone = \"Europe/Paris\"\n";
    let configured = |settings: &str| tool.clone().arg("--mail").config(&format!("{zone}{settings}"));
    let settings = "report.mail_to = [\"staff@example.org\"]\nreport.mail_from = \"stats@example.org\"\n";
    let text = mail(&configured(settings));
    assert_eq!(recipients(&text), ["staff@example.org"]);
    assert!(text.starts_with("From: <stats@example.org>\nTo: <staff@example.org>\n"), "{text}");

    for wrong in ["report.mail_to = []", "report.mail_to = [\"a@b\\nBcc: c@d\"]", "report.mail_from = \"\""] {
        let said = configured(wrong).run().expect(78).stderr;
        assert!(said.contains("[report] mail_"), "{said}");
    }
    for wrong in ["--mail=a b", "--mail=a@b\nBcc: c@d", "--mail=-t", "--mail="] {
        let said = tool.clone().arg(wrong).run().expect(2).stderr;
        assert!(said.contains("no address of mail"), "{said}");
    }
    let both = tool.clone().args(["--mail", "--format=json"]).run().expect(2).stderr;
    assert_eq!(both, "stats-report: --mail is for --format html; leave --format out\n");
}

#[test]
fn names_from_outside_stay_text_and_in_their_part() {
    let database = filled();
    database.run(
        "UPDATE epn_user SET login = '<img src=x>\r\nBcc: all@example.org\r\n\r\n--' WHERE id = 2; \
         UPDATE epn_room SET name = '<script>alert(1)</script>' WHERE id = 1",
    );
    let text = mail(&report(&database).args(DAY).args(["epn", "--mail"]));
    assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
    let message = read(&text);
    let page = message.body_html(0).unwrap();
    let page = parsed(&page);
    assert!(all(&page, "script, img[src=x]").is_empty());
    let shown: Vec<String> = all(&page, "td").into_iter().map(crate::html::text).collect();
    assert!(shown.iter().any(|cell| cell.starts_with("<img src=x>\\r\\nBcc")), "{shown:?}");
}
