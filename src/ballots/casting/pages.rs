//! The three pages of a vote. Of these requests nothing is kept.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use uuid::Uuid;

use super::{
    actions, forms,
    model::{Cast, Prepared, shuffled},
};
use crate::{
    accounts::Member,
    ballots::{
        actions as ballots,
        model::{Ballot, left},
        proof::{Choice, Kind, Manifest, Sha},
        sql,
    },
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        form::Form,
        markdown,
        visit::Visit,
    },
};

/// One option as a voter sees it.
pub struct Line {
    pub number: String,
    pub field: String,
    pub option: Choice,
    /// In HTML.
    pub statement: String,
}

/// The paper, which the preview for officers shows too.
pub struct PaperForm {
    pub lines: Vec<Line>,
    pub kind: Kind,
    /// In HTML.
    pub question: String,
    /// What to do, in a sentence.
    pub task: String,
}

impl PaperForm {
    pub fn new(app: &App, manifest: &Manifest, person: Uuid) -> Self {
        let lines = shuffled(app, manifest, person);
        let task = task(&manifest.kind, manifest.most_choices(), lines.len());
        let line = |number: u16| {
            let option = manifest.options.get(usize::from(number) - 1)?.clone();
            let statement = markdown::to_html(&option.statement);
            Some(Line { number: number.to_string(), field: forms::rank(number), option, statement })
        };
        Self {
            lines: lines.into_iter().filter_map(line).collect(),
            kind: manifest.kind.clone(),
            question: markdown::to_html(&manifest.question),
            task,
        }
    }

    pub fn is_ranked(&self) -> bool {
        matches!(self.kind, Kind::Ranked { .. })
    }

    pub fn is_approval(&self) -> bool {
        matches!(self.kind, Kind::Approval { .. })
    }

    pub fn is_motion(&self) -> bool {
        matches!(self.kind, Kind::Motion(_))
    }
}

