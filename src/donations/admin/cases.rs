//! Donor checks: which donations are waiting, each with its clock, and deciding on one.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    donations::{
        actions, forms,
        model::{Case, Outcome, Stage, Urgency, Warnings, Why},
        settings,
        sql::{self, limit::AboveLimit},
    },
    kit::{
        app::App,
        dates,
        db::Db,
        email_address::EmailAddress,
        error::{Error, Result},
        flash,
        form::Form,
        money::Money,
        paging::{PageNumber, Paging},
        visit::Visit,
    },
    membership::{self, Unaccepted},
    payments::{self, KindCode, Kinds, returning},
};

pub const PATH: &str = "/admin/donations";

const SIZE: u32 = 50;

fn path(line: Uuid) -> String {
    format!("{PATH}/cases/{line}")
}

/// A case with how far it is today.
struct Shown {
    case: Case,
    stage: Stage,
    day: i64,
}

impl Shown {
    fn new(app: &App, case: Case, today: chrono::NaiveDate) -> Self {
        let stage = case.stage(today, warnings(app, &case));
        Self { stage, day: case.day(today), case }
    }

    /// The class of its tag, and its words.
    fn tag(&self) -> (&'static str, String) {
        match self.stage {
            Stage::Open(Urgency::Calm) => ("off", format!("Day {} of {}", self.day, self.case.days())),
            Stage::Open(Urgency::Warned(_)) => ("wait", format!("Day {} of {}", self.day, self.case.days())),
            Stage::Open(Urgency::Late) => {
                ("bad", format!("Day {}: past the last day, {}", self.day, self.case.days()))
            }
            Stage::Accepted => ("good", "Accepted".to_owned()),
            Stage::GoingBack => ("wait", "On its way back".to_owned()),
            Stage::Stuck if self.case.books.failed => ("bad", "The refund failed".to_owned()),
            Stage::Stuck => ("bad", "To be sent back by hand".to_owned()),
            Stage::WentBack(on) => ("off", format!("Sent back on {}", dates::day(on))),
        }
    }

    /// The marks of the warning days that have passed, for the eye.
    fn warned(&self) -> usize {
        if let Stage::Open(Urgency::Warned(passed)) = self.stage { passed } else { 0 }
    }
}

