//! Every gift of a year, for officers. What the giver wrote, and to which address, they do not see.

use askama::Template;
use askama_web::WebTemplate;

use super::{
    model::{GiftYear, Stage},
    sql,
};
use crate::kit::{dates, db::Db, error::Result, visit::Visit};

pub const PATH: &str = "/admin/gift-memberships";

/// Rows on the page.
const SHOWN: i64 = 500;

#[derive(Template, WebTemplate)]
#[template(path = "membership/gifts/list.html")]
pub struct ListPage {
    visit: Visit,
    gifts: Vec<(GiftYear, Stage)>,
}

pub async fn list(visit: Visit, mut db: Db) -> Result<ListPage> {
    let gifts = sql::list(&mut db, SHOWN).await?.into_iter();
    let gifts = gifts.map(|gift| {
        let stage = gift.stage(visit.today());
        (gift, stage)
    });
    Ok(ListPage { gifts: gifts.collect(), visit })
}

impl ListPage {
    fn paid_on(gift: &GiftYear) -> String {
        gift.paid_at.map(|at| dates::short_day(dates::london_date(at))).unwrap_or_default()
    }
}
