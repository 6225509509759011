//! What whoever holds the board key and all files could forge, and where it shows.

use breakthrough::ballots::{
    counting::Method,
    proof::{Asked, Bundle, Commitment, Entry, Manifest, Sha, Signed, Step, TrackingCode, What, verify},
};
use chrono::TimeDelta;

use super::{
    Loose, fails,
    made::{Made, ballot, ranked, rechained, resigned, signed, usual_motion},
};

fn with_board(made: &Made, board: &[Signed]) -> Loose {
    let mut files = made.loose();
    let lines: Vec<String> = board.iter().map(|signed| signed.to_json() + "\n").collect();
    files.set("board.jsonl", lines.concat());
    resigned(files, &made.key)
}

/// Another hash, at the same place in an order.
fn other(hash: Sha) -> Sha {
    let mut bytes = hash.0;
    bytes[31] ^= 1;
    Sha(bytes)
}

/// Changes what a batch adds, what it withdraws, and its count of papers.
type BatchChange<'a> = dyn Fn(&mut Vec<Commitment>, &mut Vec<Commitment>, &mut u64) + 'a;

/// What an entry could be turned into, and where that shows.
fn forgeries(board: &[Signed], at: usize) -> Vec<(&'static str, Entry, Step)> {
    let entry = &board[at].entry;
    let mut all = Vec::new();
    let mut forge = |name, step, change: &dyn Fn(&mut Entry)| {
        let mut forged = entry.clone();
        change(&mut forged);
        all.push((name, forged, step));
    };
    forge("n", Step::Chain, &|it| it.n += 1);
    forge("ballot", Step::Chain, &|it| it.ballot = other(it.ballot));
    // Where time leaves room, only the lots show it, which hang on the hash of the close.
    let second = TimeDelta::seconds(1);
    let room = board.get(at + 1).is_none_or(|next| next.entry.at > entry.at);
    forge("at", if room { Step::Recount } else { Step::Chain }, &|it| it.at += second);
    if at + 1 == board.len() {
        forge("at", Step::Chain, &|it| it.at -= second);
    }
    match &entry.what {
        What::Opened {} => forge("closed", Step::Chain, &|it| it.what = What::Closed { voted: 0, papers: 0 }),
        What::Closed { voted, papers } => {
            let (voted, papers) = (*voted, *papers);
            forge("opened", Step::Chain, &|it| it.what = What::Opened {});
            forge("voted", Step::Totals, &|it| it.what = What::Closed { voted: voted + 1, papers });
            forge("papers", Step::Chain, &|it| it.what = What::Closed { voted, papers: papers + 1 });
        }
        What::Batch { added, withdrawn, papers } => {
            let mut batch = |name, step, change: &BatchChange<'_>| {
                let (mut added, mut withdrawn, mut papers) = (added.clone(), withdrawn.clone(), *papers);
                change(&mut added, &mut withdrawn, &mut papers);
                let what = What::Batch { added, withdrawn, papers };
                forge(name, step, &|it| it.what = what.clone());
            };
            for number in 0..added.len() {
                let is_withdrawn = board.iter().any(|later| match &later.entry.what {
                    What::Batch { withdrawn, .. } => withdrawn.contains(&added[number]),
                    _ => false,
                });
                let step = if is_withdrawn { Step::Chain } else { Step::Opened };
                batch("added", step, &|added, _, _| added[number].0 = other(added[number].0));
            }
            for number in 0..withdrawn.len() {
                batch("withdrawn", Step::Chain, &|_, withdrawn, _| {
                    withdrawn[number].0 = other(withdrawn[number].0);
                });
            }
            batch("papers", Step::Chain, &|_, _, papers| *papers += 1);
            batch("one less", Step::Chain, &|added, _, _| added.truncate(added.len() - 1));
            batch("order", Step::Chain, &|added, _, _| added.swap(0, 1));
            batch("twice", Step::Chain, &|added, _, papers| {
                added.insert(0, added[0]);
                *papers += 1;
            });
        }
    }
    all
}

