//! What officers send back outside of Stripe.

use chrono::NaiveDate;
use uuid::Uuid;

use super::Method;
use crate::kit::money::Money;

/// When and how something was sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub on: NaiveDate,
    pub method: Method,
    /// A cheque’s number, or what the bank statement says.
    pub reference: Option<String>,
}

impl Sent {
    /// `Cheque, 000123`
    pub fn words(&self) -> String {
        let name = self.method.name();
        self.reference.as_ref().map_or_else(|| name.to_owned(), |reference| format!("{name}, {reference}"))
    }
}

/// Money of a payment that was sent back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// Of the form that it is entered in: entered twice, it is one return.
    pub id: Uuid,
    /// The payment’s line.
    pub payment: Uuid,
    pub amount: Money,
    pub sent: Sent,
    pub entered_by: Uuid,
}
