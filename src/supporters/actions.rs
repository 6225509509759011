//! Signing up, and confirming it. Each function runs in the caller's transaction.

use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

use super::{
    mail,
    model::{CONFIRM_DAYS, SignUp},
    sql,
};
use crate::{
    accounts::{self, ConsentPurpose, Details, Standing},
    audit::{Actor, Change},
    kit::{
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
    // Their membership's details were given with more care, and payments hang on them.
    let keeps = |known: bool| is_member && known;
    let details = Details {
        name: if is_member { person.name.clone() } else { new.name.clone() },
        email: person.email.clone(),
        postcode: if keeps(person.postcode.is_some()) {
            person.postcode.clone()
        } else {
            Some(new.postcode.as_str().to_owned())
        },
        region: if keeps(person.region.is_some()) { person.region } else { new.region },
    };
    // Who asks is known only now, by the link that came to their address.
    change.by = Actor::Person(id);
    accounts::change_details(change, id, &details).await?;
    accounts::verify_email(change, id).await?;
    accounts::give_consent(change, id, ConsentPurpose::EmailUpdates, SOURCE).await?;
    if new.organiser_contact {
        accounts::give_consent(change, id, ConsentPurpose::OrganiserContact, SOURCE).await?;
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
