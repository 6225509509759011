use std::collections::HashMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    sql,
    words::{self, Change, UNKNOWN},
};
use crate::{
    accounts::{Officer, Rooms, SEE_PEOPLE, Scope, Tells},
    audit::{self, Filter, Seal},
    kit::{
        app::App,
        dates,
        db::Db,
        error::Result,
        flash,
        form::Form,
        paging::{self, Paging},
        visit::{Viewer, Visit},
    },
    people,
};

const PAGE_SIZE: usize = 50;

#[derive(Template, WebTemplate)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    visit: Visit,
    form: Form,
    /// What the lines are about, to choose from.
    kinds: Vec<Kinds>,
    /// Whether this officer sees people's records, and so what was done to which of them.
    sees_people: bool,
    lines: Vec<EntryRow>,
    /// Back to the newest lines, and on to older ones.
    paging: Paging,
}

/// The kinds of one heading: each action and its words, after the code that stands for all of them.
struct Kinds {
    title: &'static str,
    all: &'static str,
    actions: Vec<(&'static str, &'static str)>,
}

fn kinds(rooms: Rooms) -> Vec<Kinds> {
    let says = || rooms.iter().flat_map(|room| room.audit);
    let of = |(all, title): &(&'static str, &'static str)| Kinds {
        title,
        all,
        actions: says()
            .filter(|says| says.action.starts_with(all))
            .map(|says| (says.action, says.words))
            .collect(),
    };
    rooms.iter().flat_map(|room| room.log).map(of).collect()
}

struct EntryRow {
    id: i64,
    at: DateTime<Utc>,
    who: Someone,
    action: &'static str,
    about: Option<Someone>,
    changes: Vec<Change>,
}

struct Someone {
    name: String,
    /// The page, if it is a person's.
    href: String,
}