/// What is on its way back, or has to be sent.
struct Back {
    path: String,
    name: String,
    email: Option<EmailAddress>,
    kind: KindCode,
    received_on: NaiveDate,
    amount: Money,
    tag: (&'static str, String),
}

impl From<Shown> for Back {
    fn from(shown: Shown) -> Self {
        let (tag, Case { line, donor, kind, received_on, amount, .. }) = (shown.tag(), shown.case);
        let (name, email) = (donor.name, donor.email);
        Self { path: path(line), name, email, kind, received_on, amount, tag }
    }
}

impl From<AboveLimit> for Back {
    fn from(it: AboveLimit) -> Self {
        let AboveLimit { line, name, email, kind, received_on, amount, failed, by_stripe } = it;
        let (colour, words) = match (by_stripe, failed) {
            (false, _) => ("bad", "to be sent back by hand"),
            (true, true) => ("bad", "the refund failed"),
            (true, false) => ("wait", "on its way back"),
        };
        let tag = (colour, format!("Above the annual limit; {words}"));
        let path = format!("/admin/payments/lines/{line}");
        Self { path, name, email, kind, received_on, amount, tag }
    }
}

fn warnings(app: &App, case: &Case) -> Warnings {
    actions::cases::warnings(app, case.received_on)
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/cases.html")]
struct ListPage {
    visit: Visit,
    kinds: Kinds,
    open: Vec<Shown>,
    /// Refused, and not back with the donor yet.
    back: Vec<Back>,
    late: usize,
    check_above: Money,
    check_days: u32,
    warn: Warnings,
}

pub async fn list(State(app): State<App>, visit: Visit, rooms: Rooms, mut db: Db) -> Result<Response> {
    let today = visit.today();
    let shown = |cases: Vec<Case>| -> Vec<_> {
        cases.into_iter().map(|case| Shown::new(&app, case, today)).collect()
    };
    let open = shown(sql::cases::list_open(&mut db).await?);
    let back = shown(sql::cases::list_on_the_way_back(&mut db).await?).into_iter().map(Back::from);
    let above_limit = sql::limit::list(&mut db).await?.into_iter().map(Back::from);
    let back = back.chain(above_limit).collect();
    let late = open.iter().filter(|it| it.stage == Stage::Open(Urgency::Late)).count();
    let page = ListPage {
        kinds: Kinds::of(rooms),
        open,
        back,
        late,
        check_above: app.setting(payments::CHECK_ABOVE, today),
        check_days: app.setting(settings::CHECK_DAYS, today),
        warn: actions::cases::warnings(&app, today),
        visit,
    };
    Ok(page.into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    page: PageNumber,
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/decided.html")]
struct DecidedPage {
    visit: Visit,
    kinds: Kinds,
    cases: Vec<Shown>,
    paging: Paging,
}

/// Everything that was decided, newest first: what was refused is kept as well.
pub async fn decided(
    State(app): State<App>,
    visit: Visit,
    rooms: Rooms,
    Query(asked): Query<Asked>,
    mut db: Db,
) -> Result<Response> {
    let today = visit.today();
    let mut cases = sql::cases::list_decided(&mut db, asked.page.offset(SIZE), i64::from(SIZE) + 1).await?;
    let paging = Paging::cut(&mut cases, asked.page, SIZE, "/admin/donations/decided", &[]);
    let cases = cases.into_iter().map(|case| Shown::new(&app, case, today)).collect();
    Ok(DecidedPage { visit, kinds: Kinds::of(rooms), cases, paging }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/case.html")]
struct CasePage {
    visit: Visit,
    kinds: Kinds,
    shown: Shown,
    /// Whichever form was sent, as it was sent; the others are as they were.
    accept: Form,
    refuse: Form,
    by_hand: Form,
    whys: Vec<(&'static str, &'static str)>,
    /// How money can be sent back by hand.
    ways: Vec<(&'static str, &'static str)>,
    /// What may become of the membership that it paid for, if it did.
    memberships: Vec<(&'static str, String)>,
}

impl CasePage {
    fn late(&self) -> bool {
        self.shown.stage == Stage::Open(Urgency::Late)
    }

    /// The form in which something is wrong, for the summary.
    fn wrong(&self) -> &Form {
        [&self.refuse, &self.by_hand]
            .into_iter()
            .find(|form| !form.errors().is_empty())
            .unwrap_or(&self.accept)
    }
}

/// Which of the forms of a page was sent.
enum Sent {
    None,
    Accept(Form),
    Refuse(Form),
    ByHand(Form),
}

async fn draw(
    app: &App,
    db: &mut Db,
    visit: Visit,
    rooms: Rooms,
    case: Case,
    sent: Sent,
) -> Result<Response> {
    let mut memberships = Vec::new();
    if case.decision.is_none() && actions::cases::is_dues(db, &case).await? {
        let days = app.setting(membership::GRACE_DAYS, visit.today());
        let unpaid =
            format!("Keep it as unpaid: they have {days} days to join again at a rate that needs no check");
        memberships =
            vec![(Unaccepted::End.code(), "End it today".to_owned()), (Unaccepted::Unpaid.code(), unpaid)];
    }
    let status = if matches!(sent, Sent::None) { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let today = visit.today();
    let shown = Shown::new(app, case, today);
    let mut page = CasePage {
        visit,
        kinds: Kinds::of(rooms),
        accept: forms::cases::known(&shown.case),
        refuse: Form::default(),
        by_hand: Form::default(),
        whys: Why::CHOICES.map(|why| (why.code(), why.words())).into(),
        ways: returning::ways(),
        memberships,
        shown,
    };
    match sent {
        Sent::None => {}
        Sent::Accept(form) => page.accept = form,
        Sent::Refuse(form) => page.refuse = form,
        Sent::ByHand(form) => page.by_hand = form,
    }
    Ok((status, page).into_response())
}

async fn find(db: &mut Db, line: Uuid) -> Result<Case> {
    sql::cases::find(db, line).await?.ok_or(Error::NotFound)
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    rooms: Rooms,
    Path(line): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    // Rows of a return lead here, of what never was in the books as well.
    let Some(case) = sql::cases::find(&mut db, line).await? else {
        sql::refusals::find(&mut db, line).await?.ok_or(Error::NotFound)?;
        return Ok(Redirect::to(&format!("/admin/donations/refusals/{line}")).into_response());
    };
    draw(&app, &mut db, visit, rooms, case, Sent::None).await
}

pub async fn accept(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    Officer(who): Officer,
    Path(line): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let case = find(&mut db, line).await?;
    let (register, late) = match forms::cases::acceptance(&form, &case, visit.today()) {
        Ok(found) => found,
        Err(form) => return draw(&app, &mut db, visit, rooms, case, Sent::Accept(form)).await,
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::cases::accept(&mut change, who.person_id, line, register, late).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "Accepted. The donor’s entry on the register is kept with the donation."))
}

pub async fn refuse(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    Officer(who): Officer,
    Path(line): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let case = find(&mut db, line).await?;
    let is_dues = actions::cases::is_dues(&mut db, &case).await?;
    let refusal = match forms::cases::refusal(&form, &case, is_dues, visit.today()) {
        Ok(refusal) => refusal,
        Err(form) => return draw(&app, &mut db, visit, rooms, case, Sent::Refuse(form)).await,
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::cases::refuse(&mut change, who.person_id, line, refusal).await?;
    change.commit().await?;
    let said = if case.books.by_stripe {
        "The donation is on its way back. It stays on this page until the refund has gone through."
    } else {
        "Refused. Send the money back, and record how."
    };
    Ok(flash::redirect(&app, PATH, said))
}

pub async fn note_return(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    Officer(who): Officer,
    Path(line): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let case = find(&mut db, line).await?;
    let returned = match forms::cases::returned(&form, case.received_on, visit.today()) {
        Ok(returned) => returned,
        Err(form) => return draw(&app, &mut db, visit, rooms, case, Sent::ByHand(form)).await,
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::cases::note_return(&mut change, who.person_id, line, returned).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The return is recorded."))
}

pub async fn refund_again(
    State(app): State<App>,
    Officer(who): Officer,
    Path(line): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::cases::refund_again(&mut change, line).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &path(line), "We are trying the refund again. Check back in a minute."))
}

pub async fn undo(
    State(app): State<App>,
    Officer(who): Officer,
    Path(line): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::cases::undo(&mut change, line).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &path(line), "Undone: the donation needs a decision again."))
}
