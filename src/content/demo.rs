//! News of the demo party.

use chrono::Duration;
use sqlx::PgConnection;

use super::{
    actions,
    kind::Kind,
    model::Draft,
    sql,
    words::{Article, Words},
};
use crate::{
    audit::{Actor, Change},
    kit::{app::App, markdown},
};

/// Title, summary, text, days ago.
const NEWS: [(&str, &str, &str, i64); 4] = [
    (
        "Conference 2027 will be in Manchester, and you set the agenda",
        "Two days in March, open to every member. Send us the motions you want debated by the end of January.",
        "We meet in Manchester on 20 and 21 March 2027. Every member can come, speak and vote, and travel is paid for anyone who could not come otherwise.\n\n## What we will decide\n\nThat is up to you. Any five members can send in a motion. Motions that arrive by **31 January** go to all members, who choose the ten that we debate.\n\n## If you cannot come\n\nThe debates will be shown live, with captions, and members vote online on both days.",
        3,
    ),
    (
        "Members vote nine to one for a shorter week",
        "After six weeks of debate the whole membership voted. A four-day week with no loss of pay is now party policy.",
        "It began as a talk between three care workers. Six weeks and four drafts later it went to every member, and nine in ten of those who voted said yes.\n\nThe policy asks for a 32-hour week with no loss of pay, public services first. Members who run rotas for a living wrote the part on how to get there.\n\n[How policy is made](/faq/how-is-policy-made)",
        17,
    ),
    (
        "The library stays open on Saturdays",
        "Four hundred signatures, eleven wet Saturdays and one loud council meeting later, the council has dropped the cut.",
        "The plan was to close the library at weekends. Our members in the North West, with the readers’ group and the librarians’ union, stood outside it for eleven Saturdays.\n\nLast night the council took the cut out of its budget. Thank you to everybody who stood in the rain.",
        38,
    ),
    (
        "What we spent last year, to the penny",
        "Rent, printing, trains and one very old van: our accounts for the year, in words anybody can read.",
        "Nearly all of our income came from members’ subscriptions. The biggest costs were printing and rooms for meetings.\n\nAsk us anything about it: [the treasurer answers every message](/contact).",
        80,
    ),
];

/// Adds and publishes the demo's articles; the party's own pages come with the schema.
///
/// # Errors
/// The database is away.
pub async fn load(app: &App, db: &mut PgConnection) -> anyhow::Result<()> {
    let mut change = Change::begin(app, db, Actor::System).await?;
    let now = change.now;
    for (title, summary, body, days) in NEWS {
        let words =
            Words::Article(Article { title: title.into(), summary: summary.into(), body: body.into() });
        let draft = Draft { slug: markdown::slug(title), parent: None, words };
        let Some(id) = actions::add(&mut change, Kind::Article, &draft).await? else { continue };
        actions::publish(&mut change, Kind::Article, id).await?;
        sql::set_dates(&mut change, id, now - Duration::days(days)).await?;
    }
    let draft = Draft {
        slug: "a-draft-for-the-new-year".into(),
        parent: None,
        words: Words::Article(Article {
            title: "What we will do in the new year".into(),
            summary: "Three campaigns, and how to get involved in each.".into(),
            body: "Still being written.".into(),
        }),
    };
    actions::add(&mut change, Kind::Article, &draft).await?;
    change.commit().await?;
    Ok(())
}
