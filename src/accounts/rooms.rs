//! What a room states of itself, so that nothing outside its folder has to know it: its paths, and its entries in
//! navigation, settings and wherever else rooms are listed.
//!
//! `site.rs` holds the one list of rooms. Handlers take it as [`Rooms`], so that another list, as a test makes one,
//! is seen everywhere.

mod merging;

use std::pin::Pin;

use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub use merging::{Carry, Combine, Merging, Points, ends, moves, moves_unless, stays};

use super::{demo::CastMember, guard::Routes, model::Permission, proofs::Session};
use crate::audit::Change;
pub use crate::kit::visit::Link;
use crate::kit::visit::LinkGroup;
use crate::kit::{
    app::App,
    email_address::EmailAddress,
    error::{Error, Result},
    money::{Money, grouped},
    queue::Jobs,
    settings::Known,
    stripe::Interval,
    visit::Viewer,
};

/// A link of the officers' navigation, for those who hold the permission.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    pub title: &'static str,
    pub path: &'static str,
    pub permission: Permission,
    pub group: Group,
}

/// The parts of the officers' navigation, in their order. Within one the order is that of the rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Where one begins.
    Start,
    /// People, and what is done with them.
    People,
    /// What comes in and goes out, and what the treasurer decides.
    Money,
    /// What the public site says.
    Content,
    /// How the site is run.
    Control,
}

impl Group {
    const ALL: [Self; 5] = [Self::Start, Self::People, Self::Money, Self::Content, Self::Control];

    fn title(self) -> &'static str {
        match self {
            Self::Start => "",
            Self::People => "People",
            Self::Money => "Money",
            Self::Content => "Content",
            Self::Control => "Control",
        }
    }
}

/// An action of the audit log in words, and what its lines tell.
#[derive(Clone, Copy, Debug)]
pub struct Says {
    /// `room.what_happened`
    pub action: &'static str,
    pub words: &'static str,
    pub tells: Tells,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// Of people: only who may open their records reads whose it is and its details.
    People,
    /// Of the party's own business: every officer who may read the log reads all of it.
    Party,
}

pub const fn says(action: &'static str, words: &'static str, tells: Tells) -> Says {
    Says { action, words, tells }
}

/// Numbers that the rooms count for the overview, by room and name.
#[derive(Debug, Default)]
pub struct Counts(pub Value);

impl Counts {
    /// Nothing is 0.
    pub fn of(&self, room: &str, name: &str) -> i64 {
        self.waits(room, name).count
    }

    /// A number that may come with more about what it counts.
    pub fn waits(&self, room: &str, name: &str) -> Waits {
        let found = self.0.get(room).and_then(|counts| counts.get(name));
        let number = found.and_then(Value::as_i64).map(|count| Waits { count, ..Waits::default() });
        number.or_else(|| Waits::deserialize(found?).ok()).unwrap_or_default()
    }

    /// `12,345`
    pub fn words(&self, room: &str, name: &str) -> String {
        grouped(self.of(room, name).unsigned_abs())
    }
}

/// What waits for somebody: a room counts it as a number, or as an object of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Waits {
    pub count: i64,
    /// What it comes to, where it is about money.
    pub pence: Option<Money>,
    /// The day from which on the oldest has waited.
    pub since: Option<NaiveDate>,
    /// The next day by which something has to be decided.
    pub due: Option<NaiveDate>,
}

/// A figure of the overview.
#[derive(Clone, Copy)]
pub struct Figure {
    /// Not for officers who look after some regions only.
    pub whole_party: bool,
    /// The number, and the words behind it.
    pub words: fn(&Counts) -> (String, String),
}

/// Something that somebody should look at, if there is any of it.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The name of the room's count.
    pub count: &'static str,
    /// The words behind a 1.
    pub one: &'static str,
    /// The words behind any other number.
    pub many: &'static str,
    /// Where to look at it; empty if nowhere.
    pub path: &'static str,
    pub permission: Permission,
    /// Not for officers who look after some regions only.
    pub whole_party: bool,
}

/// One of the room's tasks that is the treasurer's to decide: a card on their desk.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// The count that the task is about.
    pub count: &'static str,
    pub title: &'static str,
}

/// What a room knows of a person's past: a view, and what its lines say.
///
/// The view is the room's own, named after it, and has the columns `person_id uuid`, `at timestamptz`, `source text`,
/// `what text`, `detail jsonb`, `actor uuid` (null for the site itself), and `sensitive boolean`: whether the line
/// shows addresses, prices or officers' reasons, which an officer of a region does not read.
#[derive(Clone, Copy)]
pub struct Timeline {
    pub view: &'static str,
    pub sources: &'static [Source],
}

/// One kind of line in a person's timeline.
#[derive(Clone, Copy)]
pub struct Source {
    /// As in the view.
    pub name: &'static str,
    pub title: &'static str,
    /// From `what` and `detail`; the rooms, for whoever has to look up what another room declares.
    pub words: fn(Rooms, &str, &Value) -> String,
}

/// What a function in a constant returns.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a card on somebody's own page is made from.
pub struct Asked<'a> {
    pub app: &'a App,
    pub db: &'a mut PgConnection,
    pub session: &'a Session,
}

