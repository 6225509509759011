//! Votes of the demo party: three that are finished, one that Ana can cast, and one that is announced. Papers, board and
//! record are made as in a real vote, so that each of them verifies; nobody gets an email about them.

use anyhow::Context;
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    casting::lots,
    counting::{Base, Fraction, Majority, Method, Motion, Quorum, Threshold},
    forms::REOPEN,
    model::{Draft, Electorate, Held, Step, Times},
    proof::{
        self, Choice, Choices, Kind, MOTION, Manifest, Paper, RollSummary, Signed, SigningKey, VoterMark,
        What, board,
    },
    record,
    sql::{self, casting::Incoming},
};
use crate::{
    accounts::demo::CastMember,
    audit::{Actor, Change},
    kit::{app::App, dates},
    membership::{self, demo::Dice},
};

/// Votes of the demo party that go onto the board together.
const BATCH: usize = 40;

/// How far a vote has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Draft,
    Announced,
    Open,
    Declared,
}

/// One vote: what it asks, when, and how people choose.
struct Story {
    title: &'static str,
    question: &'static str,
    kind: Kind,
    options: &'static [(&'static str, &'static str)],
    /// Days from today on which it opens and closes.
    days: (i64, i64),
    /// Of a hundred who may vote.
    turnout: u64,
    /// How often each option comes first, of a hundred; the rest hand in blank papers.
    weights: &'static [u64],
    stage: Stage,
}

fn stories() -> Vec<Story> {
    let quorum = Fraction::new(1, 5).map(|share| Quorum {
        share,
        threshold: Threshold::AtLeast,
        abstentions_count: true,
    });
    let motion =
        |quorum| Kind::Motion(Motion { quorum, base: Base::ForAndAgainst, majority: Majority::Simple });
    let ranked = |method, seats| Kind::Ranked { method, seats, reopen: true, most_ranks: None };
    vec![
        Story {
            title: "Free buses for under-25s",
            question: "Should free bus travel for everybody under 25 be our policy in every council election?\n\nIt was worked out in the transport group, and costs about £90 for each young person a year.",
            kind: motion(quorum),
            options: &[],
            days: (-60, -46),
            turnout: 58,
            weights: &[71, 20, 9],
            stage: Stage::Declared,
        },
        Story {
            title: "Leader of the party",
            question: "Who should lead the party for the next two years?",
            kind: ranked(Method::Irv, 1),
            options: &[
                ("Nadia Rahman", "A nurse from Oldham. Wants a branch in every town."),
                ("Gwen Price", "A councillor from Powys. Wants us to win where we live."),
                ("Callum Reid", "A railwayman from Motherwell. Wants public transport first."),
                ("Josephine Adeyemi", "A teacher from Lewisham. Wants members to decide more."),
            ],
            days: (-40, -26),
            turnout: 67,
            weights: &[34, 24, 22, 17, 2],
            stage: Stage::Declared,
        },
        Story {
            title: "National committee",
            question: "Who should be on the national committee? Five places are to be filled.",
            kind: ranked(Method::ScottishStv, 5),
            options: &[
                ("Abdul Karim", "Bradford"),
                ("Bethan Hughes", "Swansea"),
                ("Ciara Donnelly", "Derry"),
                ("Daniel Osei", "Croydon"),
                ("Eilidh MacLeod", "Inverness"),
                ("Francesca Conti", "Bedford"),
                ("Graham Tuck", "Truro"),
                ("Hannah Levy", "Leeds"),
                ("Imran Shah", "Birmingham"),
            ],
            days: (-18, -4),
            turnout: 49,
            weights: &[14, 13, 9, 15, 8, 7, 11, 12, 8, 2],
            stage: Stage::Declared,
        },
        Story {
            title: "Where the next conference meets",
            question: "In which cities should we look for a hall? Choose all that you could come to.",
            kind: Kind::Approval { seats: 1 },
            options: &[("Cardiff", ""), ("Glasgow", ""), ("Manchester", ""), ("Nottingham", "")],
            days: (-5, 6),
            turnout: 23,
            weights: &[20, 25, 35, 20],
            stage: Stage::Open,
        },
        Story {
            title: "A tax on wealth above £10 million",
            question: "Should we stand for a yearly tax of 2% on everything that somebody owns above £10 million?\n\nThe economy group has worked it out: about 20,000 people would pay it.",
            kind: motion(quorum),
            options: &[],
            days: (4, 18),
            turnout: 0,
            weights: &[],
            stage: Stage::Announced,
        },
        Story {
            title: "How often branches meet",
            question: "How often should every branch have to meet?",
            kind: Kind::Single { seats: 1 },
            options: &[("Every month", ""), ("Every two months", ""), ("As it likes", "")],
            days: (21, 35),
            turnout: 0,
            weights: &[],
            stage: Stage::Draft,
        },
    ]
}

