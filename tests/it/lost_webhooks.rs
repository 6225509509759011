//! Whatever webhooks are lost, late, doubled or out of order: after one night's comparison with Stripe the people, their
//! states and the books are those of the story told in order, and nobody is left without a word.

use breakthrough::{kit::stripe::stand_in::PaidBy, payments::Reconcile};
use chrono::NaiveDate;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{membership::join_as, payments::run_job, support::Site};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Card,
    Debit,
    DebitPaid,
    DebitFailed,
    Renews,
    Fails,
    /// On the invoice's page, after Stripe has given up.
    PaysTheNotice,
    GoesBack,
    /// The payer's bank does not take the refund.
    GoesBackAndBounces,
    IsClaimedBack,
    IsQuestioned,
    IsDecidedForUs,
    /// In Stripe's dashboard, by somebody of the party.
    IsCancelled,
}

/// What happens, and the subject of the mail that nobody may go without.
const STORIES: [(&[Act], &str); 15] = [
    (&[Act::Card], "Welcome to the"),
    (&[Act::Debit], "Welcome to the"),
    (&[Act::Debit, Act::DebitPaid], "Welcome to the"),
    (&[Act::Debit, Act::DebitFailed], "Your membership has ended"),
    (&[Act::Card, Act::Renews, Act::Renews], "Welcome to the"),
    (&[Act::Card, Act::Fails], "Your payment did not go through"),
    (&[Act::Card, Act::Fails, Act::Renews], "Welcome to the"),
    (&[Act::Card, Act::Fails, Act::Fails, Act::Fails, Act::Fails], "Your payment did not go through"),
    (
        &[Act::Card, Act::Fails, Act::Fails, Act::Fails, Act::Fails, Act::PaysTheNotice],
        "We are returning your payment",
    ),
    (&[Act::Card, Act::GoesBack], "Welcome to the"),
    (&[Act::Card, Act::GoesBackAndBounces], "Welcome to the"),
    (&[Act::Card, Act::Renews, Act::IsClaimedBack], "Welcome to the"),
    (&[Act::Card, Act::IsQuestioned], "Welcome to the"),
    (&[Act::Card, Act::IsQuestioned, Act::IsDecidedForUs], "Welcome to the"),
    (&[Act::Card, Act::Renews, Act::IsCancelled], "Your membership has ended"),
];

struct Story<'a> {
    site: &'a Site,
    session: String,
}

/// Fills in the form for joining, up to Stripe's page.
async fn begin<'a>(site: &'a Site, email: &str) -> Story<'a> {
    // More people from one network than its limit lets through.
    sqlx::query("delete from rate_limits").execute(&site.pool).await.unwrap();
    Story { site, session: join_as(site, email).await }
}

impl Story<'_> {
    async fn subscription(&self) -> String {
        sqlx::query_scalar("select body ->> 'subscription' from stripe_stand_in.objects where id = $1")
            .bind(&self.session)
            .fetch_one(&self.site.pool)
            .await
            .unwrap()
    }

    async fn debit(&self) -> String {
        sqlx::query_scalar(
            "select id from stripe_stand_in.objects
             where kind = 'invoice' and hidden ->> 'debit' = 'processing' and subscription = $1",
        )
        .bind(self.subscription().await)
        .fetch_one(&self.site.pool)
        .await
        .unwrap()
    }

    async fn act(&self, act: Act) {
        self.site.app.clock().advance(chrono::Duration::seconds(2));
        let stripe = self.site.app.stripe_stand_in();
        match act {
            Act::Card => stripe.pay(&self.session, PaidBy::Card).await.unwrap(),
            Act::Debit => stripe.pay(&self.session, PaidBy::DirectDebit).await.unwrap(),
            Act::DebitPaid => stripe.settle_debit(&self.debit().await, true).await.unwrap(),
            Act::DebitFailed => stripe.settle_debit(&self.debit().await, false).await.unwrap(),
            Act::Renews => stripe.charge(&self.subscription().await).await.unwrap(),
            Act::Fails => stripe.fail_charge(&self.subscription().await).await.unwrap(),
            Act::PaysTheNotice => stripe.pay_invoice(&self.subscription().await).await.unwrap(),
            Act::GoesBack => stripe.give_back(&self.subscription().await).await.unwrap(),
            Act::GoesBackAndBounces => {
                stripe.give_back(&self.subscription().await).await.unwrap();
                stripe.fail_refund(&self.subscription().await).await.unwrap();
            }
            Act::IsQuestioned => stripe.question(&self.subscription().await).await.unwrap(),
            Act::IsDecidedForUs => stripe.decide_dispute(&self.subscription().await, true).await.unwrap(),
            Act::IsClaimedBack => stripe.claim_back(&self.subscription().await).await.unwrap(),
            Act::IsCancelled => stripe.cancel(&self.subscription().await).await.unwrap(),
        }
    }
}

