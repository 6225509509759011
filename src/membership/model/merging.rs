//! Which of two memberships of one person stays.

use super::Membership;

/// The record whose membership stays when two become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// That of the record that goes.
    OfGone,
    OfKept,
}

/// The one that is paid for, else the one that has not ended, else that of the record that stays. `pays` says for each
/// whether money may still come for it.
///
/// # Errors
/// In words: they cannot be one yet.
pub fn which_stays(gone: (&Membership, bool), kept: (&Membership, bool)) -> Result<Stays, &'static str> {
    let ((gone, gone_pays), (kept, kept_pays)) = (gone, kept);
    if gone_pays && kept_pays {
        return Err("Both records pay for a membership. End one of the two memberships first.");
    }
    for membership in [gone, kept] {
        if membership.suspension.is_some() {
            return Err(
                "One of the two memberships is suspended. Lift the suspension first, or wait until it ends.",
            );
        }
        if membership.state.is_expelled() {
            return Err("The party ended one of the two memberships. A merge must not undo that.");
        }
    }
    let better = (gone_pays, !gone.state.is_ended()) > (kept_pays, !kept.state.is_ended());
    Ok(if better { Stays::OfGone } else { Stays::OfKept })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::model::{EndReason, State, Suspension};

    #[test]
    fn the_membership_that_runs_stays_and_no_decision_is_lost() {
        let active = Membership::sample();
        let ended =
            |reason| Membership { state: State::Ended { on: active.joined_on, reason }, ..active.clone() };
        let lapsed = ended(EndReason::Lapsed);
        for (gone, kept, stays) in [
            ((&active, false), (&active, false), Stays::OfKept),
            ((&active, true), (&active, false), Stays::OfGone),
            ((&active, false), (&active, true), Stays::OfKept),
            ((&active, false), (&lapsed, false), Stays::OfGone),
            ((&lapsed, false), (&lapsed, false), Stays::OfKept),
            ((&lapsed, false), (&active, false), Stays::OfKept),
        ] {
            assert_eq!(which_stays(gone, kept), Ok(stays));
        }
        let suspension = Suspension {
            since: active.state_since,
            until: active.joined_on,
            reason: "A reason".into(),
            by: None,
        };
        let suspended = Membership { suspension: Some(suspension), ..active.clone() };
        let expelled = ended(EndReason::Expelled);
        assert!(which_stays((&active, true), (&active, true)).is_err());
        for barred in [&suspended, &expelled] {
            assert!(which_stays((barred, false), (&active, false)).is_err());
            assert!(which_stays((&active, false), (barred, false)).is_err());
        }
    }
}
