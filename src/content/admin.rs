//! The editor: lists, editing with preview, publishing, order, deletion. The same for every kind of content.

use std::collections::BTreeMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    actions::{self, Saved},
    forms::{self, Choices},
    kind::Kind,
    links::{self, Checked},
    model::{self, Difference, Draft, Item},
    shown::{self, Shown},
    sql,
    words::Words,
};
use crate::{
    accounts::{Officer, Paths},
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    pictures,
};

impl FromRequestParts<App> for Kind {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        Self::at(parts.uri.path()).ok_or(Error::NotFound)
    }
}

/// The kind of content that is edited, and the site's paths, where the links of its text are looked up.
pub(super) struct Editing {
    kind: Kind,
    paths: Paths,
}

impl FromRequestParts<App> for Editing {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let kind = Kind::from_request_parts(parts, app).await?;
        let paths = parts.extensions.get::<Paths>().cloned();
        Ok(Self { kind, paths: paths.ok_or_else(|| anyhow::anyhow!("the site brings no paths"))? })
    }
}

/// The path of one item, with more behind it or not.
pub(super) type ItemPath = Path<BTreeMap<String, String>>;

pub(super) fn id(path: &ItemPath) -> Result<Uuid> {
    path.get("id").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)
}

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_list.html")]
struct ListPage {
    visit: Visit,
    kind: Kind,
    items: Vec<Item<Words>>,
    deleted: Vec<Item<Words>>,
}

pub(super) async fn list(visit: Visit, kind: Kind, mut db: Db) -> Result<Response> {
    let items = sql::list_all(&mut db, kind).await?;
    let (items, deleted) = items.into_iter().partition(|item| item.deleted_at.is_none());
    Ok(ListPage { visit, kind, items, deleted }.into_response())
}

/// A group as the desk lists it.
struct Shelf {
    group: Item<Words>,
    questions: Vec<Item<Words>>,
}

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_faq.html")]
struct QuestionsPage {
    visit: Visit,
    shelves: Vec<Shelf>,
    deleted: Vec<(Kind, Item<Words>)>,
}

pub(super) async fn list_questions(visit: Visit, mut db: Db) -> Result<Response> {
    let groups = sql::list_all(&mut db, Kind::Group).await?;
    let questions = sql::list_all(&mut db, Kind::Question).await?;
    let mut deleted = Vec::new();
    let mut shelves: Vec<Shelf> = Vec::new();
    for group in groups {
        if group.deleted_at.is_some() {
            deleted.push((Kind::Group, group));
        } else {
            shelves.push(Shelf { group, questions: Vec::new() });
        }
    }
    for question in questions {
        let shelf = shelves.iter_mut().find(|shelf| Some(shelf.group.id) == question.parent_id);
        match shelf {
            Some(shelf) if question.deleted_at.is_none() => shelf.questions.push(question),
            _ => deleted.push((Kind::Question, question)),
        }
    }
    Ok(QuestionsPage { visit, shelves, deleted }.into_response())
}

async fn choices(db: &mut Db, kind: Kind) -> Result<Choices> {
    Ok(match kind {
        Kind::Group => Choices::default(),
        Kind::Question => {
            let groups = sql::list_all(db, Kind::Group).await?;
            let there = groups.into_iter().filter(|group| group.deleted_at.is_none());
            let groups = there.map(|group| (group.id, group.words.title().to_owned())).collect();
            Choices { groups, ..Choices::default() }
        }
        Kind::Page | Kind::Profile | Kind::Ally | Kind::Article => {
            Choices { pictures: pictures::list(db).await?, ..Choices::default() }
        }
    })
}

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_edit.html")]
struct EditPage {
    visit: Visit,
    kind: Kind,
    /// What stands now; `None` for a new one.
    item: Option<Item<Words>>,
    form: Form,
    choices: Choices,
    /// Where the links lead of what stands, or of what is previewed.
    links: Checked,
    /// As visitors would see it, after pressing Preview.
    preview: Option<Shown<Draft>>,
    /// What somebody else saved meanwhile, against what was typed.
    overtaken: Vec<Difference>,
}

impl EditPage {
    /// Whether everybody sees at once what is saved.
    fn is_live(&self) -> bool {
        self.item.as_ref().is_some_and(|item| item.is_published() && item.deleted_at.is_none())
    }

    fn new(visit: Visit, kind: Kind, form: Form, choices: Choices) -> Self {
        Self {
            visit,
            kind,
            item: None,
            form,
            choices,
            links: Checked::default(),
            preview: None,
            overtaken: Vec::new(),
        }
    }

    fn refused(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self).into_response()
    }
}

/// What was typed, and where its links lead; or the form with its faults.
async fn read(
    db: &mut Db,
    paths: &Paths,
    visit: &Visit,
    kind: Kind,
    form: &Form,
    choices: &Choices,
) -> Result<std::result::Result<(Draft, Checked), Form>> {
    let draft = match forms::draft(kind, form, choices) {
        Ok(draft) => draft,
        Err(form) => return Ok(Err(form)),
    };
    let text = draft.words.source().text;
    let links = links::check(db, paths, &visit.public_url, &text).await?;
    Ok(match links.refusal(&text) {
        Some(refusal) => Err(form.clone().failed(kind.text_field(), &refusal)),
        None => Ok((draft, links)),
    })
}

const TAKEN: &str = "Another one has this address. Choose a different one";