#[test]
fn every_field_of_a_board_that_is_signed_anew_is_found_at_its_step() {
    let made = ballot(ranked(Method::Irv, 1, false, 4), 300, 4);
    let board = &made.board;
    let is_withdrawal =
        |it: &&Signed| matches!(&it.entry.what, What::Batch { withdrawn, .. } if !withdrawn.is_empty());
    assert!(board.iter().filter(is_withdrawal).count() > 1 && board.len() > 6);
    let mut tried = 0;
    for at in 0..board.len() {
        for (name, entry, step) in forgeries(board, at) {
            let mut forged = board.clone();
            forged[at].entry = entry;
            let found = fails(&with_board(&made, &rechained(&forged, &made.key)));
            assert_eq!(found, Some(step), "entry {at}, {name}");
            tried += 1;
        }
        // A false link, and all that follows on it.
        let mut entry = board[at].entry.clone();
        entry.prev = other(entry.prev);
        let mut forged = [&board[..at], &[signed(entry, &made.key)]].concat();
        for later in &board[at + 1..] {
            let prev = forged[forged.len() - 1].hash;
            forged.push(signed(Entry { prev, ..later.entry.clone() }, &made.key));
        }
        assert_eq!(fails(&with_board(&made, &forged)), Some(Step::Chain), "entry {at}, prev");
        // Left out, with numbers that fit.
        let mut forged = board.clone();
        forged.remove(at);
        for (number, signed) in forged.iter_mut().enumerate() {
            signed.entry.n = number as u64 + 1;
        }
        let found = fails(&with_board(&made, &rechained(&forged, &made.key)));
        assert_eq!(found, Some(Step::Chain), "without entry {at}");
    }
    assert!(tried > 200, "{tried}");
    let mut forged = board.clone();
    for signed in &mut forged {
        signed.entry.ballot = other(signed.entry.ballot);
    }
    assert_eq!(fails(&with_board(&made, &rechained(&forged, &made.key))), Some(Step::OneBallot));
}

/// The ballot with the paper of a number exchanged, on the board and among the openings.
fn exchanged(made: &Made, number: usize, paper: Vec<u8>) -> Made {
    let [old, new] = [&made.papers[number], &paper].map(|paper| Commitment::of(paper));
    let mut board = made.board.clone();
    for signed in &mut board {
        if let What::Batch { added, .. } = &mut signed.entry.what
            && let Some(at) = added.iter().position(|commitment| *commitment == old)
        {
            added[at] = new;
            added.sort_unstable();
        }
    }
    let board = rechained(&board, &made.key);
    let mut papers = made.papers.clone();
    papers[number] = paper;
    papers.sort_by_key(|paper| Commitment::of(paper));
    let (manifest, key, roll) = (made.manifest.clone(), made.key.clone(), made.roll.clone());
    Made { manifest, key, roll, board, papers }
}

/// The paper with other choices, in the spelling of papers.
fn rechosen(paper: &[u8], choices: &str) -> Vec<u8> {
    let text = std::str::from_utf8(paper).unwrap();
    let (before, rest) = text.split_once("\"choices\":").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    let other = format!("{before}\"choices\":{choices}{}", after.trim_end());
    format!("{other:0$}", text.len()).into_bytes()
}

/// The files of `forged`, with the result of `made`.
fn with_old_result(forged: &Made, made: &Made) -> Loose {
    let mut files = made.loose();
    let lines: Vec<String> = forged.board.iter().map(|signed| signed.to_json() + "\n").collect();
    files.set("board.jsonl", lines.concat());
    let papers: Vec<Vec<u8>> = forged.papers.iter().map(|paper| [&paper[..], b"\n"].concat()).collect();
    files.set("openings.jsonl", papers.concat());
    resigned(files, &made.key)
}

#[test]
fn papers_exchanged_everywhere_are_found_by_the_rules_the_result_or_their_voter() {
    let made = ballot(usual_motion(), 200, 5);
    let number = 7;
    let mine = &made.papers[number];
    let code = TrackingCode::of(&Commitment::of(mine));
    for invalid in ["[4]", "[0]", "[1,2]", "[1,1]", "[65536]", "[-1]", "[\"1\"]"] {
        let forged = exchanged(&made, number, rechosen(mine, invalid));
        assert_eq!(fails(&with_old_result(&forged, &made)), Some(Step::Papers), "{invalid}");
    }
    let spaced = [b" ", &mine[..mine.len() - 1]].concat();
    assert_eq!(fails(&with_old_result(&exchanged(&made, number, spaced), &made)), Some(Step::Papers));

    let is_for = std::str::from_utf8(mine).unwrap().contains("\"choices\":[1]");
    let forged = exchanged(&made, number, rechosen(mine, if is_for { "[2]" } else { "[1]" }));
    assert_eq!(fails(&with_old_result(&forged, &made)), Some(Step::Recount));
    // With a result that fits, only the voter can find it, and does.
    let files = forged.loose();
    assert_eq!(fails(&files), None);
    let asked = Asked { code: Some(code.clone()), ..Asked::default() };
    assert_eq!(verify(&files, &asked, |_, _| ()).unwrap_err().step, Step::Mine);
    let mut said = Vec::new();
    assert_eq!(verify(&made.loose(), &asked, |step, words| said.push((step, words.to_owned()))), Ok(true));
    assert_eq!(said.len(), 8);
    let (step, words) = &said[7];
    assert!(
        *step == Step::Mine && words.contains(&code.to_string()) && words.contains(" chose: "),
        "{words}"
    );
}