impl Story {
    fn draft(&self, today: NaiveDate) -> Draft {
        let day = |days: i64| today.checked_add_signed(Duration::days(days)).unwrap_or(today);
        let at = |days, hour| {
            let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
            dates::in_london(day(days), time).unwrap_or_else(|_| dates::start_of_day(day(days)))
        };
        let choice = |name: &str, statement: &str| Choice { name: name.into(), statement: statement.into() };
        let mut options: Vec<_> = self.options.iter().map(|(name, words)| choice(name, words)).collect();
        match self.kind {
            Kind::Motion(_) => options = MOTION.map(|name| choice(name, "")).into(),
            Kind::Ranked { reopen: true, .. } => options.push(choice(REOPEN, "")),
            _ => {}
        }
        Draft {
            title: self.title.into(),
            question: self.question.into(),
            kind: self.kind.clone(),
            options,
            electorate: Electorate::default(),
            times: Times {
                roll_on: day(self.days.0 - 5).min(today - Days::new(1)),
                opens_at: at(self.days.0, 9),
                closes_at: at(self.days.1, 17),
            },
            held: Held::Site,
        }
    }

    /// What one of the demo party's voters chooses.
    fn choices(&self, dice: &mut Dice, options: usize) -> Vec<u16> {
        let first = |dice: &mut Dice| {
            let mut at = dice.roll(100);
            self.weights.iter().position(|weight| {
                let hit = at < *weight;
                at = at.saturating_sub(*weight);
                hit
            })
        };
        let number = |at: usize| u16::try_from(at + 1).unwrap_or(u16::MAX);
        let Some(favourite) = first(dice) else { return Vec::new() };
        let mut numbers = vec![number(favourite)];
        match self.kind {
            Kind::Motion(_) | Kind::Single { .. } => {}
            Kind::Approval { .. } => {
                numbers.extend((0..options).filter(|_| dice.roll(100) < 30).map(number));
                numbers.sort_unstable();
                numbers.dedup();
            }
            Kind::Ranked { .. } => {
                for _ in 0..dice.roll(5) {
                    let next = first(dice).map(number);
                    if let Some(next) = next.filter(|next| !numbers.contains(next)) {
                        numbers.push(next);
                    }
                }
            }
        }
        numbers
    }
}

/// Adds them.
pub async fn load(app: &App, db: &mut PgConnection, cast: &[CastMember]) -> anyhow::Result<()> {
    let mut dice = Dice::new(1867);
    let find = |email| cast.iter().find(|member| member.email == email).map(|member| member.person);
    let officers =
        [find("returning@demo.test"), find("alex@demo.test")].map(|it| it.context("no such officer"));
    let [Ok(first), Ok(second)] = officers else { return Ok(()) };
    // Whoever of them signs in finds an open vote to cast.
    let waiting: Vec<_> = cast.iter().map(|member| member.person).collect();
    for story in stories() {
        tell(app, db, &mut dice, &story, [first, second], &waiting).await.with_context(|| story.title)?;
    }
    Ok(())
}

/// Somebody's vote on its way.
struct Vote {
    person: Uuid,
    paper: Vec<u8>,
    incoming: Incoming,
}