pub(super) async fn new(State(app): State<App>, visit: Visit, kind: Kind, mut db: Db) -> Result<Response> {
    let choices = choices(&mut db, kind).await?;
    let form = Form::default().keyed(app.random().id(visit.now));
    Ok(EditPage::new(visit, kind, form, choices).into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Editing { kind, paths }: Editing,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let choices = choices(&mut db, kind).await?;
    let (draft, links) = match read(&mut db, &paths, &visit, kind, &form, &choices).await? {
        Ok(read) => read,
        Err(form) => return Ok(EditPage::new(visit, kind, form, choices).refused()),
    };
    if form.pressed("preview") {
        let page = EditPage::new(visit, kind, form, choices);
        let preview = Some(shown::show_draft(draft).await?);
        return Ok(EditPage { links, preview, ..page }.into_response());
    }
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let added = actions::add(&mut change, kind, &draft, form.key()).await?;
    let Some(id) = added else {
        drop(change);
        return Ok(EditPage::new(visit, kind, form.failed("slug", TAKEN), choices).refused());
    };
    change.commit().await?;
    let edit = format!("{}/{id}", kind.desk());
    Ok(flash::redirect(&app, &edit, "Saved as a draft. Nobody sees it until you publish it."))
}

pub(super) async fn edit(
    visit: Visit,
    Editing { kind, paths }: Editing,
    path: ItemPath,
    mut db: Db,
) -> Result<Response> {
    let item = sql::find(&mut db, kind, id(&path)?).await?.ok_or(Error::NotFound)?;
    let choices = choices(&mut db, kind).await?;
    let form = forms::filled(&item);
    let links = links::check(&mut db, &paths, &visit.public_url, &item.words.source().text).await?;
    Ok(EditPage { item: Some(item), links, ..EditPage::new(visit, kind, form, choices) }.into_response())
}

pub(super) async fn update(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Editing { kind, paths }: Editing,
    path: ItemPath,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let id = id(&path)?;
    let choices = choices(&mut db, kind).await?;
    let item = sql::find(&mut db, kind, id).await?.ok_or(Error::NotFound)?;
    let mut page = EditPage { item: Some(item), ..EditPage::new(visit, kind, form.clone(), choices) };
    let (draft, links) = match read(&mut db, &paths, &page.visit, kind, &form, &page.choices).await? {
        Ok(read) => read,
        Err(form) => {
            page.form = form;
            return Ok(page.refused());
        }
    };
    if form.pressed("preview") {
        page.links = links;
        page.preview = Some(shown::show_draft(draft).await?);
        return Ok(page.into_response());
    }
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    match actions::change(&mut change, kind, id, forms::based_on(&form), &draft).await? {
        Saved::Done => {
            change.commit().await?;
            Ok(flash::redirect(&app, &format!("{}/{id}", kind.desk()), "Saved."))
        }
        Saved::AddressTaken => {
            page.form = form.failed("slug", TAKEN);
            Ok(page.refused())
        }
        Saved::Overtaken(now) => {
            page.overtaken = model::compare(&now.draft(), &draft);
            // Saving again means: I have seen the other text, and mine shall stand.
            let values = form.shown().filter(|(name, _)| *name != "version");
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            page.form = Form::from_values(values).with("version", now.version.to_string());
            page.item = Some(*now);
            Ok(page.refused())
        }
    }
}

/// Runs one action on one item and goes back to `to`.
macro_rules! act {
    ($app:ident, $db:ident, $who:ident, $kind:ident, $path:ident, $action:path, $to:expr, $said:expr) => {{
        let id = id(&$path)?;
        let mut change = Change::begin(&$app, &mut $db, Actor::Person($who.person_id)).await?;
        $action(&mut change, $kind, id).await?;
        change.commit().await?;
        let to: String = $to(id);
        Ok(flash::redirect(&$app, &to, $said))
    }};
}

pub(super) async fn publish(
    State(app): State<App>,
    Officer(who): Officer,
    kind: Kind,
    path: ItemPath,
    mut db: Db,
) -> Result<Response> {
    let to = |id| format!("{}/{id}", kind.desk());
    act!(app, db, who, kind, path, actions::publish, to, "Published. Everybody can see it now.")
}

pub(super) async fn unpublish(
    State(app): State<App>,
    Officer(who): Officer,
    kind: Kind,
    path: ItemPath,
    mut db: Db,
) -> Result<Response> {
    let to = |id| format!("{}/{id}", kind.desk());
    act!(app, db, who, kind, path, actions::unpublish, to, "Taken off the site. It is a draft again.")
}

pub(super) async fn delete(
    State(app): State<App>,
    Officer(who): Officer,
    kind: Kind,
    path: ItemPath,
    mut db: Db,
) -> Result<Response> {
    let to = |_| kind.list().to_owned();
    act!(
        app,
        db,
        who,
        kind,
        path,
        actions::delete,
        to,
        "Deleted. You can bring it back from the end of this list."
    )
}

pub(super) async fn bring_back(
    State(app): State<App>,
    Officer(who): Officer,
    kind: Kind,
    path: ItemPath,
    mut db: Db,
) -> Result<Response> {
    let to = |id| format!("{}/{id}", kind.desk());
    act!(app, db, who, kind, path, actions::bring_back, to, "Brought back as a draft.")
}

pub(super) async fn place(
    State(app): State<App>,
    Officer(who): Officer,
    kind: Kind,
    path: ItemPath,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::place(&mut change, kind, id(&path)?, forms::direction(&form)).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, kind.list(), "Moved."))
}
