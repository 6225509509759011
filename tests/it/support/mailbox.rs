use std::path::Path;

use mail_parser::MessageParser;

/// A mail as its reader gets it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The address of `List-Unsubscribe`, if there is one.
    pub unsubscribe: Option<String>,
    /// The list it belongs to, as a mailbox files it.
    pub list: Option<String>,
    /// Who an answer goes to, if not the sender.
    pub reply_to: Option<String>,
}

impl Mail {
    /// The path of the first link whose address holds `part`.
    pub fn link(&self, part: &str) -> String {
        let link = self.text.split_whitespace().find(|word| word.starts_with("http") && word.contains(part));
        let link = link.unwrap_or_else(|| panic!("no link with {part} in: {}", self.text));
        let after_host = link.splitn(4, '/').nth(3).unwrap_or_default();
        format!("/{after_host}")
    }
}

pub fn to(folder: &Path, email: &str) -> Vec<Mail> {
    let Ok(entries) = std::fs::read_dir(folder.join("mail")) else { return Vec::new() };
    let mut mails: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "eml"))
        .filter_map(|entry| {
            let bytes = std::fs::read(entry.path()).ok()?;
            let mail = MessageParser::default().parse(&bytes)?;
            let address = mail.to()?.first()?.address()?.to_owned();
            let unsubscribe = mail
                .header_raw("List-Unsubscribe")
                .map(|value| value.trim().trim_matches(['<', '>']).to_owned());
            let mail = Mail {
                to: address,
                subject: mail.subject().unwrap_or_default().to_owned(),
                text: mail.body_text(0).unwrap_or_default().into_owned(),
                html: mail.body_html(0).unwrap_or_default().into_owned(),
                unsubscribe,
                list: mail.header_raw("List-Id").map(|list| list.trim().to_owned()),
                reply_to: mail.reply_to().and_then(|to| to.first()?.address().map(str::to_owned)),
            };
            // A name is an id: the moment of writing, then chance. What was written at one moment stands as it was sent.
            let name = entry.file_name().into_string().ok()?;
            let moment = name.get(..13)?.to_owned();
            Some(((moment, entry.metadata().ok()?.modified().ok()?), mail))
        })
        .filter(|(_, mail)| mail.to.eq_ignore_ascii_case(email))
        .collect();
    mails.sort_by(|(a, _), (b, _)| a.cmp(b));
    mails.into_iter().map(|(_, mail)| mail).collect()
}
