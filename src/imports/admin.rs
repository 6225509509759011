//! Where officers upload a list, match its columns, check it and import it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    body::{Body, Bytes},
    extract::{Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    UPLOADS,
    actions::{self, NotKept},
    forms,
    model::{Field, IMPORT_PEOPLE, Import, REPORT, Stage, lines},
    report, settings,
    sql::{self, Rejected},
};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{
        app::App,
        csv, dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

/// How many files and rejected lines are listed.
const SHOWN: i64 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "imports/list.html")]
struct ListPage {
    visit: Visit,
    form: Form,
    imports: Vec<Import>,
    keep_days: u32,
}

async fn list_page(app: &App, db: &mut Db, visit: Visit, form: Form) -> Result<ListPage> {
    let imports = sql::list(db, SHOWN).await?;
    let keep_days = app.setting(settings::KEEP_DAYS, visit.today());
    Ok(ListPage { visit, form, imports, keep_days })
}

pub(super) async fn list(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    Ok(list_page(&app, &mut db, visit, Form::default()).await?.into_response())
}

/// A file with nothing but the known headings.
pub(super) async fn template(visit: Visit) -> Response {
    let mut file = csv::File::new(Field::ALL.map(Field::name));
    csv::download("members-template", visit.today(), file.take())
}

pub(super) async fn upload(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    mut sent: Multipart,
) -> Result<Response> {
    let (mut name, mut file) = (String::new(), Bytes::new());
    while let Some(field) = sent.next_field().await? {
        if field.name() == Some("file") {
            field.file_name().unwrap_or_default().clone_into(&mut name);
            file = field.bytes().await?;
        }
    }
    let refused = if name.is_empty() {
        "Choose a file".to_owned()
    } else {
        let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
        match actions::keep(&mut change, &name, Some(who.person_id), &file[..]).await {
            Ok(import) => {
                change.commit().await?;
                let path = format!("{UPLOADS}/{}/columns", import.id);
                let said =
                    format!("{} uploaded. Nothing has been imported yet.", lines(i64::from(import.lines)));
                return Ok(flash::redirect(&app, &path, &said));
            }
            Err(NotKept::Unreadable(why)) => why.to_string(),
            Err(NotKept::Error(error)) => return Err(error),
        }
    };
    let page = list_page(&app, &mut db, visit, Form::default().failed("file", refused)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "imports/columns.html")]
struct ColumnsPage {
    visit: Visit,
    form: Form,
    import: Import,
    system: Option<&'static str>,
    columns: Vec<Column>,
    fields: Vec<(&'static str, &'static str)>,
}

struct Column {
    /// The name of its field in the form.
    field: String,
    head: String,
    /// What the first lines contain.
    samples: String,
}

async fn find(db: &mut Db, id: Uuid) -> Result<Import> {
    sql::find(db, id).await?.ok_or(Error::NotFound)
}

async fn columns_page(db: &mut Db, visit: Visit, import: Import, form: Option<Form>) -> Result<ColumnsPage> {
    let (system, guessed) = actions::guess(db, &import.heads).await?;
    let columns = import.columns.clone().unwrap_or(guessed);
    let form = form.unwrap_or_else(|| forms::filled(&columns));
    let first = sql::next_lines(db, import.id, 0, 3).await?;
    let columns = import.heads.iter().enumerate().map(|(at, head)| {
        let cells = first.iter().filter_map(|line| line.cells.get(at)).map(|cell| cell.trim());
        let cells: Vec<String> =
            cells.filter(|cell| !cell.is_empty()).map(|cell| cell.chars().take(40).collect()).collect();
        Column { field: forms::field(at), head: head.clone(), samples: cells.join(" · ") }
    });
    let columns = columns.collect();
    let fields = Field::ALL.map(|field| (field.code(), field.name())).into();
    Ok(ColumnsPage { visit, form, import, system, columns, fields })
}

pub(super) async fn edit_columns(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let import = find(&mut db, id).await?;
    Ok(columns_page(&mut db, visit, import, None).await?.into_response())
}

pub(super) async fn set_columns(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let import = find(&mut db, id).await?;
    let columns = match forms::columns(&form, import.heads.len()) {
        Ok(columns) => columns,
        Err(form) => {
            let page = columns_page(&mut db, visit, import, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::match_columns(&mut change, id, &columns).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        &format!("{UPLOADS}/{id}"),
        "Columns matched, and remembered for the next file.",
    ))
}

#[derive(Template, WebTemplate)]
#[template(path = "imports/show.html")]
struct ShowPage {
    visit: Visit,
    import: Import,
    sentences: Vec<String>,
    rejected: Vec<Rejected>,
    /// When the lines are deleted.
    until: String,
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let import = find(&mut db, id).await?;
    let rejected = match import.stage {
        Stage::Tried | Stage::Finished => sql::list_rejected(&mut db, id, 0, SHOWN).await?,
        Stage::New | Stage::Trying | Stage::Running => Vec::new(),
    };
    let days: u32 = app.setting(settings::KEEP_DAYS, visit.today());
    let until = dates::day(dates::london_date(import.created_at) + chrono::Days::new(days.into()));
    let sentences = report::sentences(&import);
    Ok(ShowPage { visit, import, sentences, rejected, until }.into_response())
}

pub(super) async fn run(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::run(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{UPLOADS}/{id}"), "The import has started."))
}

pub(super) async fn delete_lines(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::empty(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{UPLOADS}/{id}"), "The uploaded lines have been deleted."))
}

/// The rejected lines as they came, with what is wrong in front.
pub(super) async fn download_rejected(
    State(app): State<App>,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    who.scope(IMPORT_PEOPLE)?;
    let import = find(&mut db, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let detail = json!({ "file": import.file_name, "lines": import.counts.rejected });
    change.audit("import.downloaded", ("import", id), detail);
    change.commit().await?;
    drop(db);
    let today = app.clock().today();
    Ok(csv::download("rejected-lines", today, stream(app, import)))
}

/// Lines in batches, each a query of its own: no connection is kept while a slow reader reads.
fn stream(app: App, import: Import) -> Body {
    let file = csv::File::new(REPORT.into_iter().chain(import.heads.iter().map(String::as_str)));
    let batches = futures_util::stream::try_unfold((0, file), move |(after, mut file)| {
        let (app, import) = (app.clone(), import.clone());
        async move {
            let mut db = app.pool().acquire().await?;
            let rejected = sql::list_rejected(&mut db, import.id, after, 500).await?;
            for line in &rejected {
                report::row(&mut file, &import, line);
            }
            let next = rejected.last().map_or(after, |line| line.number);
            let piece = file.take();
            let more = !piece.is_empty();
            Ok::<_, sqlx::Error>(more.then_some((Bytes::from(piece), (next, file))))
        }
    });
    Body::from_stream(batches)
}
