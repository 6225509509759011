//! What is typed at joining, on a member's own page, and by officers.

pub mod hardship;

use chrono::NaiveDate;

use super::{
    model::{
        Answers, Decision, EndReason, Ending, Join, LessTerms, NewDetails, NewOverride, NewRate,
        NewSuspension, OverrideKind, Prices, Rate, WrongAmount,
    },
    personal::Personal,
    settings,
};
use crate::{
    accounts::ConsentPurpose,
    kit::{
        app::App,
        dates,
        form::{Check, Form},
        money::{Money, NotMoney},
        stripe::Interval,
    },
    parties,
    payments::CHECK_ABOVE,
    places::read_region,
};

/// What the form has to know of the party's rules on the day.
pub(super) struct Terms<'a> {
    pub today: NaiveDate,
    pub least_age: i64,
    pub prices: &'a Prices,
    /// More than this at one time is a donation in law.
    pub check_above: Money,
    pub who: Who,
    pub less: LessTerms,
}

/// Who fills a form in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Stranger,
    /// Signed in, for themselves.
    Member,
    /// For a member, whose money they cannot answer for.
    Officer,
}

impl<'a> Terms<'a> {
    pub(super) fn of(app: &App, prices: &'a Prices, less: LessTerms, who: Who) -> Self {
        let today = app.clock().today();
        Self {
            today,
            least_age: least_age(app),
            prices,
            check_above: app.setting(CHECK_ABOVE, today),
            who,
            less,
        }
    }
}

pub fn least_age(app: &App) -> i64 {
    app.setting(settings::MIN_AGE, app.clock().today()).into()
}

pub(super) fn join(form: &Form, terms: &Terms<'_>) -> Result<Join, Form> {
    let mut check = form.check();
    let name = check.person_name("name", "Enter your full name");
    let asks_email = terms.who == Who::Stranger;
    let email = if asks_email { check.email("email") } else { None };
    let born_on = born(&mut check, terms.today, terms.least_age);
    let personal = Personal::read(&mut check, born_on);
    let region = read_region(&mut check);
    let (rate, every, amount) = price(&mut check, terms);
    let less = hardship::at_joining(&mut check, &terms.less, amount, every);
    if rate == Some(Rate::Solidarity) && less.is_some() {
        check.fail("less", "You have chosen your own amount and to pay less for a time. Choose one of them");
    }
    let other_parties = parties::read(&mut check);
    check.must_tick("declaration", "Tick the box if you share our aims and values");
    let consents = check.choices::<ConsentPurpose>("consent", "Choose from the boxes on the page");
    check.finish(|| {
        let answers = Answers {
            name: name?,
            region,
            personal: personal?,
            rate: rate?,
            every: every?,
            amount: amount?,
            consents: consents?,
            less,
            other_parties: Some(other_parties?),
        };
        Some(Join { email: if asks_email { Some(email?) } else { None }, answers })
    })
}

/// Another price from the next period on.
pub(super) fn rate(form: &Form, terms: &Terms<'_>) -> Result<NewRate, Form> {
    let mut check = form.check();
    let (rate, every, amount) = price(&mut check, terms);
    check.finish(|| Some(NewRate { rate: rate?, every: every?, amount: amount? }))
}

fn price(check: &mut Check<'_>, terms: &Terms<'_>) -> (Option<Rate>, Option<Interval>, Option<Money>) {
    let rate = check.choice::<Rate>("rate", "Choose what you can pay");
    let every = check.choice::<Interval>("every", "Choose how often you want to pay");
    let own = check.optional_text("amount", 20);
    let amount = match (rate, every, own) {
        (Some(rate), Some(every), Some(own)) => charge(check, terms, rate, every, &own),
        _ => None,
    };
    if amount.is_some_and(|amount| amount > terms.check_above) {
        let above = terms.check_above;
        if terms.who == Who::Officer {
            check.fail("amount", format!("Enter {above} or less. More at one time is a donation in law, which only the member can promise, on their own page"));
        } else {
            check.must_tick(
                "own_money",
                &format!("Tick the box if this is true: more than {above} at one time is a donation in law"),
            );
        }
    }
    (rate, every, amount)
}

pub fn born(check: &mut Check<'_>, today: NaiveDate, least_age: i64) -> Option<NaiveDate> {
    let born = check.date("dob", "Enter your date of birth")?;
    if born > today {
        check.fail("dob_day", "Enter a date of birth in the past");
        return None;
    }
    if i64::from(dates::age_on(born, today)) < least_age {
        let words = format!("You can join when you are {least_age}. Until then you can follow our news");
        check.fail("dob_day", words);
        return None;
    }
    Some(born)
}

