//! `/dev/mail`: the mails that were caught in development, newest first.

use std::path::{Path, PathBuf};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path as UrlPath, State},
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use mail_parser::{Message, MessageParser};
use uuid::Uuid;

use super::policy;
use crate::kit::{
    app::App,
    config::MailTransport,
    error::{Error, Result},
    visit::Visit,
};

struct Caught {
    id: Uuid,
    to: String,
    subject: String,
    date: String,
    text: String,
    unsubscribe: Option<String>,
}

impl Caught {
    /// With the space behind each, so that addresses can be made links and nothing else changes.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_inclusive(char::is_whitespace)
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "kit/mail_list.html")]
struct ListPage {
    visit: Visit,
    mails: Vec<Caught>,
    /// The folder, or where mails go instead.
    folder: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "kit/mail_show.html")]
struct ShowPage {
    visit: Visit,
    mail: Caught,
}

fn folder(app: &App) -> Option<&Path> {
    match &app.config().mail.transport {
        MailTransport::Folder(folder) => Some(folder),
        MailTransport::Smtp { .. } => None,
    }
}

pub async fn list(State(app): State<App>, visit: Visit) -> Result<Response> {
    let Some(folder) = folder(&app) else {
        return Ok(ListPage { visit, mails: Vec::new(), folder: None }.into_response());
    };
    let shown = folder.display().to_string();
    let folder = folder.to_owned();
    let mails =
        tokio::task::spawn_blocking(move || newest(&folder, 100)).await.map_err(anyhow::Error::from)?;
    Ok(ListPage { visit, mails, folder: Some(shown) }.into_response())
}

fn newest(folder: &Path, most: usize) -> Vec<Caught> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(std::time::SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "eml"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort_unstable_by(|a, b| b.cmp(a));
    files.into_iter().take(most).filter_map(|(_, path)| read(&path)).collect()
}

fn read(path: &Path) -> Option<Caught> {
    let id = path.file_stem()?.to_str()?.parse().ok()?;
    let bytes = std::fs::read(path).ok()?;
    let mail = MessageParser::default().parse(&bytes)?;
    Some(Caught {
        id,
        to: mail.to()?.first()?.address()?.to_owned(),
        subject: mail.subject().unwrap_or_default().to_owned(),
        date: mail.date().map(ToString::to_string).unwrap_or_default(),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
        unsubscribe: unsubscribe(&mail),
    })
}

fn unsubscribe(mail: &Message<'_>) -> Option<String> {
    let header = mail.header_raw("List-Unsubscribe")?;
    Some(header.trim().trim_matches(['<', '>']).to_owned())
}

fn path(app: &App, id: Uuid) -> Result<PathBuf> {
    Ok(folder(app).ok_or(Error::NotFound)?.join(format!("{id}.eml")))
}

pub async fn show(State(app): State<App>, visit: Visit, UrlPath(id): UrlPath<Uuid>) -> Result<Response> {
    let mail = read(&path(&app, id)?).ok_or(Error::NotFound)?;
    Ok(ShowPage { visit, mail }.into_response())
}

/// The HTML part by itself, as a mail reader would draw it. Its inlined styles need a policy of their own.
pub async fn html(State(app): State<App>, UrlPath(id): UrlPath<Uuid>) -> Result<Response> {
    let bytes = std::fs::read(path(&app, id)?).map_err(|_| Error::NotFound)?;
    let mail = MessageParser::default().parse(&bytes).ok_or(Error::NotFound)?;
    let html = mail.body_html(0).ok_or(Error::NotFound)?.into_owned();
    let policy = HeaderValue::from_str(&policy(&html, "'self'")).map_err(anyhow::Error::from)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response())
}