async fn waiting(site: &Site) -> Vec<i64> {
    site.app.stripe_stand_in().waiting().await.unwrap().iter().map(|webhook| webhook.number).collect()
}

async fn deliver(site: &Site, number: i64) {
    assert!(site.app.stripe_stand_in().deliver(number).await.unwrap());
    site.work().await;
}

/// State of the membership, standing of the person, and what they owe nobody: kinds, pence and days. A refund that we make
/// ourselves is made when we hear of what it is for; all else happens at Stripe on a day of its own.
type End = (Option<(String, String)>, Vec<(String, i64, Option<NaiveDate>)>);

async fn end_of(site: &Site, email: &str, acts: &[Act]) -> End {
    let standing = sqlx::query_as(
        "select m.state, p.standing from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(email)
    .fetch_optional(&site.pool)
    .await
    .unwrap();
    let lines: Vec<(String, i64, NaiveDate)> = sqlx::query_as(
        "select l.kind, l.amount_pence, (l.at at time zone 'Europe/London')::date from ledger l join people p on p.id = l.person_id
         where p.email = $1::text::citext order by 1, 2, 3",
    )
    .bind(email)
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let ours = acts.contains(&Act::PaysTheNotice);
    let day = |kind: &str, day| if kind == "refund" && ours { None } else { Some(day) };
    let lines = lines.into_iter().map(|(kind, pence, on)| (kind.clone(), pence, day(&kind, on))).collect();
    (standing, lines)
}

#[tokio::test]
async fn any_of_the_webhooks_in_any_order_then_one_night_end_as_the_story_in_order() {
    const TRIES: u64 = 3;
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    for (story, (acts, _)) in STORIES.iter().enumerate() {
        let told = begin(&site, &format!("told{story}@example.org")).await;
        for act in *acts {
            let before = waiting(&site).await;
            told.act(*act).await;
            // What our own answers bring about at Stripe is told too.
            for _ in 0..3 {
                for number in waiting(&site).await.into_iter().filter(|number| !before.contains(number)) {
                    deliver(&site, number).await;
                }
            }
        }
        for number in 0..TRIES {
            let email = format!("lost{story}-{number}@example.org");
            let lost = begin(&site, &email).await;
            let before = waiting(&site).await;
            for act in *acts {
                lost.act(*act).await;
            }
            let mut random = StdRng::seed_from_u64(number * 100 + story as u64);
            let mut some: Vec<_> =
                waiting(&site).await.into_iter().filter(|number| !before.contains(number)).collect();
            // Nothing at all the first time; then some of it, shuffled, some of it twice.
            some.retain(|_| number > 0 && random.random_bool(0.6));
            some.extend(some.clone().into_iter().filter(|_| random.random_bool(0.3)));
            some.shuffle(&mut random);
            for number in some {
                deliver(&site, number).await;
            }
        }
    }
    // The night after the next: what was lost is heard on another day than it happened.
    site.app.clock().advance(chrono::Duration::hours(38));
    run_job(&site, &Reconcile::default()).await;
    for (story, (acts, mail)) in STORIES.iter().enumerate() {
        let expected = end_of(&site, &format!("told{story}@example.org"), acts).await;
        let heard: Vec<_> = site
            .mails_to(&format!("told{story}@example.org"))
            .await
            .into_iter()
            .map(|mail| mail.subject)
            .collect();
        assert!(heard.iter().any(|subject| subject.starts_with(mail)), "{acts:?}: {heard:?}");
        for number in 0..TRIES {
            let email = format!("lost{story}-{number}@example.org");
            assert_eq!(end_of(&site, &email, acts).await, expected, "{acts:?}, {number}");
            let mails = site.mails_to(&email).await;
            // Nobody is told that a debit is on its way who pays by card, or whose debit has come by now.
            for welcome in mails.iter().filter(|mail| mail.subject.starts_with("Welcome")) {
                let is_due = *acts == [Act::Debit];
                let is_told = welcome.text.contains("Direct Debit is on its way");
                let may_differ = number > 0 && acts[0] == Act::Debit;
                assert!(is_told == is_due || may_differ, "{acts:?}, {number}: {}", welcome.text);
            }
            let mails: Vec<_> = mails.into_iter().map(|mail| mail.subject).collect();
            assert!(mails.iter().any(|subject| subject.starts_with(mail)), "{acts:?}, {number}: {mails:?}");
            assert!(
                mails.iter().all(|subject| heard.contains(subject)),
                "{acts:?}, {number}: {mails:?} {heard:?}"
            );
        }
    }
}
