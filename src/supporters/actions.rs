//! Signing up, and confirming it. Each function runs in the caller's transaction.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail,
    model::{CONFIRM_DAYS, Interest, SignUp},
    sql,
};
use crate::{
    accounts::{self, Begun, ConsentPurpose, Details, Person, Standing},
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
    change.mail(format!("supporter-confirm:{id}"), &new.email, letter);
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

/// What the button would do, for the one who decides whether to press it: whoever filled in the form need not have been
/// the owner of the address.
pub struct Offer {
    pub details: Details,
    pub interests: Vec<Interest>,
    pub consents: Vec<ConsentPurpose>,
    /// What is known of them already, and what they help with.
    pub known: Option<(Person, Vec<Interest>)>,
}

/// `None` if the link is unknown, over or used.
pub async fn offer(app: &App, db: &mut PgConnection, token: &str) -> Result<Option<Offer>> {
    let Some(new) = sql::find_sign_up(db, &hash_token(token), app.clock().now()).await? else {
        return Ok(None);
    };
    let known = match accounts::find_person_by_email(db, &new.email).await? {
        Some(person) => {
            let supporter = sql::find_supporter(db, person.id).await?;
            Some((person, supporter.map(|known| known.interests).unwrap_or_default()))
        }
        None => None,
    };
    let details = details(&new, known.as_ref().map(|(person, _)| person));
    Ok(Some(Offer { details, consents: new.consents(), interests: new.interests, known }))
}

/// What is known of somebody once they have confirmed.
fn details(new: &SignUp, known: Option<&Person>) -> Details {
    // A member's details were given with more care, and payments hang on them.
    let member = known.filter(|person| person.standing == Standing::Member);
    let place = member.filter(|person| person.postcode.is_some());
    Details {
        name: member.map_or(&new.name, |person| &person.name).clone(),
        email: known.map_or(&new.email, |person| &person.email).clone(),
        postcode: place.map_or_else(|| Some(new.postcode.to_string()), |person| person.postcode.clone()),
        region: member.and_then(|person| person.region).or(new.region),
    }
}

/// What the button did.
pub struct Confirmed {
    pub person: Uuid,
    /// A member before and after.
    pub is_member: bool,
}

/// Makes the supporter. `None` if the link is unknown, over or used.
pub async fn confirm(change: &mut Change<'_>, token: &str) -> Result<Option<Confirmed>> {
    let app = change.app;
    let now = change.now;
    let Some(new) = sql::use_sign_up(change, &hash_token(token), now).await? else { return Ok(None) };
    let (id, _) = accounts::find_or_add_person(change, &new.email, &new.name).await?;
    let person = accounts::find_person(change, id).await?.ok_or(Error::NotFound)?;
    let is_member = person.standing == Standing::Member;
    let details = details(&new, Some(&person));
    // Who asks is known only now, by the link that came to their address.
    change.by = Actor::Person(id);
    accounts::change_details(change, id, &details).await?;
    accounts::verify_email(change, id).await?;
    for purpose in new.consents() {
        accounts::give_consent(change, id, purpose, SOURCE).await?;
    }
    let was_supporter = sql::find_supporter(change, id).await?.is_some();
    sql::put_supporter(change, id, &new.interests, SOURCE, now).await?;
    if person.standing < Standing::Supporter {
        accounts::set_standing(change, id, Standing::Supporter).await?;
    }
    if !was_supporter {
        let interests: Vec<_> = new.interests.iter().map(|interest| interest.code()).collect();
        change.audit("supporter.signed_up", ("person", id), json!({ "interests": interests }));
        let link = accounts::issue_link(change, id, "/dashboard", CONFIRM_DAYS).await?;
        let join = accounts::issue_link(change, id, "/join", CONFIRM_DAYS).await?;
        let letter = mail::welcome(app, &details.name, &link, &join, is_member)?;
        change.mail(format!("supporter-welcome:{id}"), &person.email, letter);
    }
    Ok(Some(Confirmed { person: id, is_member }))
}
