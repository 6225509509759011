//! Elections of the demo party: one in which Ana can stand, nominate and second, one whose candidates answer questions,
//! and one that is called. Nobody gets an email about them.

use anyhow::Context;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions::{self, obstacle_of},
    model::{How, Office, Outcome, Part, Plan, PostWords, Stage, Step, Timetable},
    settings, sql,
};
use crate::{
    accounts::{Role, demo::CastMember},
    audit::{Actor, Change},
    ballots::{self, Electorate, Held},
    kit::{app::App, dates, markdown, picture},
    pictures::{self, drawing},
    places::Region,
};

struct Story {
    title: &'static str,
    duties: &'static str,
    seats: u32,
    term_months: u32,
    regions: &'static [Region],
    oldest: Option<u32>,
    /// From today to the last day of the vote.
    days: i64,
    statements: &'static [&'static str],
    questions: &'static [(&'static str, &'static [&'static str])],
}

fn stories() -> Vec<Story> {
    vec![
        Story {
            title: "Party chair",
            duties: "Chairs the national committee and the conference, and speaks for members between them.\n\nAbout a day a week, unpaid. Travel is paid for.",
            seats: 1,
            term_months: 24,
            regions: &[],
            oldest: None,
            days: 36,
            statements: &[
                "I have organised in our town for six years, first against the closure of the library and then for the party.\n\nAs chair I would\n\n- visit every branch once a year,\n- publish what the committee decides within a week,\n- see that new members are rung in their first month.",
                "A chair should be heard less and listen more. I drive buses and sit on my union’s branch committee, where I have chaired long meetings that ended on time.",
            ],
            questions: &[],
        },
        Story {
            title: "Young members’ officer",
            duties: "Speaks for members up to 30 on the national committee, and runs the summer school.",
            seats: 1,
            term_months: 12,
            regions: &[],
            oldest: Some(30),
            days: 21,
            statements: &[
                "Rents first. I would set up a tenants’ group in every university town, and bring its demands to conference.",
                "I am an apprentice electrician. Most of our young members work, and our meetings should be at hours when they can come.",
                "I ran last year’s summer school. I would like to run two: one of them in Scotland or Wales.",
            ],
            questions: &[
                (
                    "How will you reach young people who do not go to university?",
                    &[
                        "Through work. I would start with the big warehouses, together with the unions there.",
                        "I am one of them. Come where we are: colleges, sites, football.",
                        "With short meetings after work, and travel money for whoever comes far.",
                    ],
                ),
                ("What is the first thing that you would change in the party?", &[]),
            ],
        },
        Story {
            title: "Vice-chair",
            duties: "Stand in for the chair, and look after campaigns and training.",
            seats: 3,
            term_months: 24,
            regions: &[],
            oldest: None,
            days: -120,
            statements: &[
                "Campaigns that people can join in their lunch break.",
                "Training in every region, so that nobody stands alone on a doorstep.",
                "I know our rule book by heart, and what is wrong with it.",
            ],
            questions: &[],
        },
        Story {
            title: "North West committee",
            duties: "Plans campaigns in the region and looks after its branches.",
            seats: 3,
            term_months: 24,
            regions: &[Region::NorthWest],
            oldest: None,
            days: 45,
            statements: &[],
            questions: &[],
        },
    ]
}

/// Adds them.
pub async fn load(app: &App, db: &mut PgConnection, cast: &[CastMember]) -> anyhow::Result<()> {
    let officer =
        cast.iter().find(|member| member.email == "returning@demo.test").map(|member| member.person);
    // Those who stand for one post stand for no other.
    let mut taken: Vec<_> = cast.iter().map(|member| member.person).collect();
    for story in stories() {
        tell(app, db, &story, officer, &mut taken).await.with_context(|| story.title)?;
    }
    let mut change = Change::begin(app, db, Actor::System).await?;
    let words = PostWords {
        title: "Treasurer".into(),
        duties: "Answers for the party’s money to members and to the Electoral Commission.".into(),
        seats: 1,
        term_months: 24,
        electorate: Electorate::default(),
        role: Some(Role::Treasurer),
    };
    actions::posts::add(&mut change, &words).await?;
    change.commit().await?;
    Ok(())
}

fn plan(app: &App, story: &Story, today: NaiveDate) -> Plan {
    let polling_day = today.checked_add_signed(Duration::days(story.days)).unwrap_or(today);
    Plan {
        seats: story.seats,
        seconders: app.setting(settings::SECONDERS, today),
        statement_length: app.setting(settings::STATEMENT_LENGTH, today),
        reopen: true,
        held: Held::Site,
        timetable: Timetable::calculate(polling_day, actions::rules(app, today)),
    }
}