/// A section of somebody's own page, made with one query at the most; `None` if there is nothing to say.
pub type Card = for<'a> fn(Asked<'a>) -> Pending<'a, Result<Option<String>>>;

/// Where a card stands, in the order of what cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Where they stand.
    Standing,
    /// What they have to do.
    Duties,
    News,
    /// What they chose.
    Choices,
}

/// Something that was begun with an email address and not brought to an end, so that there is no account yet.
#[derive(Clone, Debug)]
pub struct Begun {
    /// A sentence: what was begun, and what is missing.
    pub words: &'static str,
    /// Where it goes on.
    pub button: &'static str,
    pub path: String,
}

/// Looks for it.
pub type FindBegun =
    for<'a> fn(&'a mut PgConnection, &'a EmailAddress, DateTime<Utc>) -> Pending<'a, Result<Option<Begun>>>;

/// What somebody is about to pay, once or again and again.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    pub email: &'a EmailAddress,
    /// Whether they are signed in with that address. Nobody else learns what it has paid.
    pub is_own: bool,
    pub amount: Money,
    /// `None` for once.
    pub every: Option<Interval>,
    /// The day of the first payment.
    pub from: NaiveDate,
    /// Whether they live where nobody votes but as an overseas elector.
    pub is_overseas: bool,
    /// Stripe's id of the regular payment whose place it takes.
    pub instead_of: Option<&'a str>,
    /// The wish to pay it.
    pub checkout: Option<Uuid>,
}

/// The most that the party takes from one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// At one time, of what is about to be paid. Never negative.
    pub each: Money,
    /// In a calendar year, of everything.
    pub year: Money,
}

/// Looks how much may be paid. Whoever else is about to pay as the same person waits until the transaction ends, and
/// pages that they have open for other payments are closed, if all together would be too much.
pub type Ceiling = for<'a, 'c> fn(&'a mut Change<'c>, Planned<'a>) -> Pending<'a, Result<Most>>;

/// Adds a room's part of the demo party, in the caller's transaction.
pub type Demo =
    for<'a> fn(&'a App, &'a mut PgConnection, &'a [CastMember]) -> Pending<'a, anyhow::Result<()>>;

/// What a worker does when it starts, before the queue gives it work.
pub type Wake = for<'a> fn(&'a App) -> Pending<'a, anyhow::Result<()>>;

/// A kind of thing that people pay a room for. Money is booked under its code; the words are for pages and books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurposeKind {
    /// Lower-case letters and underscores; never changed, because the books and Stripe keep it.
    pub code: &'static str,
    /// One payment: `Donation`.
    pub name: &'static str,
    /// After "Paid £5": `as a donation`.
    pub paid: &'static str,
    /// The heading over sums of it: `Donations`.
    pub income: &'static str,
    /// On the funding page, after a sum: `from donations by individuals`.
    pub source: &'static str,
}

/// One room's entries; what a room has nothing of it leaves to [`Room::new`].
pub struct Room {
    /// The name of its folder.
    pub name: &'static str,
    pub routes: fn(&App) -> Routes,
    /// A link in the head of every page, for somebody who is signed in.
    pub head: fn(&Session) -> Option<Link>,
    pub desk: &'static [Desk],
    /// In the order of the settings page.
    pub settings: &'static [Known],
    /// Settings none of which may be above the next, as the least donation is not above the most.
    pub rising: &'static [&'static [Known]],
    /// What people pay it for, in the order of tables of income.
    pub purposes: &'static [PurposeKind],
    /// What to choose from in the audit log: how the actions begin, and the heading for them.
    pub log: &'static [(&'static str, &'static str)],
    /// Kinds of records that the log speaks of, and the list below which each has its page.
    pub subjects: &'static [(&'static str, &'static str)],
    /// Every action that this room writes into the audit log. One that is missing is shown without its details.
    pub audit: &'static [Says],
    /// Public pages that are always there, for the sitemap.
    pub public: &'static [&'static str],
    /// Where search engines have no business, with everything below.
    pub closed: &'static [&'static str],
    /// Addresses that pages had before, with everything below, and where they are now: links to them go on working.
    pub moved: &'static [(&'static str, &'static str)],
    /// One statement for all that the overview counts in this room: a `jsonb` object of whole numbers, or of
    /// [`Waits`] where more is known. `$1` are the regions to count in, as `text[]`, null for all; `$2` is the first day of this month, `$3` the instant at which
    /// it began, `$4` that of last month, and `$5` was an hour ago.
    pub counts: Option<&'static str>,
    pub figures: &'static [Figure],
    pub tasks: &'static [Task],
    /// Those of the tasks that stand on the treasurer's desk.
    pub decisions: &'static [Decision],
    pub timeline: Option<Timeline>,
    pub card: Option<(Rank, Card)>,
    /// For the mail to an address that nobody signs in with yet.
    pub begun: Option<FindBegun>,
    /// Of the one room that knows the limit of what one person may pay.
    pub ceiling: Option<Ceiling>,
    /// Every column of its tables that points to a person. A test compares them with the database.
    pub people: &'static [Points],
    pub combine: Option<Combine>,
    /// Adds the room's jobs, and when they run (UTC).
    pub jobs: fn(Jobs) -> Jobs,
    pub wake: Option<Wake>,
    pub demo: Option<Demo>,
}

