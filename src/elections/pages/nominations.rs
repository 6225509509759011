//! Where members nominate and second, and where candidates write what they say of themselves.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Member,
    audit::{Actor, Change},
    elections::{
        actions::{nominations, obstacle_of},
        forms,
        model::{Election, Nomination, Part, Stage, Standing},
        sql,
    },
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        markdown,
        visit::Visit,
    },
    pictures,
};

#[derive(Template, WebTemplate)]
#[template(path = "elections/nominate.html")]
struct NominatePage {
    visit: Visit,
    election: Election,
    is_open: bool,
    /// Why they cannot stand.
    obstacle: Option<String>,
    own: Option<Nomination>,
    form: Form,
}

async fn find(db: &mut PgConnection, slug: &str) -> Result<Election> {
    sql::elections::find_by_slug(db, slug).await?.ok_or(Error::NotFound)
}

async fn draw_new(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    slug: &str,
    person: Uuid,
    form: Form,
) -> Result<NominatePage> {
    let election = find(db, slug).await?;
    let is_open = election.stage(visit.now) == Stage::Nominations;
    let own = sql::nominations::find_of_person(db, election.id, person).await?;
    let obstacle = obstacle_of(app, db, &election.words.electorate, Part::Candidate, person).await?;
    Ok(NominatePage { visit, election, is_open, obstacle, own, form })
}

pub async fn new(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path(slug): Path<String>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw_new(&app, &mut db, visit, &slug, who.person_id, Form::default()).await?.into_response())
}

pub async fn nominate_oneself(
    State(app): State<App>,
    Member(who): Member,
    Path(slug): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let election = find(&mut db, &slug).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let id = nominations::nominate_oneself(&mut change, election.id, who.person_id).await?;
    change.commit().await?;
    let words = "You are nominated. Write your statement, and ask other members to second you.";
    Ok(flash::redirect(&app, &path(&slug, id), words))
}

pub async fn nominate(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path(slug): Path<String>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let email = match forms::nominee(&form) {
        Ok(email) => email,
        Err(form) => {
            let page = draw_new(&app, &mut db, visit, &slug, who.person_id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let election = find(&mut db, &slug).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    nominations::nominate(&mut change, election.id, who.person_id, &email).await?;
    change.commit().await?;
    let words =
        "If this is the address of a member who can stand, we have asked them by email whether they want to.";
    Ok(flash::redirect(&app, &election.path(), words))
}

fn path(slug: &str, id: Uuid) -> String {
    format!("/elections/{slug}/nominations/{id}")
}

#[derive(Template, WebTemplate)]
#[template(path = "elections/nomination.html")]
struct ShowPage {
    visit: Visit,
    election: Election,
    nomination: Nomination,
    standing: Standing,
    stage: Stage,
    is_own: bool,
    is_writable: bool,
    seconds: bool,
    statement: String,
    me: Uuid,
    form: Form,
}

async fn draw(
    db: &mut PgConnection,
    visit: Visit,
    (slug, id): (&str, Uuid),
    me: Uuid,
    form: Option<Form>,
) -> Result<ShowPage> {
    let election = find(db, slug).await?;
    let nomination = sql::nominations::find(db, id).await?;
    let nomination = nomination.filter(|it| it.election == election.id).ok_or(Error::NotFound)?;
    let is_own = nomination.person == me;
    // Others read it while it can be seconded; afterwards there is a page for everybody.
    if !is_own && !nomination.stands {
        return Err(Error::NotFound);
    }
    let fill = || {
        let form =
            Form::default().with("statement", &nomination.statement).with("letter", &nomination.letter);
        form.versioned()
    };
    Ok(ShowPage {
        standing: nomination.standing(election.plan.seconders),
        stage: election.stage(visit.now),
        is_own,
        is_writable: nominations::is_writable(&election, &nomination, visit.now),
        seconds: nomination.has_seconder(&me),
        statement: markdown::to_html(&nomination.statement),
        form: form.unwrap_or_else(fill),
        visit,
        election,
        nomination,
        me,
    })
}

pub async fn show(
    visit: Visit,
    Member(who): Member,
    Path((slug, id)): Path<(String, Uuid)>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw(&mut db, visit, (&slug, id), who.person_id, None).await?.into_response())
}

/// One press of a member on a nomination.
macro_rules! press {
    ($name:ident, $words:literal) => {
        pub async fn $name(
            State(app): State<App>,
            Member(who): Member,
            Path((slug, id)): Path<(String, Uuid)>,
            mut db: Db,
        ) -> Result<Response> {
            let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
            nominations::$name(&mut change, &slug, id, who.person_id).await?;
            change.commit().await?;
            Ok(flash::redirect(&app, &path(&slug, id), $words))
        }
    };
}

press!(accept, "You stand. Write your statement, and ask other members to second you.");
press!(decline, "You do not stand. Nobody else is told.");
press!(second, "You second this nomination.");
press!(unsecond, "You do not second this nomination any more.");
press!(withdraw, "You have withdrawn.");

pub async fn write(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path((slug, id)): Path<(String, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let election = find(&mut db, &slug).await?;
    let (statement, letter) = match forms::words(&form, election.plan.statement_length) {
        Ok(words) => words,
        Err(form) => {
            let page = draw(&mut db, visit, (&slug, id), who.person_id, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    sql::elections::lock(&mut change, election.id).await?;
    let known = sql::nominations::find(&mut change, id).await?.ok_or(Error::NotFound)?;
    let known = Form::default().with("statement", known.statement).with("letter", known.letter);
    if let Some(form) = form.overtaken(&known, |_, value| value.to_owned()) {
        drop(change);
        let page = draw(&mut db, visit, (&slug, id), who.person_id, Some(form)).await?;
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    nominations::write(&mut change, &slug, id, who.person_id, (&statement, &letter)).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &path(&slug, id), "Saved."))
}

pub async fn set_portrait(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path((slug, id)): Path<(String, Uuid)>,
    mut sent: Multipart,
) -> Result<Response> {
    let mut file = Vec::new();
    while let Some(field) = sent.next_field().await? {
        if field.name() == Some("file") {
            file = field.bytes().await?.to_vec();
        }
    }
    let refused = if file.is_empty() {
        "Choose a picture".to_owned()
    } else {
        match pictures::prepare(file).await? {
            Ok(prepared) => {
                let mut change = Change::begin_alone(&app, Actor::Person(who.person_id)).await?;
                let portrait = Some(&prepared.picture);
                nominations::set_portrait(&mut change, &slug, id, who.person_id, portrait).await?;
                pictures::add(&mut change, &prepared, &format!("Portrait of {}", who.name)).await?;
                change.commit().await?;
                return Ok(flash::redirect(&app, &path(&slug, id), "Your portrait is saved."));
            }
            Err(unusable) => unusable.to_string(),
        }
    };
    let mut db = app.pool().acquire().await?;
    let page = draw(&mut db, visit, (&slug, id), who.person_id, None).await?;
    let form = page.form.clone().failed("file", refused);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, ShowPage { form, ..page }).into_response())
}

pub async fn drop_portrait(
    State(app): State<App>,
    Member(who): Member,
    Path((slug, id)): Path<(String, Uuid)>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    nominations::set_portrait(&mut change, &slug, id, who.person_id, None).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &path(&slug, id), "Your portrait is taken away."))
}