fn charge(check: &mut Check<'_>, terms: &Terms<'_>, rate: Rate, every: Interval, own: &str) -> Option<Money> {
    let own = match Money::parse(own) {
        Ok(own) => Some(own),
        Err(NotMoney::Empty) => None,
        Err(error) => {
            check.fail("amount", error.to_string());
            return None;
        }
    };
    let is_own = rate == Rate::Solidarity;
    let charge = terms.prices.charge(rate, every, own.filter(|_| is_own));
    if let (Some(own), Ok(charge)) = (own, &charge)
        && own != *charge
    {
        let words = format!(
            "You chose the {} rate, {charge} a {every}, and typed {own}. Choose “{}” to pay {own}, or clear it",
            rate.name().to_lowercase(),
            Rate::Solidarity.name(),
        );
        check.fail("amount", words);
        return None;
    }
    let fault = match charge {
        Ok(amount) => return Some(amount),
        Err(WrongAmount::TooLittle(least)) => {
            format!("The solidarity rate starts at {least} a {every}. Choose that or more, or another rate")
        }
        Err(WrongAmount::NotSold) => "This rate is not offered at present. Choose another".to_owned(),
    };
    check.fail("amount", fault);
    None
}

/// What members change about themselves; the date of birth stays as it is known.
pub(super) fn own_details(form: &Form, born_on: Option<NaiveDate>) -> Result<NewDetails, Form> {
    let mut check = form.check();
    let personal = Personal::read(&mut check, born_on);
    let region = read_region(&mut check);
    check.finish(|| Some(NewDetails { account: None, region, personal: personal? }))
}

/// What officers put right.
pub(super) fn details(form: &Form, today: NaiveDate, least_age: i64) -> Result<NewDetails, Form> {
    let mut check = form.check();
    let name = check.person_name("name", "Enter your full name");
    let email = check.email("email");
    // Whoever came from another system may have none.
    let is_given = ["dob_day", "dob_month", "dob_year"].iter().any(|field| !form.is_empty(field));
    let born_on = if is_given { check.date("dob", "Enter the date of birth") } else { None };
    if born_on.is_some_and(|born| born > today) {
        check.fail("dob_day", "Enter a date of birth in the past");
    } else if born_on.is_some_and(|born| i64::from(dates::age_on(born, today)) < least_age) {
        check.fail("dob_day", format!("Check the year: members are {least_age} or older"));
    }
    let personal = Personal::read(&mut check, born_on);
    let region = read_region(&mut check);
    check.finish(|| Some(NewDetails { account: Some((name?, email?)), region, personal: personal? }))
}

pub(super) fn ending(form: &Form, today: NaiveDate) -> Result<Ending, Form> {
    let mut check = form.check();
    let reason = check.choice::<EndReason>("reason", "Choose why the membership ends");
    if reason == Some(EndReason::Lapsed) {
        check.fail("reason", "Choose why the membership ends");
    }
    let words = check.paragraphs("words", "Enter what was decided, who decided and under which rule", 2000);
    let decision = match reason {
        Some(EndReason::Expelled) => decision(&mut check, today),
        Some(EndReason::Refused) => {
            decision(&mut check, today).map(|it| Decision { reason: words.clone(), ..it })
        }
        _ => {
            const DECISION: [&str; 8] = [
                "decided_by",
                "rule",
                "decided_day",
                "decided_month",
                "decided_year",
                "appeal_day",
                "appeal_month",
                "appeal_year",
            ];
            if let Some(field) = DECISION.iter().find(|field| check.is_filled(field)) {
                let day = field.replace("_month", "_day").replace("_year", "_day");
                check.fail(
                    &day,
                    "A decision is kept with an expulsion or a refusal. Choose one of these, or clear this",
                );
            }
            None
        }
    };
    check.finish(|| Some(Ending { reason: reason?, words: words?, decision }))
}

/// What the party has to know of an expulsion, or of not admitting somebody, and they are told.
fn decision(check: &mut Check<'_>, today: NaiveDate) -> Option<Decision> {
    let by = check.text("decided_by", "Enter who decided this", 200);
    let on = check.date("decided", "Enter the day of the decision");
    if on.is_some_and(|on| on > today) {
        check.fail("decided_day", "Enter today or an earlier date");
    }
    let appeal_until = check.optional_date("appeal");
    if appeal_until.zip(on).is_some_and(|(until, on)| until < on) {
        check.fail("appeal_day", "Enter a day after the decision");
    }
    let rule = check.text("rule", "Enter the rule: its version, and the clause", 200);
    Some(Decision { by: by?, on: on?, appeal_until, rule: Some(rule?), reason: None })
}

