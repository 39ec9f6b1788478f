//! A mail with the report: text for who reads text, a page with pictures for all others. Meant for `sendmail -t`.

use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, date::Date, message_id::MessageId, raw::Raw},
    mime::MimePart,
};

use super::{Look, html, mail_page, speech::Speech, table};
use crate::{
    failure::{OrFail, Result, Status},
    report::{model::Report, texts},
};

/// From whom to whom a mail goes. Addresses have been checked: they hold nothing that would end a line or an address.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Its sender.
    pub from: String,
    /// Its recipients.
    pub to: Vec<String>,
    /// The name of this host.
    pub host: String,
}

/// The message, with the line ends of this system, as programs give it to `sendmail`.
///
/// # Errors
/// [`Status::Io`] for a chart that cannot be drawn.
pub fn render(report: &Report, look: &Look, envelope: &Envelope) -> Result<String> {
    // Cron runs it where no locale is set; a mail says itself that it is UTF-8.
    let look = html::look_of_pages(look);
    let speech = Speech::of(report, &look);
    let subject = format!("{} – {}", speech.words(texts::STATISTICS), speech.period(report));
    let (page, pictures) = mail_page::render(report, &speech)?;

    let pictures = pictures.into_iter().map(|(name, png)| MimePart::new("image/png", png).inline().cid(name));
    let related = [MimePart::new("text/html", page)].into_iter().chain(pictures).collect::<Vec<_>>();
    let kind = ContentType::new("multipart/related").attribute("type", "text/html");
    let language = look.language.code();
    let text = MimePart::new("text/plain", table::render(report, &look)).language(language);
    let body = MimePart::new("multipart/alternative", vec![text, MimePart::new(kind, related)]);

    let moment = report.generated_at.timestamp();
    let id = format!("stats-report.{moment}.{}@{}", std::process::id(), envelope.host);
    let to = envelope.to.iter().map(|address| Address::new_address(None::<&str>, address)).collect();
    let message = MessageBuilder::new()
        .from(envelope.from.as_str())
        .to(Address::new_list(to))
        .subject(subject)
        .date(Date::new(moment))
        .message_id(MessageId::new(id))
        // Nobody's absence is told to a program.
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .body(body)
        .write_to_string()
        .or_fail(Status::Io, || "writing the mail")?;
    Ok(message.replace("\r\n", "\n"))
}
