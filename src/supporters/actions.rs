//! Signing up, and confirming it. Each function runs in the caller's transaction.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail,
    model::{CONFIRM_DAYS, Interest, SignUp},
    sql,
};
use crate::{
    accounts::{self, Begun, ConsentPurpose, Details, Merging, Person, Standing},
    audit::{Actor, Change},
    kit::{
        app::App,
        email_address::EmailAddress,
        error::{Error, Result},
        random::hash_token,
    },
};

/// Where the consent was given, for its record.
const SOURCE: &str = "supporter sign-up";

/// Keeps the sign-up and mails its link. The same for every address.
pub async fn ask(change: &mut Change<'_>, new: &SignUp) -> Result<()> {
    let app = change.app;
    let now = change.now;
    let (id, token) = (app.random().id(now), app.random().token());
    sql::insert_sign_up(change, id, &token.hash(), new, now, now + Duration::days(CONFIRM_DAYS)).await?;
    let letter = mail::confirm(app, token.text())?;
    // Once a minute for the same answers: the button was pressed twice.
    let said = app.sign("supporter sign-up", format!("{new:?} {}", now.timestamp() / 60).as_bytes());
    change.mail(format!("supporter-confirm:{said}"), &new.email, letter);
    Ok(())
}

/// What somebody with this address has begun, and not confirmed yet.
pub async fn begun(db: &mut PgConnection, email: &EmailAddress, now: DateTime<Utc>) -> Result<Option<Begun>> {
    let is_waiting = sql::has_open_sign_up(db, email, now).await?;
    Ok(is_waiting.then(|| Begun {
        words: "You signed up as a supporter and have not confirmed it yet: open the link in the email that we sent you, or sign up again.",
        button: "Sign up again",
        path: "/support".to_owned(),
    }))
}

/// What is kept of a supporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub details: Details,
    pub interests: Vec<Interest>,
}

/// What the button would do, for the one who decides whether to press it: whoever filled in the form need not have been
/// the owner of the address.
pub struct Offer {
    /// Who is known by this address already.
    pub known: Option<Known>,
    pub kept: Kept,
    /// What the form says instead, and is kept if they tick the box.
    pub typed: Option<Kept>,
    pub consents: Vec<ConsentPurpose>,
}

/// A person, and what they help with if they are a supporter.
pub struct Known {
    pub person: Person,
    pub interests: Option<Vec<Interest>>,
}

impl Known {
    pub fn is_member(&self) -> bool {
        self.person.standing == Standing::Member
    }

    pub fn kept(&self) -> Kept {
        let person = self.person.clone();
        let Person { name, email, postcode, region, .. } = person;
        let details = Details { name, email, postcode, region };
        Kept { details, interests: self.interests.clone().unwrap_or_default() }
    }
}

/// `None` if the link is unknown, over or used.
pub async fn offer(app: &App, db: &mut PgConnection, token: &str) -> Result<Option<Offer>> {
    let Some(new) = sql::find_sign_up(db, &hash_token(token), app.clock().now()).await? else {
        return Ok(None);
    };
    let known = match accounts::find_person_by_email(db, &new.email).await? {
        Some(person) => Some(find_known(db, person).await?),
        None => None,
    };
    let kept = kept(&new, known.as_ref(), false);
    let typed = self::kept(&new, known.as_ref(), true);
    Ok(Some(Offer { typed: (typed != kept).then_some(typed), kept, known, consents: new.consents() }))
}

async fn find_known(db: &mut PgConnection, person: Person) -> Result<Known> {
    let supporter = sql::find_supporter(db, person.id).await?;
    Ok(Known { person, interests: supporter.map(|supporter| supporter.interests) })
}

/// What is kept of somebody once they have confirmed. What is known stays unless they want it changed, and a member's
/// details in any case: they were given with more care, and payments hang on them.
fn kept(new: &SignUp, known: Option<&Known>, wants_changes: bool) -> Kept {
    let stays = known.filter(|known| known.is_member() || !wants_changes);
    let place = stays.map(|known| &known.person).filter(|person| person.postcode.is_some());
    Kept {
        details: Details {
            name: stays.map_or(&new.name, |known| &known.person.name).clone(),
            email: known.map_or(&new.email, |known| &known.person.email).clone(),
            postcode: place.map_or_else(
                || new.postcode.as_ref().map(ToString::to_string),
                |known| known.postcode.clone(),
            ),
            region: stays.and_then(|known| known.person.region).or(new.region),
        },
        interests: known
            .filter(|_| !wants_changes)
            .and_then(|known| known.interests.as_ref())
            .unwrap_or(&new.interests)
            .clone(),
    }
}

/// What the button did.
pub struct Confirmed {
    pub person: Uuid,
    /// A member before and after.
    pub is_member: bool,
}

/// Makes the supporter. `None` if the link is unknown, over or used.
pub async fn confirm(change: &mut Change<'_>, token: &str, wants_changes: bool) -> Result<Option<Confirmed>> {
    let app = change.app;
    let now = change.now;
    let Some(new) = sql::use_sign_up(change, &hash_token(token), now).await? else { return Ok(None) };
    let (id, _) = accounts::find_or_add_person(change, &new.email, &new.name).await?;
    let person = accounts::find_person(change, id).await?.ok_or(Error::NotFound)?;
    let known = find_known(change, person).await?;
    let is_member = known.is_member();
    let Kept { details, interests } = kept(&new, Some(&known), wants_changes);
    let Known { person, interests: before } = known;
    // Who asks is known only now, by the link that came to their address.
    change.by = Actor::Person(id);
    accounts::change_details(change, id, &details).await?;
    accounts::verify_email(change, id).await?;
    for purpose in new.consents() {
        accounts::give_consent(change, id, purpose, SOURCE).await?;
    }
    sql::put_supporter(change, id, &interests, SOURCE, now).await?;
    if person.standing < Standing::Supporter {
        accounts::set_standing(change, id, Standing::Supporter).await?;
    }
    if before.is_none() {
        let interests: Vec<_> = interests.iter().map(|interest| interest.code()).collect();
        change.audit("supporter.signed_up", ("person", id), json!({ "interests": interests }));
        let link = accounts::issue_link(change, id, "/dashboard", CONFIRM_DAYS).await?;
        let join = accounts::issue_link(change, id, "/join", CONFIRM_DAYS).await?;
        let letter = mail::welcome(app, &details.name, &link, &join, is_member)?;
        change.mail(format!("supporter-welcome:{id}"), &person.email, letter);
    }
    Ok(Some(Confirmed { person: id, is_member }))
}

/// Two records become one: what both want to help with, since the earlier day.
pub async fn join(change: &mut Change<'_>, merging: Merging) -> Result<Value> {
    Ok(sql::join_supporters(change, merging.gone, merging.kept).await?.unwrap_or_default())
}

/// They are two again.
pub async fn part(change: &mut Change<'_>, _: Merging, did: Value) -> Result<()> {
    if !did.is_null() {
        sql::restore_supporter(change, &did).await?;
    }
    Ok(())
}
