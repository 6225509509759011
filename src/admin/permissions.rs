//! What officers may look at here.

use crate::accounts::{Permission, Role};

pub const SEE_OVERVIEW: Permission = Permission { code: "see_overview", held_by: &Role::ALL };

pub const SEE_AUDIT: Permission = Permission {
    code: "see_audit",
    held_by: &[Role::Administrator, Role::Membership, Role::ReturningOfficer],
};

/// Failed background work: who looks after the site, and who looks after the money that much of it is about.
pub const LOOK_AFTER_WORK: Permission =
    Permission { code: "look_after_work", held_by: &[Role::Administrator, Role::Treasurer] };