async fn tell(
    app: &App,
    db: &mut PgConnection,
    dice: &mut Dice,
    story: &Story,
    officers: [Uuid; 2],
    waiting: &[Uuid],
) -> anyhow::Result<()> {
    let now = app.clock().now();
    let draft = story.draft(dates::london_date(now));
    let times = draft.times;
    let mut change = Change::begin(app, db, Actor::System).await?;
    let (id, _) = actions::add(&mut change, &draft, Some(officers[0]), None).await?;
    if story.stage == Stage::Draft {
        change.commit().await?;
        return Ok(());
    }
    let announced = (times.opens_at - Duration::days(5)).min(now - Duration::days(3));
    sql::set_announced(&mut change, id, Some(announced)).await?;
    let days = (times.roll_on, actions::joined_by(app, &draft));
    let rules = membership::voting_rules(app, times.roll_on);
    let size = sql::roll::make(&mut change, id, &draft.electorate, days, rules).await?;
    let print = sql::roll::fingerprint(&mut change, id).await?;
    sql::roll::set_frozen(&mut change, id, size, &print, announced).await?;
    if story.stage != Stage::Announced {
        let roll =
            RollSummary { size: size.unsigned_abs(), fingerprint: print.parse()?, frozen_on: times.roll_on };
        let ballot = sql::find(&mut change, id).await?.context("it was just added")?;
        let manifest = actions::manifest_of(app, &mut change, &ballot, roll).await?;
        manifest.check()?;
        sql::set_manifest(&mut change, id, &manifest.to_json(), &manifest.hash().to_string()).await?;
        agree(&mut change, id, Step::Open, officers, times.opens_at).await?;
        sql::set_open(&mut change, id, times.opens_at).await?;
        let mut votes = votes(app, &mut change, dice, story, &manifest, waiting).await?;
        let key = lots::board_key(app, &mut change, id).await?;
        let mut head = board::begin(manifest.hash(), times.opens_at, &key);
        sql::casting::insert_entry(&mut change, id, head.entry.n, &head.to_json()).await?;
        let end = now.min(times.closes_at);
        let lots = i32::try_from(votes.len() / BATCH).unwrap_or_default();
        let mut papers = Vec::new();
        for lot in 0..lots {
            let mut some = votes.split_off(votes.len() - BATCH);
            papers.extend(some.iter_mut().map(|vote| std::mem::take(&mut vote.paper)));
            let at = times.opens_at + (end - times.opens_at) * (lot + 1) / (lots + 1);
            head = put_in(&mut change, id, some, (&head, at, papers.len()), &key).await?;
        }
        sql::casting::take_all_confirmations(&mut change, id).await?;
        if story.stage == Stage::Declared {
            let voted = papers.len() as u64;
            for entry in board::close(&head, Vec::new(), Vec::new(), voted, voted, times.closes_at, &key)? {
                sql::casting::insert_entry(&mut change, id, entry.entry.n, &entry.to_json()).await?;
            }
            sql::set_closed(&mut change, id, times.closes_at).await?;
            let counted = times.closes_at + Duration::hours(2);
            agree(&mut change, id, Step::Count, officers, counted).await?;
            let ballot = sql::find(&mut change, id).await?.context("it was just closed")?;
            record::publish(&mut change, &ballot, &manifest, &papers, &key, counted).await?;
            agree(&mut change, id, Step::Declare, officers, counted).await?;
            sql::set_declared(&mut change, id, counted, counted + Duration::days(7)).await?;
        }
    }
    change.commit().await?;
    Ok(())
}

/// Puts votes into the box of an open ballot as one lot, after which there are so many papers in it. Returns the entry of
/// the board.
async fn put_in(
    change: &mut Change<'_>,
    id: Uuid,
    votes: Vec<Vote>,
    (head, at, papers): (&Signed, DateTime<Utc>, usize),
    key: &SigningKey,
) -> anyhow::Result<Signed> {
    let (mut people, incoming): (Vec<_>, Vec<_>) =
        votes.into_iter().map(|vote| (vote.person, vote.incoming)).unzip();
    people.sort_unstable();
    let lot = i32::try_from(head.entry.n + 1)?;
    sql::casting::mark_voted(change, id, lot, &people).await?;
    sql::casting::insert_papers(change, id, &incoming).await?;
    let what = What::Batch {
        added: lots::sorted(incoming.into_iter().map(|vote| vote.commitment).collect()),
        withdrawn: Vec::new(),
        papers: papers as u64,
    };
    let entry = board::append(head, what, at, key)?;
    sql::casting::insert_entry(change, id, entry.entry.n, &entry.to_json()).await?;
    Ok(entry)
}