async fn tell(
    app: &App,
    db: &mut PgConnection,
    story: &Story,
    officer: Option<Uuid>,
    taken: &mut Vec<Uuid>,
) -> anyhow::Result<()> {
    let now = app.clock().now();
    let plan = plan(app, story, dates::london_date(now));
    let times = plan.timetable;
    let electorate = Electorate { regions: story.regions.to_vec(), oldest: story.oldest };
    let words = PostWords {
        title: story.title.into(),
        duties: story.duties.into(),
        seats: story.seats,
        term_months: story.term_months,
        electorate: electorate.clone(),
        role: None,
    };
    let mut change = Change::begin(app, db, Actor::System).await?;
    let post = actions::posts::add(&mut change, &words).await?;
    let id = actions::elections::call(&mut change, post, &plan, None, officer).await?;
    sql::elections::set_published(&mut change, id, &times, times.at(Step::Notice).min(now)).await?;
    let electors = ballots::electors(app, &mut change, &electorate).await?;
    let mut electors: Vec<_> = electors.into_iter().filter(|person| !taken.contains(person)).collect();
    electors.sort_unstable();
    let mut nominations = Vec::new();
    for (number, statement) in story.statements.iter().enumerate() {
        let mut person = None;
        while let (None, Some(next)) = (person, electors.pop()) {
            let obstacle = obstacle_of(app, &mut change, &electorate, Part::Candidate, next).await?;
            person = obstacle.is_none().then_some(next);
        }
        let person = person.context("nobody can stand")?;
        taken.push(person);
        let at = times.nominations_open + Duration::hours(20 + 30 * i64::try_from(number)?);
        nominations.push(stand(&mut change, id, person, number, statement, at).await?);
    }
    // The last of those who stand for the chair still looks for one more.
    for (number, nomination) in nominations.iter().enumerate() {
        let is_short = now < times.nominations_close && number + 1 == nominations.len();
        for _ in 0..plan.seconders.saturating_sub(u32::from(is_short)) {
            let seconder = electors.pop().context("too few electors")?;
            sql::nominations::insert_second(&mut change, *nomination, seconder, times.nominations_open)
                .await?;
        }
    }
    if times.nominations_close <= now {
        sql::elections::set_judged(&mut change, id, times.nominations_close).await?;
        ask(&mut change, id, story, &nominations, electors.pop(), times).await?;
    }
    if times.closes <= now {
        elect(&mut change, id, times).await?;
    }
    let stage = sql::elections::find(&mut change, id).await?.map_or(Stage::Notice, |it| it.stage(now));
    sql::elections::set_turned(&mut change, id, stage).await?;
    change.commit().await?;
    Ok(())
}

async fn stand(
    change: &mut Change<'_>,
    election: Uuid,
    person: Uuid,
    number: usize,
    statement: &str,
    at: DateTime<Utc>,
) -> anyhow::Result<Uuid> {
    let id = change.app.random().id(change.now);
    sql::nominations::insert(change, id, election, (person, person), at).await?;
    let nomination = sql::nominations::find(change, id).await?.context("it was just added")?;
    sql::nominations::set_accepted(change, &nomination, at).await?;
    let letter = markdown::plain(statement);
    sql::nominations::set_words(change, id, statement, &letter).await?;
    let prepared = picture::prepare_drawn(portrait(number))?;
    pictures::add(change, &prepared, &format!("Portrait of {}", nomination.name)).await?;
    sql::nominations::set_portrait(change, id, Some(&prepared.picture)).await?;
    Ok(id)
}

/// All who stood were elected, and one has given it up since.
async fn elect(change: &mut Change<'_>, election: Uuid, times: Timetable) -> anyhow::Result<()> {
    let election = sql::elections::find(change, election).await?.context("it was just added")?;
    let started_on = dates::london_date(times.withdrawals_close);
    for (number, nomination) in sql::nominations::list_standing(change, election.id).await?.iter().enumerate()
    {
        let office = Office {
            id: change.app.random().id(change.now),
            post: election.post,
            title: election.words.title.clone(),
            election: election.id,
            person: nomination.person,
            name: nomination.name.clone(),
            portrait: nomination.portrait.clone(),
            how: How::Unopposed,
            started_on,
            ends_on: dates::months_later(started_on, election.words.term_months),
            ended_on: None,
            ended_why: None,
            is_filled: false,
        };
        sql::offices::insert(change, &office, None).await?;
        if number == 2 {
            let on = change.today() - Duration::days(20);
            sql::offices::set_ended(change, office.id, on, Some("A new job abroad.")).await?;
        }
    }
    sql::elections::set_settled(change, election.id, Outcome::Unopposed, None, times.withdrawals_close)
        .await?;
    Ok(())
}

/// Somebody's face, of a few.
fn portrait(number: usize) -> image::DynamicImage {
    use drawing::{CREAM, INK, ORANGE, PLUM, RUST};
    let (ground, coat, skin, hair) = match number % 3 {
        0 => (ORANGE, PLUM, [0x8d, 0x55, 0x3a], INK),
        1 => (PLUM, ORANGE, [0xf1, 0xc9, 0xa5], RUST),
        _ => (CREAM, RUST, [0xc6, 0x8b, 0x61], INK),
    };
    let mut sheet = drawing::Sheet::new(640, 640, ground);
    drawing::person(&mut sheet, (320.0, 270.0), 420.0, skin, coat, hair);
    sheet.finish()
}

async fn ask(
    change: &mut Change<'_>,
    election: Uuid,
    story: &Story,
    nominations: &[Uuid],
    by: Option<Uuid>,
    times: Timetable,
) -> anyhow::Result<()> {
    let by = by.context("nobody is left to ask")?;
    let now = change.now;
    for (words, answers) in story.questions {
        let id = change.app.random().id(now);
        let asked = times.nominations_close + Duration::hours(3);
        sql::questions::insert(change, id, election, (by, words), asked).await?;
        let until = if answers.is_empty() { now + Duration::hours(40) } else { now - Duration::hours(2) };
        sql::questions::set_let_through(change, id, until).await?;
        for (nomination, answer) in nominations.iter().zip(*answers) {
            sql::questions::set_answer(change, id, *nomination, answer, now).await?;
        }
    }
    sql::questions::show_due(change, now).await?;
    Ok(())
}