/// What to do, in a sentence.
fn task(kind: &Kind, most: usize, options: usize) -> String {
    match kind {
        Kind::Motion(_) => "Choose one.".to_owned(),
        Kind::Single { .. } => "Choose one. Leave all empty for a blank vote.".to_owned(),
        Kind::Approval { .. } => "Choose all that you agree to. Leave all empty for a blank vote.".to_owned(),
        Kind::Ranked { .. } if most < options => format!(
            "Write 1 beside your first choice, 2 beside your second, and so on, up to {most}. You need not number all of them."
        ),
        Kind::Ranked { .. } => {
            "Write 1 beside your first choice, 2 beside your second, and so on, for as many as you like. A later choice never harms an earlier one.".to_owned()
        }
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/choose.html")]
struct ChoosePage {
    visit: Visit,
    ballot: Ballot,
    paper: PaperForm,
    form: Form,
    left: String,
    /// Whether it takes the place of a vote that is in.
    replacing: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/check.html")]
struct CheckPage {
    visit: Visit,
    ballot: Ballot,
    chosen: Vec<Choice>,
    is_ranked: bool,
    code: String,
    key: String,
    mark: String,
    commitment: String,
    state: String,
    left: String,
    replacing: bool,
    /// Why it was not cast yet, if that was tried.
    note: &'static str,
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/voted.html")]
struct VotedPage {
    visit: Visit,
    ballot: Ballot,
    left: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/challenged.html")]
struct ChallengedPage {
    visit: Visit,
    ballot: Ballot,
    chosen: Vec<Choice>,
    code: String,
    commitment: String,
    /// The paper without its padding, and how many blanks that is.
    paper: String,
    blanks: usize,
    is_ranked: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/not_cast.html")]
struct NotCastPage {
    visit: Visit,
    ballot: Ballot,
    why: Cast,
}

/// A ballot that takes votes, and somebody on its roll. Who is not there yet is led to the page that says why.
pub struct Booth {
    app: App,
    db: Db,
    ballot: Ballot,
    manifest: Manifest,
    person: Uuid,
    voted: bool,
}

impl FromRequestParts<App> for Booth {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Member(who) = Member::from_request_parts(parts, app).await.map_err(Error::into_response)?;
        let Path(slug) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Error::NotFound.into_response())?;
        let elsewhere = Redirect::to(&format!("/ballots/{slug}")).into_response();
        let db = Db::from_request_parts(parts, app).await.map_err(Error::into_response)?;
        match Self::enter(app.clone(), db, &slug, who.person_id).await {
            Ok(booth) => booth.ok_or(elsewhere),
            Err(error) => Err(error.into_response()),
        }
    }
}

impl Booth {
    async fn enter(app: App, mut db: Db, slug: &str, person: Uuid) -> Result<Option<Self>> {
        let ballot = sql::find_by_slug(&mut db, slug).await?.ok_or(Error::NotFound)?;
        if !ballot.takes_votes(app.clock().now()) {
            return Ok(None);
        }
        let Some(voted) = actions::has_voted(&app, &mut db, ballot.id, person).await? else {
            return Ok(None);
        };
        let manifest = ballots::manifest(&mut db, &ballot).await?;
        Ok(Some(Self { app, db, ballot, manifest, person, voted }))
    }

    fn left(&self, visit: &Visit) -> String {
        left(self.ballot.draft.times.closes_at, visit.now)
    }

    /// To the first page, which says whether somebody has voted.
    fn back(&self) -> Response {
        Redirect::to(&format!("{}/vote", self.ballot.path())).into_response()
    }

    fn choose(self, visit: Visit, form: Form) -> ChoosePage {
        ChoosePage {
            paper: PaperForm::new(&self.app, &self.manifest, self.person),
            left: self.left(&visit),
            replacing: self.voted,
            visit,
            ballot: self.ballot,
            form,
        }
    }

    fn wrong(self, visit: Visit, form: Form) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.choose(visit, form)).into_response()
    }

    fn not_cast(self, visit: Visit, why: Cast) -> Response {
        (StatusCode::CONFLICT, NotCastPage { visit, ballot: self.ballot, why }).into_response()
    }

    fn is_ranked(&self) -> bool {
        matches!(self.manifest.kind, Kind::Ranked { .. })
    }

    fn chosen(&self, prepared: &Prepared) -> Vec<Choice> {
        let numbers = prepared.paper.choices.numbers().iter();
        numbers.filter_map(|number| self.manifest.options.get(usize::from(*number) - 1).cloned()).collect()
    }

    fn check(self, visit: Visit, prepared: &Prepared, note: &'static str) -> CheckPage {
        CheckPage {
            chosen: self.chosen(prepared),
            is_ranked: self.is_ranked(),
            code: prepared.code().to_string(),
            key: prepared.key.text(),
            mark: prepared.paper.mark.to_string(),
            commitment: prepared.commitment().to_string(),
            state: prepared.seal(&self.app, self.ballot.id, self.person),
            left: self.left(&visit),
            replacing: prepared.replaces.is_some(),
            visit,
            ballot: self.ballot,
            note,
        }
    }

    /// The paper of the second page; `None` if it is none of ours.
    fn prepared(&self, form: &Form) -> Option<Prepared> {
        Prepared::unseal(&self.app, &self.manifest, self.person, form.value("state"))
    }
}

/// The first page; who has voted is told so.
pub async fn choose(visit: Visit, booth: Booth) -> Response {
    if booth.voted {
        let left = booth.left(&visit);
        return VotedPage { visit, ballot: booth.ballot, left }.into_response();
    }
    booth.choose(visit, Form::default()).into_response()
}

/// The same to put another vote in the place of one.
pub async fn change(visit: Visit, booth: Booth) -> Response {
    booth.choose(visit, Form::default()).into_response()
}

/// The second page: what was chosen, in words, with code and key. Nothing is kept.
pub async fn check(visit: Visit, mut booth: Booth, form: Form) -> Result<Response> {
    let (choices, mark, replaces) = match forms::vote(&form, &booth.manifest, booth.voted) {
        Ok(vote) => vote,
        Err(form) => return Ok(booth.wrong(visit, form)),
    };
    if let Some(key) = &replaces
        && !actions::is_key_known(&mut booth.db, booth.ballot.id, key).await?
    {
        return Ok(booth.wrong(visit, form.failed("change_key", WRONG_KEY)));
    }
    let prepared = Prepared::new(&booth.app, &booth.manifest, choices, mark, replaces);
    Ok(booth.check(visit, &prepared, "").into_response())
}

const WRONG_KEY: &str = "No vote has this key. Check it letter by letter; your vote stays as it is";

/// Back to the first page, with what was chosen.
pub async fn again(visit: Visit, booth: Booth, form: Form) -> Response {
    let form = match booth.prepared(&form) {
        Some(prepared) => forms::fill(&booth.manifest, &prepared.paper.choices, &prepared.paper.mark),
        None => Form::default(),
    };
    booth.choose(visit, form).into_response()
}

const NOT_OURS: &str = "This page is not whole. Fill in your vote again: nothing of it has been kept";

pub async fn cast(visit: Visit, mut booth: Booth, form: Form) -> Result<Response> {
    let Some(prepared) = booth.prepared(&form) else {
        return Ok(booth.wrong(visit, Form::default().failed("", NOT_OURS)));
    };
    if prepared.until < visit.now {
        // With a new code: the old one may have been read by somebody since.
        let (choices, mark) = (prepared.paper.choices, prepared.paper.mark);
        let fresh = Prepared::new(&booth.app, &booth.manifest, choices, mark, prepared.replaces);
        let note = "This page was open for more than an hour. Your vote is not in yet. The code and the key below are new: write them down, then cast your vote.";
        return Ok((StatusCode::CONFLICT, booth.check(visit, &fresh, note)).into_response());
    }
    let mut tx = booth.db.begin().await?;
    let outcome =
        actions::cast(&booth.app, &mut tx, &booth.ballot, &booth.manifest, booth.person, &prepared).await?;
    if outcome == Cast::Recorded {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    Ok(match outcome {
        Cast::Recorded | Cast::Again => booth.back(),
        why => booth.not_cast(visit, why),
    })
}

/// Shows a paper in full, so that anybody can work its commitment out again; it cannot be cast any more.
pub async fn challenge(visit: Visit, mut booth: Booth, form: Form) -> Result<Response> {
    let Some(prepared) = booth.prepared(&form) else { return Ok(booth.back()) };
    let mut tx = booth.db.begin().await?;
    if !actions::challenge(&mut tx, booth.ballot.id, &prepared).await? {
        drop(tx);
        return Ok(booth.not_cast(visit, Cast::Again));
    }
    tx.commit().await?;
    let text = String::from_utf8_lossy(prepared.bytes()).into_owned();
    let paper = text.trim_end().to_owned();
    let page = ChallengedPage {
        chosen: booth.chosen(&prepared),
        code: prepared.code().to_string(),
        commitment: prepared.commitment().to_string(),
        blanks: text.len() - paper.len(),
        paper,
        is_ranked: booth.is_ranked(),
        visit,
        ballot: booth.ballot,
    };
    Ok(page.into_response())
}

/// Code, key and mark to keep, as a file.
pub async fn slip(booth: Booth, form: Form) -> Response {
    let Some(prepared) = booth.prepared(&form) else { return booth.back() };
    let hash: Sha = booth.manifest.hash();
    let text = format!(
        "{}\n{}\n\nTracking code: {}\nYour six digits: {}\nChange key: {}\nFingerprint of this vote: {hash}\n\n\
         These belong to a vote that counts once you have cast it. With the code you find your vote in the published\n\
         list after the close. With the key you can change your vote until then: show it to nobody.\n",
        booth.ballot.draft.title,
        booth.app.link(&booth.ballot.path()),
        prepared.code(),
        prepared.paper.mark,
        prepared.key.text()
    );
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}-my-vote.txt\"", booth.ballot.slug)),
    ];
    (headers, text).into_response()
}