async fn agree(
    change: &mut Change<'_>,
    id: Uuid,
    step: Step,
    officers: [Uuid; 2],
    at: DateTime<Utc>,
) -> anyhow::Result<()> {
    for officer in officers {
        sql::insert_approval(change, id, step, officer, at).await?;
    }
    Ok(())
}

async fn votes(
    app: &App,
    change: &mut Change<'_>,
    dice: &mut Dice,
    story: &Story,
    manifest: &Manifest,
    waiting: &[Uuid],
) -> anyhow::Result<Vec<Vote>> {
    let people = sql::roll::list_by_person(change, manifest.id).await?;
    let mut votes = Vec::new();
    for person in people {
        let stays = dice.roll(100) >= story.turnout;
        let numbers = story.choices(dice, manifest.options.len());
        let mark: VoterMark = format!("{:06}", dice.roll(1_000_000)).parse()?;
        if stays || (story.stage == Stage::Open && waiting.contains(&person)) {
            continue;
        }
        votes.push(vote(app, manifest, person, numbers, mark)?);
    }
    // Whole lots, so that nothing waits.
    votes.truncate(votes.len() / BATCH * BATCH);
    Ok(votes)
}

fn vote(
    app: &App,
    manifest: &Manifest,
    person: Uuid,
    numbers: Vec<u16>,
    mark: VoterMark,
) -> anyhow::Result<Vote> {
    let choices = Choices::new(manifest, numbers)?;
    let paper = Paper { ballot: manifest.hash(), choices, mark, nonce: app.random().bytes() }.bytes(manifest);
    let commitment = proof::Commitment::of(&paper);
    let public = &manifest.key.public;
    let sealed = proof::seal(public, &manifest.hash(), &commitment, &paper, &mut app.random().stream())?;
    let change_hash = proof::ChangeKey::new(app.random().bytes()).hash().0.to_vec();
    let commitment = commitment.0.0.to_vec();
    let incoming = Incoming { commitment, voter: None, person: None, sealed, change_hash };
    Ok(Vote { person, paper, incoming })
}

/// Papers that [`fill_box`] puts in together.
const MANY: usize = 5_000;

/// Fills the box of an open ranked ballot with papers of so many people of its roll who have not voted, each with some of
/// the options in any order, so that a count of many papers can be measured.
///
/// # Errors
/// The database is away, or it is no such ballot.
pub async fn fill_box(app: &App, db: &mut PgConnection, id: Uuid, papers: usize) -> anyhow::Result<()> {
    let mut change = Change::begin(app, db, Actor::System).await?;
    let ballot = sql::find(&mut change, id).await?.context("there is no such vote")?;
    let manifest = actions::manifest(&mut change, &ballot).await?;
    let key = lots::board_key(app, &mut change, id).await?;
    let mut head = lots::head(&mut change, id).await?;
    let mut inside = usize::try_from(sql::casting::count_papers(&mut change, id).await?)?;
    let mut dice = Dice::new(1832);
    let mut people = sql::roll::list_people(&mut change, id, true).await?;
    people.truncate(papers);
    for some in people.chunks(MANY) {
        let mut votes = Vec::with_capacity(some.len());
        for person in some {
            let all = u16::try_from(manifest.options.len())?;
            let mut numbers: Vec<u16> = (1..=all).collect();
            numbers.sort_by_cached_key(|_| dice.roll(u64::MAX));
            numbers.truncate(usize::try_from(dice.roll(all.into()))? + 1);
            let mark = format!("{:06}", dice.roll(1_000_000)).parse()?;
            votes.push(vote(app, &manifest, *person, numbers, mark)?);
        }
        inside += votes.len();
        let now = change.now;
        head = put_in(&mut change, id, votes, (&head, now, inside), &key).await?;
    }
    sql::casting::take_all_confirmations(&mut change, id).await?;
    change.commit().await?;
    Ok(())
}