pub(super) fn suspension(form: &Form, today: NaiveDate) -> Result<NewSuspension, Form> {
    let mut check = form.check();
    let until = check.date("until", "Enter the last day of the suspension");
    // A suspension is temporary; what is meant to last is an ending.
    if until.is_some_and(|until| until <= today || until > dates::months_later(today, 12)) {
        check.fail("until_day", "Enter a day after today and within a year");
    }
    let reason = check.paragraphs("reason", "Enter why, who decided it, and under which rule", 2000);
    check.finish(|| Some(NewSuspension { until: until?, reason: reason? }))
}

/// What is set by hand for a time.
pub(super) fn by_hand(form: &Form, today: NaiveDate) -> Result<NewOverride, Form> {
    let mut check = form.check();
    let kind = check.choice::<OverrideKind>("kind", "Choose what applies until then");
    let until = check.date("until", "Enter the last day");
    // What is meant to last is a rule, or an ending.
    if until.is_some_and(|until| until < today || until > dates::months_later(today, 12)) {
        check.fail("until_day", "Enter today or a day within a year");
    }
    let reason = check.paragraphs("reason", "Enter why, who decided it, and under which rule", 2000);
    let is_confidential = check.ticked("confidential");
    check.finish(|| Some(NewOverride { kind: kind?, until: until?, reason: reason?, is_confidential }))
}

/// The day that an officer asks about; `None` if they ask about none.
pub(super) fn day_asked(form: &Form, today: NaiveDate) -> Result<Option<NaiveDate>, Form> {
    let mut check = form.check();
    let day = check.optional_date("on");
    if day.is_some_and(|day| day > today) {
        check.fail("on_day", "Enter today or an earlier date");
    }
    check.finish(|| Some(day))
}

