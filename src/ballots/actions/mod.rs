//! What happens to a ballot, from its draft to its result.

use uuid::Uuid;

mod clock;
mod drafts;
mod manifests;
mod roll;
mod rulings;
mod steps;

pub use clock::turn;
pub use drafts::{ANNOUNCED, add, delete, edit, take_key, usual};
pub use manifests::{manifest, manifest_of};
pub use roll::{count_roll, electors, entitlement, joined_by};
pub use rulings::{correct_roll, rule};
pub use steps::{announce, approve, count_secret, take_secret, withdraw};

use crate::{
    audit::Change,
    ballots::{
        model::{Ballot, Hours},
        settings, sql,
    },
    kit::{
        app::App,
        error::{Error, Result},
    },
};

pub fn objection_hours(app: &App) -> u32 {
    app.setting(settings::OBJECTION_HOURS, app.clock().today())
}

pub fn hours(app: &App) -> Hours {
    let today = app.clock().today();
    Hours {
        now: app.clock().now(),
        objections: objection_hours(app),
        least: app.setting(settings::LEAST_HOURS, today),
    }
}

fn subject(ballot: Uuid) -> (&'static str, Uuid) {
    ("ballot", ballot)
}

async fn lock(change: &mut Change<'_>, id: Uuid) -> Result<Ballot> {
    sql::lock(change, id).await?.ok_or(Error::NotFound)
}
