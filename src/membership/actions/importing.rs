//! Members from another system.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::{rules, standing::recompute, subscription_of};
use crate::{
    accounts::{self, Standing},
    audit::Change,
    kit::{error::Result, money::Money, stripe::Interval},
    membership::{
        model::{EndReason, Membership, Prices, Rate, State, state},
        personal::Personal,
        sql,
    },
};

/// A member as another system knew them.
#[derive(Clone, Debug)]
pub struct ForeignMember {
    pub person: Uuid,
    pub joined_on: NaiveDate,
    /// The last day that is paid for, if that is known.
    pub paid_until: Option<NaiveDate>,
    /// The other system says that it is over, since this day.
    pub ended_on: Option<NaiveDate>,
    pub personal: Personal,
    /// `None`: the standard rate.
    pub rate: Option<Rate>,
    pub every: Interval,
    /// `None`: the price of the rate.
    pub amount: Option<Money>,
}

/// Adds a membership to each of these people, who have none, and works out where each stands today. Nobody is written
/// to. `supporters` are those of them who agreed to emails.
///
/// # Errors
/// The database is away, or one of them has a membership already.
pub async fn add_foreign(change: &mut Change<'_>, new: &[ForeignMember], supporters: &[Uuid]) -> Result<()> {
    let (app, now, today) = (change.app, change.now, change.today());
    let prices = Prices::on(&app.settings(), today);
    let rules = rules(app, None);
    let mut all = Vec::with_capacity(new.len());
    for it in new {
        let rate = it.rate.or_else(|| prices.rate_for(it.amount?, it.every)).unwrap_or(Rate::Standard);
        let mut membership = Membership {
            id: app.random().id(now),
            person: it.person,
            number: 0,
            joined_on: it.joined_on,
            personal: it.personal.clone(),
            rate,
            every: it.every,
            amount: it.amount.or_else(|| prices.of(rate, it.every)).unwrap_or(Money::from_pence(500)),
            subscription: None,
            state: match it.ended_on {
                Some(on) => State::Ended { on: on.max(it.joined_on), reason: EndReason::Lapsed },
                None => State::Active,
            },
            state_since: now,
            ends_on: it.paid_until.filter(|_| it.ended_on.is_none()),
            end_words: None,
            decision: None,
            suspension: None,
        };
        membership.state = state(&membership, None, rules, today);
        all.push((membership, app.random().id(now)));
    }
    sql::insert_memberships(change, &all).await?;
    let standing_of = |membership: &Membership| {
        if membership.state.is_member(rules.pending_counts) {
            Standing::Member
        } else if supporters.contains(&membership.person) {
            Standing::Supporter
        } else {
            Standing::None
        }
    };
    for standing in [Standing::Member, Standing::Supporter, Standing::None] {
        let people = all.iter().map(|(it, _)| it).filter(|it| standing_of(it) == standing);
        let people: Vec<_> = people.map(|it| it.person).collect();
        accounts::set_standings(change, &people, standing).await?;
    }
    Ok(())
}

/// Keeps what members are newly known to have said about themselves: the whole of it, for each.
///
/// # Errors
/// The database is away.
pub async fn fill_personal(change: &mut Change<'_>, filled: &[(Uuid, Personal)]) -> Result<()> {
    Ok(sql::set_personal(change, filled).await?)
}

/// Lets a subscription that was taken out elsewhere count for a member who has none. Says whether it does now.
///
/// # Errors
/// The database is away.
pub async fn adopt(change: &mut Change<'_>, person: Uuid, subscription: &str) -> Result<bool> {
    let Some(mut membership) = sql::lock_of_person(change, person).await? else { return Ok(false) };
    let is_barred = matches!(membership.state, State::Ended { reason, .. } if reason.is_final());
    if membership.subscription.is_some() || is_barred {
        return Ok(false);
    }
    membership.subscription = Some(subscription.to_owned());
    membership.ends_on = None;
    if subscription_of(change, &membership).await?.is_none() {
        return Ok(false);
    }
    sql::set_membership(change, &membership).await?;
    change.audit("membership.payment_adopted", ("person", person), json!({ "subscription": subscription }));
    recompute(change, membership).await?;
    Ok(true)
}
