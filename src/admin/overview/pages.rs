use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Datelike, Duration, Months, Utc};

use super::{
    model::{self, Area, Bar, Figures, Line, Month, RefusedMail},
    sql::{self, Span},
};
use crate::{
    accounts::{Officer, SEE_PEOPLE, Scope},
    admin::permissions::SEE_OVERVIEW,
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        money::grouped,
        visit::Visit,
    },
    newsletters::SEND_UPDATES,
    payments::SEE_PAYMENTS,
};

#[derive(Template, WebTemplate)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    visit: Visit,
    /// The regions of an officer who sees no others.
    own_regions: Option<String>,
    sees_money: bool,
    sees_people: bool,
    /// Whether the list of refused emails is open to this officer.
    sees_emails: bool,
    figures: Figures,
    waiting: Vec<Waiting>,
    months: Vec<Month>,
    growth: Line,
    growth_words: String,
    income: Vec<Bar>,
    areas: Vec<Area>,
    elsewhere: i64,
    key: Vec<(i64, String)>,
}

/// Something that somebody should look at.
struct Waiting {
    words: String,
    href: &'static str,
}

pub async fn show(State(app): State<App>, visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    let scope = who.scope(SEE_OVERVIEW)?;
    let slugs = scope.region_slugs();
    let slugs = slugs.as_deref();
    let today = app.clock().today();
    let firsts = model::last_year(today);
    let span = span(app.clock().now());
    let figures = sql::figures(&mut db, slugs, &span).await?;
    let months = sql::months(&mut db, slugs, &firsts).await?;
    let (counts, elsewhere) = sql::regions(&mut db, slugs).await?;
    let areas = model::areas(&counts);
    let own_regions = match &scope {
        Scope::Everyone => None,
        Scope::Regions(regions) => {
            Some(regions.iter().map(|region| region.name()).collect::<Vec<_>>().join(" and "))
        }
    };
    let page = OverviewPage {
        visit,
        sees_money: own_regions.is_none(),
        own_regions,
        sees_people: who.may(SEE_PEOPLE),
        sees_emails: sees_everybody(&who),
        waiting: waiting(&figures, &who, scope == Scope::Everyone),
        growth: model::growth(&months),
        growth_words: growth_words(&months),
        income: model::income(&months),
        key: model::key(&areas),
        figures,
        months,
        areas,
        elsewhere,
    };
    Ok(page.into_response())
}

fn span(now: DateTime<Utc>) -> Span {
    let today = dates::london_date(now);
    let this_month = today.with_day(1).unwrap_or(today);
    let last_month = this_month.checked_sub_months(Months::new(1)).unwrap_or(this_month);
    Span {
        this_month,
        this_month_at: dates::start_of_day(this_month),
        last_month_at: dates::start_of_day(last_month),
        hour_ago: now - Duration::hours(1),
    }
}

fn sees_everybody(who: &Officer) -> bool {
    who.scope(SEE_PEOPLE).is_ok_and(|scope| scope == Scope::Everyone)
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/emails.html")]
struct EmailsPage {
    visit: Visit,
    mails: Vec<RefusedMail>,
}

/// The mails behind the overview's line about refused ones.
pub async fn emails(State(app): State<App>, visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    if !sees_everybody(&who) {
        return Err(Error::Forbidden("This list is for officers of the whole party."));
    }
    let since = span(app.clock().now()).last_month_at;
    let mails = sql::list_refused(&mut db, since, 200).await?;
    Ok(EmailsPage { visit, mails }.into_response())
}

fn growth_words(months: &[Month]) -> String {
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return String::new() };
    format!(
        "From {} members at the end of {} to {} today.",
        grouped(first.members.unsigned_abs()),
        first.name(),
        grouped(last.members.unsigned_abs())
    )
}

/// What waits, for those who may open the list behind it.
fn waiting(figures: &Figures, who: &Officer, everywhere: bool) -> Vec<Waiting> {
    let (people, payments) = (who.may(SEE_PEOPLE), who.may(SEE_PAYMENTS));
    let lines = [
        (people, figures.overdue, "payment is overdue", "payments are overdue", "/admin/members?state=grace"),
        (
            people,
            figures.pending,
            "first Direct Debit is on its way",
            "first Direct Debits are on their way",
            "/admin/members?state=pending",
        ),
        (
            people,
            figures.suspended,
            "membership is suspended",
            "memberships are suspended",
            "/admin/members?state=suspended",
        ),
        (
            payments && everywhere,
            figures.failed_events,
            "message from Stripe could not be worked through",
            "messages from Stripe could not be worked through",
            "/admin/payments/events",
        ),
        (
            payments && everywhere,
            figures.gifts_to_check,
            "gift waits for its donor to be checked",
            "gifts wait for their donors to be checked",
            "/admin/payments/checks",
        ),
        (
            who.may(SEND_UPDATES),
            figures.uncertain_mails,
            "email of an update may or may not have arrived",
            "emails of updates may or may not have arrived",
            "/admin/updates",
        ),
        (
            everywhere && people,
            figures.refused_mails,
            "email was refused since last month",
            "emails were refused since last month",
            "/admin/emails",
        ),
        (
            everywhere,
            figures.waiting_mails,
            "email has waited for the mail server for more than an hour",
            "emails have waited for the mail server for more than an hour",
            "",
        ),
    ];
    let shown = lines.into_iter().filter(|(allowed, count, ..)| *allowed && *count > 0);
    shown
        .map(|(_, count, one, many, href)| Waiting {
            words: format!("{} {}", grouped(count.unsigned_abs()), if count == 1 { one } else { many }),
            href,
        })
        .collect()
}
