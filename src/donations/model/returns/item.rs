//! One row of a return. Pure.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    donations::model::{Case, Outcome, Refusal},
    kit::{codes::codes, money::Money},
};

/// What a row of a return is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    Accepted,
    /// Of a weekly return, where nothing was decided yet.
    Received,
    Refused,
    /// Money of a reported donation that went back later.
    Reversal,
}
codes!(Sort { Accepted = "accepted", Received = "received", Refused = "refused", Reversal = "reversal" });

impl Sort {
    pub fn words(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Received => "Received",
            Self::Refused => "Refused and returned",
            Self::Reversal => "Reversed",
        }
    }
}

/// One row of a return, as it is kept and filed. Days are written like `2026-11-21`, empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub sort: Sort,
    pub line: Uuid,
    pub name: String,
    pub address: String,
    pub pence: i64,
    pub made_by: String,
    pub received_on: String,
    pub accepted_on: String,
    pub register_on: String,
    pub elector_number: String,
    pub why: String,
    pub returned_on: String,
    pub action: String,
    pub returned_to: String,
}

impl Item {
    pub const HEADS: [&str; 14] = [
        "row",
        "reference",
        "name",
        "address",
        "amount_gbp",
        "how_made",
        "received",
        "accepted",
        "register_dated",
        "elector_number",
        "why_refused",
        "returned",
        "action",
        "returned_to",
    ];

    pub fn amount(&self) -> Money {
        Money::from_pence(self.pence)
    }

    /// The cells under [`Item::HEADS`].
    pub fn texts(&self) -> [String; 14] {
        [
            self.sort.words().to_owned(),
            self.line.to_string(),
            self.name.clone(),
            self.address.clone(),
            self.amount().decimal(),
            self.made_by.clone(),
            self.received_on.clone(),
            self.accepted_on.clone(),
            self.register_on.clone(),
            self.elector_number.clone(),
            self.why.clone(),
            self.returned_on.clone(),
            self.action.clone(),
            self.returned_to.clone(),
        ]
    }

    pub(super) fn of(case: &Case, sort: Sort) -> Self {
        let mut item = Self {
            sort,
            line: case.line,
            name: case.donor.name.clone(),
            address: case.donor.address.as_ref().map(ToString::to_string).unwrap_or_default(),
            pence: case.amount.pence(),
            made_by: if case.books.by_stripe { "card or Direct Debit" } else { "cash, cheque or transfer" }
                .to_owned(),
            received_on: case.received_on.to_string(),
            accepted_on: String::new(),
            register_on: String::new(),
            elector_number: String::new(),
            why: String::new(),
            returned_on: String::new(),
            action: String::new(),
            returned_to: String::new(),
        };
        let Some(decision) = &case.decision else { return item };
        match &decision.outcome {
            Outcome::Accepted(register) => {
                item.accepted_on = decision.on.to_string();
                if let Some(register) = register {
                    item.name.clone_from(&register.name);
                    item.address = register.address.to_string();
                    item.register_on = register.dated.to_string();
                    item.elector_number.clone_from(&register.number);
                }
            }
            Outcome::Refused { why, by_hand } => {
                why.words().clone_into(&mut item.why);
                match by_hand {
                    Some(by_hand) => {
                        item.returned_on = by_hand.on.to_string();
                        item.action.clone_from(&by_hand.how);
                        item.returned_to.clone_from(&by_hand.to);
                    }
                    None => {
                        item.returned_on = case.books.back_on.map(|on| on.to_string()).unwrap_or_default();
                        "refunded the way it was paid".clone_into(&mut item.action);
                        item.returned_to.clone_from(&case.donor.name);
                    }
                }
            }
        }
        item
    }

    /// What never was in the books.
    pub(super) fn refusal(Refusal { it, returned, .. }: &Refusal) -> Self {
        Self {
            sort: Sort::Refused,
            line: it.id,
            name: it.name.clone().unwrap_or_default(),
            address: it.address.as_ref().map(ToString::to_string).unwrap_or_default(),
            pence: it.value.pence(),
            made_by: it.words.clone(),
            received_on: it.received_on.to_string(),
            accepted_on: String::new(),
            register_on: String::new(),
            elector_number: String::new(),
            why: it.nature.words().to_owned(),
            returned_on: returned.as_ref().map(|it| it.on.to_string()).unwrap_or_default(),
            action: returned.as_ref().map(|it| it.how.clone()).unwrap_or_default(),
            returned_to: returned.as_ref().map(|it| it.to.clone()).unwrap_or_default(),
        }
    }

    /// The row that says how much of a reported donation went back.
    pub(super) fn reversal(case: &Case) -> Option<Self> {
        let on = case.books.back_on.filter(|_| case.books.left < case.amount)?;
        Some(Self {
            pence: case.books.left.pence() - case.amount.pence(),
            returned_on: on.to_string(),
            action: "refunded, or taken back by the bank".to_owned(),
            ..Self::of(case, Sort::Reversal)
        })
    }
}
