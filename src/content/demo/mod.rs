//! News and profiles of the demo party.

mod drawings;

use chrono::Duration;
use image::DynamicImage;
use sqlx::PgConnection;

use super::{
    actions,
    kind::Kind,
    model::Draft,
    sql,
    words::{Article, Profile, Words},
};
use crate::{
    audit::{Actor, Change},
    kit::{app::App, markdown, picture},
    pictures::{self, Shot},
};

/// Title, summary, text, age in days.
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

type Drawing = fn() -> DynamicImage;

/// In the order of the news: the drawing, and what it shows.
const PICTURES: [(Drawing, &str); 4] = [
    (drawings::hall, "A drawing of rows of people in a hall, one of them on their feet"),
    (drawings::vote, "A drawing of ten bars: nine rise, the last is short"),
    (drawings::library, "A drawing of two shelves of books in the rain"),
    (drawings::accounts, "A drawing of four stacks of coins, each smaller than the one before"),
];

/// Name, role, text.
const PROFILES: [(&str, &str, &str); 3] = [
    (
        "Theo Okafor",
        "Treasurer",
        "Theo drives a bus in Salford, and has kept the books of a union branch for eleven years. Ask Theo where your subscription goes, and you get an answer to the penny.",
    ),
    (
        "Orla Fitzgerald",
        "Organiser for the North West",
        "Orla is a teaching assistant in Wigan, and stood outside the library on all eleven Saturdays.",
    ),
    (
        "Rukhsana Begum",
        "Returning officer",
        "Rukhsana runs the party’s votes, takes no side in them, and taught maths in Rochdale for thirty years.",
    ),
];

async fn draw(change: &mut Change<'_>, drawn: DynamicImage, alt: &str) -> anyhow::Result<Shot> {
    let prepared = picture::prepare_drawn(drawn)?;
    pictures::add(change, &prepared, alt).await?;
    Ok(Shot { picture: prepared.picture, alt: alt.to_owned() })
}

async fn portrait(change: &mut Change<'_>, number: usize, name: &str) -> anyhow::Result<Shot> {
    let alt = format!("A drawing of a head and shoulders, in place of a photograph of {name}");
    draw(change, drawings::portrait(number), &alt).await
}

async fn load_profiles(change: &mut Change<'_>) -> anyhow::Result<()> {
    let founder = sql::list_all(change, Kind::Profile).await?;
    for item in founder {
        let mut draft = item.draft();
        if let Words::Profile(profile) = &mut draft.words {
            profile.picture = Some(portrait(change, 0, &profile.name).await?);
        }
        actions::change(change, Kind::Profile, item.id, item.version, &draft).await?;
    }
    for (number, (name, role, text)) in (1..).zip(PROFILES) {
        let picture = Some(portrait(change, number, name).await?);
        let words = Profile { name: name.into(), role: role.into(), text: text.into(), picture };
        let draft = Draft { slug: String::new(), parent: None, words: Words::Profile(words) };
        let Some(id) = actions::add(change, Kind::Profile, &draft, None).await? else { continue };
        actions::publish(change, Kind::Profile, id).await?;
    }
    Ok(())
}

/// Adds and publishes the demo's articles; the party's own pages come with the schema.
///
/// # Errors
/// The database is away.
pub async fn load(app: &App, db: &mut PgConnection) -> anyhow::Result<()> {
    let mut change = Change::begin(app, db, Actor::System).await?;
    let now = change.now;
    load_profiles(&mut change).await?;
    for ((title, summary, body, days), (drawing, alt)) in NEWS.into_iter().zip(PICTURES) {
        let picture = Some(draw(&mut change, drawing(), alt).await?);
        let words = Words::Article(Article {
            title: title.into(),
            summary: summary.into(),
            body: body.into(),
            picture,
        });
        let draft = Draft { slug: markdown::slug(title), parent: None, words };
        let Some(id) = actions::add(&mut change, Kind::Article, &draft, None).await? else { continue };
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
            picture: None,
        }),
    };
    actions::add(&mut change, Kind::Article, &draft, None).await?;
    change.commit().await?;
    Ok(())
}