impl Room {
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            routes: |_| Routes::new(),
            head: |_| None,
            desk: &[],
            settings: &[],
            rising: &[],
            purposes: &[],
            log: &[],
            subjects: &[],
            audit: &[],
            public: &[],
            closed: &[],
            moved: &[],
            counts: None,
            figures: &[],
            tasks: &[],
            decisions: &[],
            timeline: None,
            card: None,
            begun: None,
            ceiling: None,
            people: &[],
            combine: None,
            jobs: |jobs| jobs,
            wake: None,
            demo: None,
        }
    }
}

/// The rooms of this site.
#[derive(Clone, Copy)]
pub struct Rooms(pub &'static [&'static Room]);

impl Rooms {
    pub fn iter(self) -> impl Iterator<Item = &'static Room> {
        self.0.iter().copied()
    }

    /// Every room's paths.
    pub fn routes(self, app: &App) -> Routes {
        self.iter().fold(Routes::new(), |routes, room| routes.and((room.routes)(app)))
    }

    /// Somebody who is signed in, with the doors that open to them.
    pub fn viewer(self, session: &Session) -> Viewer {
        let group = |group: Group| {
            let links = self.iter().flat_map(|room| room.desk).filter(|desk| desk.group == group);
            let links = links
                .filter(|desk| session.offices.iter().any(|office| office.allows(desk.permission)))
                .map(|desk| Link::new(desk.title, desk.path));
            LinkGroup { title: group.title(), links: links.collect() }
        };
        let mut desk = Vec::new();
        if !session.offices.is_empty() {
            desk = Group::ALL.into_iter().map(group).filter(|group| !group.links.is_empty()).collect();
        }
        Viewer {
            id: session.person_id,
            name: session.name.clone(),
            links: self.iter().filter_map(|room| (room.head)(session)).collect(),
            desk,
        }
    }

    pub fn purposes(self) -> impl Iterator<Item = PurposeKind> {
        self.iter().flat_map(|room| room.purposes).copied()
    }

    /// The settings that a setting may not be above, or not below, in their order with it.
    pub fn rising(self) -> impl Iterator<Item = &'static [Known]> {
        self.iter().flat_map(|room| room.rising).copied()
    }

    pub fn settings(self) -> impl Iterator<Item = &'static Known> {
        self.iter().flat_map(|room| room.settings)
    }

    /// Where a page is now whose address was another.
    pub fn moved(self, path: &str) -> Option<String> {
        self.iter().flat_map(|room| room.moved).find_map(|(from, to)| {
            let rest = path.strip_prefix(from)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
        })
    }

    /// Every room's jobs.
    pub fn jobs(self) -> Jobs {
        self.iter().fold(Jobs::default(), |jobs, room| (room.jobs)(jobs))
    }

    /// What a worker looks at first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn wake(self, app: &App) -> anyhow::Result<()> {
        for wake in self.iter().filter_map(|room| room.wake) {
            wake(app).await?;
        }
        Ok(())
    }

    /// What was begun with an address, the first that a room knows of.
    pub(super) async fn begun(
        self,
        db: &mut PgConnection,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<Begun>> {
        for find in self.iter().filter_map(|room| room.begun) {
            if let Some(begun) = find(db, email, now).await? {
                return Ok(Some(begun));
            }
        }
        Ok(None)
    }

    /// The most that may be paid of what somebody is about to pay, if that is less. Called in the transaction that keeps
    /// the wish, after it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn too_much(self, change: &mut Change<'_>, planned: Planned<'_>) -> Result<Option<Most>> {
        for ceiling in self.iter().filter_map(|room| room.ceiling) {
            let most = ceiling(change, planned).await?;
            if planned.amount > most.each {
                return Ok(Some(most));
            }
        }
        Ok(None)
    }

    /// How the lines of one source of a person's timeline are read.
    pub fn source(self, name: &str) -> Option<&'static Source> {
        let timelines = self.iter().filter_map(|room| room.timeline.as_ref());
        timelines.flat_map(|timeline| timeline.sources).find(|source| source.name == name)
    }

    /// What is known of an action of the audit log.
    /// The page of a subject of the log on the desk, for whoever has the link to its list.
    pub fn page_of(self, kind: &str, id: &str) -> Option<(&'static str, String)> {
        let mut subjects = self.iter().flat_map(|room| room.subjects);
        subjects.find(|(of, _)| *of == kind).map(|(_, list)| (*list, format!("{list}/{id}")))
    }

    pub fn says(self, action: &str) -> Option<&'static Says> {
        self.iter().flat_map(|room| room.audit).find(|says| says.action == action)
    }
}

impl FromRequestParts<App> for Rooms {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let rooms = parts.extensions.get::<Self>().copied();
        rooms.ok_or_else(|| Error::Internal(anyhow::anyhow!("the site was put together without its rooms")))
    }
}
