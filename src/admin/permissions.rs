//! What officers may look at here.

use crate::accounts::{Permission, Role};

pub const SEE_OVERVIEW: Permission = Permission { code: "see_overview", held_by: &Role::ALL };

pub const SEE_AUDIT: Permission = Permission {
    code: "see_audit",
    held_by: &[Role::Administrator, Role::Membership, Role::ReturningOfficer],
};
