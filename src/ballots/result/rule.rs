//! The rules of votes, in words.

use crate::ballots::{
    counting::{Base, Majority, Method, Motion, Threshold},
    proof::Kind,
};

/// By which rule a vote is decided, in a sentence that everybody can read before they vote.
pub fn rule(kind: &Kind) -> String {
    match kind {
        Kind::Motion(motion) => motion_rule(motion),
        Kind::Single { seats: 1 } => "The option with most votes wins.".to_owned(),
        Kind::Single { seats } => format!("The {seats} options with most votes win."),
        Kind::Approval { seats: 1 } => "The option that most people choose wins.".to_owned(),
        Kind::Approval { seats } => format!("The {seats} options that most people choose win."),
        Kind::Ranked { method, seats, reopen, .. } => {
            let places = if *seats == 1 { "one place".to_owned() } else { format!("{seats} places") };
            let reopen = if *reopen {
                " “Re-open nominations” stands like a candidate: a place that it wins stays empty, and nominations are opened again."
            } else {
                ""
            };
            format!("It fills {places}, counted by {}.{reopen}", method_in_words(*method))
        }
    }
}

fn method_in_words(method: Method) -> &'static str {
    match method {
        Method::ScottishStv => "the single transferable vote, by the rules of Scottish council elections",
        Method::Ers97 => "the single transferable vote, by the rules of the Electoral Reform Society (ERS97)",
        Method::Meek => "the single transferable vote, by Meek’s method",
        Method::Irv => "the alternative vote",
    }
}

fn motion_rule(motion: &Motion) -> String {
    let base = match motion.base {
        Base::Cast => "of all votes cast, abstentions too",
        Base::ForAndAgainst => "of the votes for and against",
        Base::Entitled => "of everybody who may vote",
    };
    let needs = match motion.majority {
        Majority::Simple => "It is carried if more people vote for it than against it".to_owned(),
        Majority::Absolute => format!("It is carried if more than half {base} are for it"),
        Majority::Fraction(share, threshold) => {
            let reach = if threshold == Threshold::AtLeast { "at least" } else { "more than" };
            format!("It is carried if {reach} {share} {base} are for it")
        }
    };
    match motion.quorum {
        None => format!("{needs}."),
        Some(quorum) => {
            format!("{needs}, and if at least {}% of those who may vote take part.", quorum.share.percent())
        }
    }
}