pub async fn list(
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    RawQuery(query): RawQuery,
    mut db: Db,
) -> Result<Response> {
    let kinds = kinds(rooms);
    let sees_people = who.scope(SEE_PEOPLE).is_ok_and(|scope| scope == Scope::Everyone);
    let form = people::read(query)?;
    let asked = match asked(&form, &kinds) {
        Ok(asked) => asked,
        Err(form) => {
            let (lines, paging) = Default::default();
            let page = AuditPage { visit, form, kinds, sees_people, lines, paging };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut tx = people::begin(&mut db).await?;
    let mut filter = asked.filter.clone();
    if sees_people && !asked.person.is_empty() {
        let ids = match Uuid::parse_str(&asked.person) {
            Ok(id) => vec![id],
            Err(_) => sql::find_people(&mut tx, &asked.person).await?,
        };
        filter.people = Some(ids.iter().map(Uuid::to_string).collect());
    }
    let size = i64::try_from(PAGE_SIZE).unwrap_or(i64::MAX);
    let mut found = audit::list(&mut tx, &filter, size + 1).await?;
    let older = found.len() > PAGE_SIZE;
    found.truncate(PAGE_SIZE);
    let mut ids: Vec<Uuid> = Vec::new();
    for line in &found {
        ids.extend(line.actor.parse::<Uuid>());
        ids.extend(line.subject_id.parse::<Uuid>().ok().filter(|_| line.subject_kind == "person"));
    }
    let names = sql::names(&mut tx, &ids).await?;
    tx.commit().await?;
    let paging = Paging {
        words: String::new(),
        previous: if filter.before.is_some() { asked.address(0) } else { String::new() },
        next: found.last().filter(|_| older).map(|last| asked.address(last.id)).unwrap_or_default(),
    };
    let lines =
        found.into_iter().map(|line| read(rooms, line, &names, visit.viewer.as_ref(), sees_people)).collect();
    Ok(AuditPage { visit, form, kinds, sees_people, lines, paging }.into_response())
}

struct Asked {
    filter: Filter,
    person: String,
    fields: Vec<(&'static str, String)>,
}

impl Asked {
    /// The same question from a line on; 0 is the newest.
    fn address(&self, before: i64) -> String {
        let mut fields = self.fields.clone();
        if before > 0 {
            fields.push(("before", before.to_string()));
        }
        paging::address("/admin/audit", &fields)
    }
}

fn asked(form: &Form, kinds: &[Kinds]) -> std::result::Result<Asked, Form> {
    let mut check = form.check();
    let person = check.optional_text("person", 200);
    let from = check.optional_day("from");
    let to = check.optional_day("to");
    let codes = kinds.iter().flat_map(|kinds| kinds.actions.iter().map(|(code, _)| *code).chain([kinds.all]));
    let chosen = check.optional_text("kind", 100);
    let kind = chosen.as_deref().and_then(|chosen| codes.into_iter().find(|code| *code == chosen));
    if kind.is_none() && chosen.is_some_and(|chosen| !chosen.is_empty()) {
        check.fail("kind", "Choose from the list what the lines are about");
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        check.fail("to", "Enter the same day as in “From”, or a later one");
    }
    let fields = ["kind", "person", "from", "to"]
        .into_iter()
        .map(|name| (name, form.value(name).trim().to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    check.finish(|| {
        Some(Asked {
            filter: Filter {
                before: form.value("before").parse().ok(),
                action_prefix: kind.unwrap_or_default().to_owned(),
                people: None,
                from: from.map(dates::start_of_day),
                until: to.map(|day| dates::start_of_day(day.succ_opt().unwrap_or(day))),
            },
            person: person?,
            fields,
        })
    })
}

/// A line in words. Who may not open people's records reads that something was done to somebody's, by which officer:
/// no name, no link, no detail. Nobody reads more of an action that no room declares.
fn read(
    rooms: Rooms,
    line: audit::StoredEntry,
    names: &HashMap<Uuid, String>,
    viewer: Option<&Viewer>,
    sees_people: bool,
) -> EntryRow {
    let says = rooms.says(&line.action);
    let is_veiled = match says.map(|says| says.tells) {
        Some(Tells::Party) => false,
        Some(Tells::People) => !sees_people,
        None => true,
    };
    let person = |id: &str| {
        let known = id.parse::<Uuid>().ok()?;
        if is_veiled && id == line.subject_id {
            return Some(Someone { name: "A person".to_owned(), href: String::new() });
        }
        let name = names.get(&known).cloned().unwrap_or_else(|| "Somebody whose record is gone".to_owned());
        let href = if sees_people { format!("/admin/members/{known}") } else { String::new() };
        Some(Someone { name, href })
    };
    let who = person(&line.actor)
        .unwrap_or_else(|| Someone { name: "The site itself".to_owned(), href: String::new() });
    let about = match line.subject_kind.as_str() {
        "person" => person(&line.subject_id),
        kind if says.is_none() => Some(Someone { name: words::sentence(kind), href: String::new() }),
        kind => {
            // Cases stand below their list, which is the one in the menu.
            let page = rooms.page_of(kind, &line.subject_id);
            let page = page.filter(|(list, _)| viewer.is_some_and(|viewer| viewer.opens_below(list)));
            let href = page.map(|(_, page)| page).unwrap_or_default();
            Some(Someone { name: words::subject(rooms, kind, &line.subject_id), href })
        }
    };
    EntryRow {
        id: line.id,
        at: line.at,
        who,
        action: says.map_or(UNKNOWN, |says| says.words),
        about,
        changes: if is_veiled {
            Vec::new()
        } else {
            words::changes(rooms, (&line.subject_kind, &line.subject_id), &line.detail)
        },
    }
}

/// Walks the whole log, when asked to: on each view it would cost more than the view.
pub async fn check(State(app): State<App>, mut db: Db, form: Form) -> Result<Response> {
    let mut check = form.check();
    let told = if form.is_empty("seal") { Ok(None) } else { Ok(check.parse::<Seal>("seal")) };
    let told = told.and_then(|told| check.finish(|| Some(told)));
    let Ok(told) = told else {
        let text = "That is no seal. Copy it from the email as it stands there, like 1234-3fa94c0b27d1e688.";
        return Ok(flash::redirect_with_warning(&app, "/admin/audit", text));
    };
    let chain = audit::check(&app, &mut db, told).await?;
    Ok(match words::of_chain(&chain) {
        Ok(text) => flash::redirect(&app, "/admin/audit", &text),
        Err(text) => {
            tracing::error!(?chain, "the audit log was changed");
            flash::redirect_with_warning(&app, "/admin/audit", &text)
        }
    })
}
