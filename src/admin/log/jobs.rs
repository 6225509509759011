use serde::{Deserialize, Serialize};

use super::mail;
use crate::{
    accounts,
    admin::SEE_AUDIT,
    audit::{self, Actor, Chain},
    kit::{
        app::App,
        queue::{Failure, Job},
    },
};

/// Mails the seal of the audit log to the officers who read it, on days on which lines were added. Who owns the database
/// cannot take back what has been sent.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TellSeal {}

impl Job for TellSeal {
    const NAME: &'static str = "admin_tell_seal";

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut change = audit::Change::begin_alone(&app, Actor::System).await?;
        let chain = audit::check(&app, &mut change, None).await?;
        // The same log is told of once; a broken one every day.
        let occasion = match &chain {
            Chain::Whole(seal) => seal.to_string(),
            Chain::Broken { .. } | Chain::Cut(_) => change.today().to_string(),
        };
        for officer in accounts::list_holders(&mut change, SEE_AUDIT).await? {
            let letter = mail::seal(&app, &officer.name, &chain).map_err(Failure::from_page)?;
            change.mail(format!("audit-seal:{}:{occasion}", officer.id), &officer.email, letter);
        }
        Ok(change.commit().await?)
    }
}