#[test]
fn two_voters_with_one_code_are_told_apart_by_their_marks() {
    let made = ballot(usual_motion(), 100, 6);
    // Whoever made the server gave the second voter the code of the first, and cast what they liked instead.
    let first = &made.papers[3];
    let code = TrackingCode::of(&Commitment::of(first));
    let text = String::from_utf8(first.clone()).unwrap();
    let (_, rest) = text.split_once("\"mark\":\"").unwrap();
    let with = |mark: &str| {
        let asked = Asked { code: Some(code.clone()), mark: Some(mark.parse().unwrap()), ..Asked::default() };
        verify(&made.loose(), &asked, |_, _| ()).err().map(|fault| fault.step)
    };
    assert_eq!(with(&rest[..6]), None);
    assert_eq!(with(if &rest[..6] == "111111" { "222222" } else { "111111" }), Some(Step::Mine));
}

#[test]
fn a_roll_that_does_not_fit_the_papers_is_found() {
    let made = ballot(usual_motion(), 100, 7);
    let absent = made.roll.iter().position(|member| !member.voted).unwrap();
    let mut forged = Made {
        roll: made.roll.clone(),
        board: made.board.clone(),
        papers: made.papers.clone(),
        manifest: made.manifest.clone(),
        key: made.key.clone(),
    };
    forged.roll[absent].voted = true;
    assert_eq!(fails(&forged.loose()), Some(Step::Totals));
    // Even if the close says so too: there is no paper.
    let last = forged.board.len() - 1;
    let What::Closed { voted, .. } = &mut forged.board[last].entry.what else { unreachable!() };
    *voted += 1;
    forged.board = rechained(&forged.board, &made.key);
    assert_eq!(fails(&forged.loose()), Some(Step::Totals));
}

#[test]
fn a_board_that_was_shown_differently_is_proved() {
    let made = ballot(usual_motion(), 200, 8);
    let with = |heads: Vec<Signed>| {
        let asked = Asked { heads, ..Asked::default() };
        verify(&made.loose(), &asked, |_, _| ()).err().map(|fault| fault.step)
    };
    assert_eq!(with(made.board.clone()), None);
    let mut shown = made.board.clone();
    let What::Batch { added, .. } = &mut shown[1].entry.what else { unreachable!() };
    added[3].0 = other(added[3].0);
    let shown = rechained(&shown, &made.key);
    assert_eq!(with(vec![shown[0].clone()]), None);
    for head in &shown[1..] {
        assert_eq!(with(vec![head.clone()]), Some(Step::Chain));
    }
    // One more entry than there is, after the close.
    let mut entry = made.board[made.board.len() - 1].entry.clone();
    entry.n += 1;
    assert_eq!(with(vec![signed(entry.clone(), &made.key)]), Some(Step::Chain));
    // What anybody else signed, or what belongs to another ballot, proves nothing.
    let stranger = breakthrough::ballots::proof::SigningKey::from_bytes(&[1; 32]);
    assert_eq!(with(vec![signed(entry.clone(), &stranger)]), None);
    entry.ballot = other(entry.ballot);
    assert_eq!(with(vec![signed(entry, &made.key)]), None);
}

#[test]
fn papers_for_scrutineers_only_leave_steps_out_and_say_so() {
    let made = ballot(ranked(Method::ScottishStv, 2, false, 5), 100, 9);
    // The manifest is part of everything, so the ballot is made again with another one.
    let manifest = Manifest { publish_papers: false, ..made.manifest.clone() };
    let ballot = manifest.hash();
    let reballoted = |paper: &Vec<u8>| {
        let text = String::from_utf8(paper.clone()).unwrap();
        text.replace(&made.manifest.hash().to_string(), &ballot.to_string()).into_bytes()
    };
    let papers: Vec<Vec<u8>> = made.papers.iter().map(reballoted).collect();
    let mut added: Vec<Commitment> = papers.iter().map(|paper| Commitment::of(paper)).collect();
    added.sort_unstable();
    let count = papers.len() as u64;
    let begin = breakthrough::ballots::proof::board::begin(ballot, manifest.opens_at, &made.key);
    let mut board = vec![begin];
    let closed = breakthrough::ballots::proof::board::close(
        &board[0],
        added,
        vec![],
        count,
        count,
        manifest.closes_at,
        &made.key,
    );
    board.extend(closed.unwrap());
    let whole = Bundle::make(&manifest, &made.roll, &board, &papers, &made.key).unwrap();
    assert_eq!(verify(&whole, &Asked::default(), |_, _| ()), Ok(true));
    let public = whole.without_papers(&made.key);
    assert!(public.files().all(|(name, _)| !["openings.jsonl", "papers.blt"].contains(&name)));
    let mut steps = Vec::new();
    assert_eq!(verify(&public, &Asked::default(), |step, _| steps.push(step.number())), Ok(false));
    assert_eq!(steps, [1, 2, 3, 5]);
    // Where everybody should have the papers, they can't be left out.
    assert_eq!(
        verify(&made.bundle().without_papers(&made.key), &Asked::default(), |_, _| ()).unwrap_err().step,
        Step::Signatures
    );
}