pub(super) fn note(form: &Form) -> Result<String, Form> {
    let mut check = form.check();
    let words = check.paragraphs("words", "Write the note first", 4000);
    check.finish(|| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::model::Price;
    use crate::places::Region;

    fn prices() -> Prices {
        let price = |rate, every, pence| Price { rate, every, amount: Money::from_pence(pence) };
        Prices(vec![
            price(Rate::LowWage, Interval::Month, 100),
            price(Rate::Standard, Interval::Month, 500),
            price(Rate::Standard, Interval::Year, 5000),
            price(Rate::Solidarity, Interval::Month, 1000),
        ])
    }

    fn good() -> Vec<(String, String)> {
        [
            ("name", "Siân O’Neill"),
            ("email", "sian@example.org"),
            ("dob_day", "1"),
            ("dob_month", "2"),
            ("dob_year", "1990"),
            ("address_line1", "Flat 2, 14 Mill Lane"),
            ("address_line2", ""),
            ("town", "Bury"),
            ("postcode", "bl90nd"),
            ("rate", "standard"),
            ("every", "month"),
            ("amount", ""),
            ("other_party", "no"),
            ("declaration", "yes"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn parse(values: Vec<(String, String)>) -> Result<Answers, Form> {
        let prices = prices();
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let check_above = Money::from_pence(50_000);
        let less = LessTerms { least: [Money::from_pence(50), Money::from_pence(500)], most_months: 12 };
        let terms = Terms { today, least_age: 14, prices: &prices, check_above, who: Who::Stranger, less };
        join(&Form::from_values(values), &terms).map(|join| join.answers)
    }

    fn with(field: &str, value: &str) -> Vec<(String, String)> {
        let mut values = good();
        values.retain(|(name, _)| name != field);
        values.push((field.to_owned(), value.to_owned()));
        values
    }

    #[test]
    fn a_good_form_becomes_a_command() {
        let join = parse(good()).unwrap_or_else(|form| panic!("{:?}", form.errors()));
        assert_eq!(
            join.personal.address.as_ref().unwrap().to_string(),
            "Flat 2, 14 Mill Lane, Bury, BL9 0ND"
        );
        assert_eq!(join.region, Some(Region::NorthWest));
        assert_eq!(join.amount, Money::from_pence(500));
        assert!(join.consents.is_empty());
        let yearly = parse(with("every", "year")).unwrap();
        assert_eq!(yearly.amount, Money::from_pence(5000));
    }

    #[test]
    fn what_was_answered_is_read_back_as_it_was_written() {
        let answers = parse(with("consent", "email_updates")).unwrap();
        let kept = serde_json::to_value(&answers).unwrap();
        let fields: Vec<_> = kept.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            ["amount", "consents", "every", "name", "other_parties", "personal", "rate", "region"]
        );
        assert_eq!(serde_json::from_value::<Answers>(kept).unwrap(), answers);
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let long = "a".repeat(101);
        for (field, value, fault) in [
            ("name", "", "name"),
            ("name", long.as_str(), "name"),
            ("name", "12345", "name"),
            ("name", "a\u{0}b", "name"),
            ("name", "\u{202e}evil", "name"),
            ("email", "", "email"),
            ("email", "nobody", "email"),
            ("dob_day", "", "dob_day"),
            ("dob_day", "31", "dob_day"),
            ("dob_year", "2020", "dob_day"),
            ("dob_year", "2027", "dob_day"),
            ("dob_year", "90", "dob_day"),
            ("dob_month", "ten", "dob_day"),
            ("address_line1", "", "address_line1"),
            ("address_line1", long.as_str(), "address_line1"),
            ("address_line2", long.as_str(), "address_line2"),
            ("town", "", "town"),
            ("town", "Bu\nry", "town"),
            ("postcode", "", "postcode"),
            ("postcode", "BL9", "postcode"),
            ("postcode", "90210", "postcode"),
            ("rate", "", "rate"),
            ("rate", "free", "rate"),
            ("every", "week", "every"),
            ("consent", "everything", "consent"),
        ] {
            let form = parse(with(field, value)).expect_err(field);
            let fields: Vec<_> = form.errors().iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, [fault], "{field} = {value:?}");
        }
        let mut values = good();
        values.retain(|(name, _)| name != "declaration");
        assert_eq!(parse(values).unwrap_err().errors()[0].field, "declaration");
        let mut twice = good();
        twice.push(("town".into(), "Leeds".into()));
        assert_eq!(parse(twice).unwrap_err().errors()[0].field, "town");
    }

    #[test]
    fn names_are_taken_as_people_write_them() {
        for name in ["עדי כהן", "محمد", "李小龙", "Zoë 🌹 Smith", "D'Arcy-O’Brien", "<b>Bob</b> & Co"]
        {
            assert_eq!(parse(with("name", name)).unwrap().name, name);
        }
    }

    #[test]
    fn somebody_turns_old_enough_on_her_birthday() {
        let born = |day: &str| {
            let mut values = with("dob_day", day);
            values.retain(|(name, _)| name != "dob_month" && name != "dob_year");
            values.push(("dob_month".into(), "11".into()));
            values.push(("dob_year".into(), "2012".into()));
            parse(values)
        };
        assert!(born("21").is_ok());
        assert!(born("22").unwrap_err().errors()[0].message.contains("when you are 14"));
    }

    #[test]
    fn the_region_is_asked_for_only_where_the_postcode_leaves_it_open() {
        let form = parse(with("postcode", "CH4 7AA")).unwrap_err();
        assert_eq!(form.errors()[0].field, "region");
        assert!(form.errors()[0].message.contains("border"));
        let mut values = with("postcode", "CH4 7AA");
        values.push(("region".into(), "wales".into()));
        assert_eq!(parse(values).unwrap().region, Some(Region::Wales));
        let mut values = with("postcode", "CH4 7AA");
        values.push(("region".into(), "london".into()));
        assert_eq!(parse(values).unwrap_err().errors()[0].field, "region");
        // A choice left over from another postcode does not count.
        let mut values = good();
        values.push(("region".into(), "wales".into()));
        assert_eq!(parse(values).unwrap().region, Some(Region::NorthWest));
        assert_eq!(parse(with("postcode", "JE2 3AB")).unwrap().region, None);
        assert!(parse(with("postcode", "BX1 1LT")).unwrap_err().errors()[0].message.contains("do not know"));
    }

    #[test]
    fn an_own_amount_is_for_solidarity_only_and_within_bounds() {
        let solidarity = |amount: &str| {
            let mut values = with("rate", "solidarity");
            values.retain(|(name, _)| name != "amount");
            values.push(("amount".into(), amount.into()));
            parse(values)
        };
        assert_eq!(solidarity("25").unwrap().amount, Money::from_pence(2500));
        assert_eq!(solidarity("").unwrap().amount, Money::from_pence(1000));
        assert_eq!(solidarity("500").unwrap().amount, Money::from_pence(50_000));
        for wrong in ["9.99", "-20", "lots", "1e9", "99999999999999999999"] {
            assert_eq!(solidarity(wrong).unwrap_err().errors()[0].field, "amount", "{wrong}");
        }
        // M2: more at one time is a donation in law, and is declared as one.
        assert_eq!(solidarity("500.01").unwrap_err().errors()[0].field, "own_money");
        assert_eq!(parse(with("amount", "5")).unwrap().amount, Money::from_pence(500));
        for ignored in ["1", "20", "abc", "5,00"] {
            assert_eq!(parse(with("amount", ignored)).unwrap_err().errors()[0].field, "amount", "{ignored}");
        }
    }
}
