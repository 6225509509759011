//! What the columns of other systems are called, and what they hold.

use crate::kit::codes::codes;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Email,
    Name,
    FirstName,
    LastName,
    BornOn,
    Phone,
    Line1,
    Line2,
    Town,
    Postcode,
    Country,
    JoinedOn,
    PaidUntil,
    Status,
    Rate,
    Amount,
    Every,
    Customer,
    Agreed,
    AgreedOn,
    AgreedHow,
    Stopped,
}
codes!(Field {
    Email = "email",
    Name = "name",
    FirstName = "first_name",
    LastName = "last_name",
    BornOn = "born_on",
    Phone = "phone",
    Line1 = "address_line1",
    Line2 = "address_line2",
    Town = "town",
    Postcode = "postcode",
    Country = "country",
    JoinedOn = "joined_on",
    PaidUntil = "paid_until",
    Status = "status",
    Rate = "rate",
    Amount = "amount",
    Every = "every",
    Customer = "stripe_customer",
    Agreed = "agreed",
    AgreedOn = "agreed_on",
    AgreedHow = "agreed_how",
    Stopped = "stopped",
});

impl Field {
    /// Its head in the template, and its words on pages and in reasons.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "Email address",
            Self::Name => "Full name",
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::BornOn => "Date of birth",
            Self::Phone => "Phone",
            Self::Line1 => "Address line 1",
            Self::Line2 => "Address line 2",
            Self::Town => "Town or city",
            Self::Postcode => "Postcode",
            Self::Country => "Country",
            Self::JoinedOn => "Joined on",
            Self::PaidUntil => "Paid until",
            Self::Status => "Membership status",
            Self::Rate => "Rate",
            Self::Amount => "Amount",
            Self::Every => "How often they pay",
            Self::Customer => "Stripe customer",
            Self::Agreed => "Agreed to emails",
            Self::AgreedOn => "Agreed on",
            Self::AgreedHow => "How they agreed",
            Self::Stopped => "Stopped emails",
        }
    }
}

/// Another system that lists come from: what its exports call their columns, in letters and figures alone.
struct System {
    name: &'static str,
    heads: &'static [(&'static str, Field)],
}

/// The last is our own template, whose heads every other file may use too.
const SYSTEMS: [System; 5] = [
    System {
        name: "NationBuilder",
        heads: &[
            ("fullname", Field::Name),
            ("firstname", Field::FirstName),
            ("lastname", Field::LastName),
            ("email", Field::Email),
            ("bornat", Field::BornOn),
            ("birthdate", Field::BornOn),
            ("phonenumber", Field::Phone),
            ("primaryaddress1", Field::Line1),
            ("primaryaddress2", Field::Line2),
            ("primarycity", Field::Town),
            ("primaryzip", Field::Postcode),
            ("primarycountrycode", Field::Country),
            ("address1", Field::Line1),
            ("address2", Field::Line2),
            ("city", Field::Town),
            ("zip", Field::Postcode),
            ("countrycode", Field::Country),
            ("membershipstartedat", Field::JoinedOn),
            ("membershipexpiresat", Field::PaidUntil),
            ("membershipstatus", Field::Status),
            ("emailoptin", Field::Agreed),
            ("unsubscribedat", Field::Stopped),
        ],
    },
    System {
        name: "CiviCRM",
        heads: &[
            ("displayname", Field::Name),
            ("firstname", Field::FirstName),
            ("lastname", Field::LastName),
            ("email", Field::Email),
            ("birthdate", Field::BornOn),
            ("phone", Field::Phone),
            ("streetaddress", Field::Line1),
            ("supplementaladdress1", Field::Line2),
            ("city", Field::Town),
            ("postalcode", Field::Postcode),
            ("country", Field::Country),
            ("membersince", Field::JoinedOn),
            ("membershipexpirationdate", Field::PaidUntil),
            ("enddate", Field::PaidUntil),
            ("membershipstatus", Field::Status),
            ("nobulkemailsuseroptout", Field::Stopped),
        ],
    },
    System {
        name: "Mailchimp",
        heads: &[
            ("emailaddress", Field::Email),
            ("firstname", Field::FirstName),
            ("lastname", Field::LastName),
            ("phonenumber", Field::Phone),
            // The answer to the confirming email. A form that was filled in alone proves nothing, so its day is left to be
            // chosen by hand.
            ("confirmtime", Field::AgreedOn),
            ("confirmip", Field::AgreedHow),
            ("unsubtime", Field::Stopped),
            ("cleantime", Field::Stopped),
        ],
    },
    System {
        name: "Action Network",
        heads: &[
            ("email", Field::Email),
            ("firstname", Field::FirstName),
            ("lastname", Field::LastName),
            ("can2phone", Field::Phone),
            ("can2useraddress", Field::Line1),
            ("can2usercity", Field::Town),
            ("zipcode", Field::Postcode),
            ("country", Field::Country),
            ("can2subscriptionstatus", Field::Agreed),
        ],
    },
    System {
        name: "the template",
        heads: &[
            ("email", Field::Email),
            ("name", Field::Name),
            ("emailaddress", Field::Email),
            ("fullname", Field::Name),
            ("firstname", Field::FirstName),
            ("lastname", Field::LastName),
            ("surname", Field::LastName),
            ("dateofbirth", Field::BornOn),
            ("phone", Field::Phone),
            ("addressline1", Field::Line1),
            ("addressline2", Field::Line2),
            ("town", Field::Town),
            ("townorcity", Field::Town),
            ("postcode", Field::Postcode),
            ("country", Field::Country),
            ("joinedon", Field::JoinedOn),
            ("paiduntil", Field::PaidUntil),
            ("membershipstatus", Field::Status),
            ("rate", Field::Rate),
            ("amount", Field::Amount),
            ("howoftentheypay", Field::Every),
            ("stripecustomer", Field::Customer),
            ("stripecustomerid", Field::Customer),
            ("agreedtoemails", Field::Agreed),
            ("agreedon", Field::AgreedOn),
            ("howtheyagreed", Field::AgreedHow),
            ("stoppedemails", Field::Stopped),
        ],
    },
];

/// The two columns in front of a file of rejected lines; when it comes back they are skipped.
pub const REPORT: [&str; 2] = ["Line", "What is wrong"];

fn plain(head: &str) -> String {
    head.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// What the columns of a file most likely hold, by their headings, and the system that uses those names.
pub fn recognise(heads: &[String]) -> (Option<&'static str>, Vec<Option<Field>>) {
    let heads: Vec<_> = heads.iter().map(|head| plain(head)).collect();
    let named = |system: &System, head: &str| {
        system.heads.iter().find(|(name, _)| *name == head).map(|(_, field)| *field)
    };
    let fits = |system: &&System| heads.iter().filter(|head| named(system, head).is_some()).count();
    // Of several that fit alike the first, as long as it fits better than our own names do.
    let mut best = &SYSTEMS[SYSTEMS.len() - 1];
    for system in SYSTEMS.iter().rev() {
        if fits(&system) > 0 && fits(&system) >= fits(&best) {
            best = system;
        }
    }
    let ours = &SYSTEMS[SYSTEMS.len() - 1];
    let fields: Vec<_> = heads.iter().map(|head| named(best, head).or_else(|| named(ours, head))).collect();
    (fields.iter().any(Option::is_some).then_some(best.name), fields)
}

/// What is wrong with a choice of columns; empty if nothing is.
pub fn faults(columns: &[Option<Field>]) -> Vec<String> {
    let has = |field| columns.contains(&Some(field));
    let mut faults = Vec::new();
    if !has(Field::Email) {
        faults
            .push("Choose which column holds the email address: we need it to tell people apart".to_owned());
    }
    if !has(Field::Name) && !has(Field::FirstName) && !has(Field::LastName) {
        faults.push("Choose which column holds the name".to_owned());
    }
    // An end of emails may stand in several.
    for field in Field::ALL.into_iter().filter(|field| *field != Field::Stopped) {
        if columns.iter().filter(|column| **column == Some(field)).count() > 1 {
            faults.push(format!("Two columns are set to “{}”: choose one", field.name()));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(heads: &str) -> (Option<&'static str>, Vec<Option<Field>>) {
        recognise(&heads.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn files_of_known_systems_are_recognised_by_their_heads() {
        for (system, heads, not_read) in [
            (
                "NationBuilder",
                "first_name,last_name,email,email_opt_in,born_at,phone_number,primary_address1,primary_city,primary_zip,nationbuilder_id",
                1,
            ),
            (
                "CiviCRM",
                "Contact ID,First Name,Last Name,Email,Birth Date,Street Address,City,Postal Code,Country,Member Since,Membership Expiration Date,Membership Status,No Bulk Emails (User Opt Out)",
                1,
            ),
            (
                "Mailchimp",
                "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,CONFIRM_IP,UNSUB_TIME",
                2,
            ),
            (
                "Action Network",
                "email,first_name,last_name,zip_code,can2_phone,can2_user_address,can2_user_city,can2_subscription_status,uuid",
                1,
            ),
            ("the template", "Email address,Full name,Date of birth,Town or city,Stripe customer", 0),
        ] {
            let (name, fields) = found(heads);
            assert_eq!(name, Some(system));
            assert_eq!(fields.iter().filter(|field| field.is_none()).count(), not_read, "{system}");
            assert_eq!(faults(&fields), Vec::<String>::new(), "{system}");
        }
        assert_eq!(found("a,b").0, None);
        // What a mended file brings in front is nothing of theirs.
        assert_eq!(found("Line,What is wrong,email").1, [None, None, Some(Field::Email)]);
    }

    #[test]
    fn the_template_has_a_head_for_every_field() {
        for field in Field::ALL {
            assert_eq!(found(field.name()).1, [Some(field)], "{}", field.name());
        }
    }

    #[test]
    fn a_choice_of_columns_has_one_address_and_a_name() {
        assert_eq!(faults(&[Some(Field::Name)]).len(), 1);
        assert_eq!(faults(&[Some(Field::Email)]).len(), 1);
        assert_eq!(faults(&[Some(Field::Email), Some(Field::Email), Some(Field::LastName)]).len(), 1);
        let stopped = Some(Field::Stopped);
        assert!(faults(&[Some(Field::Email), Some(Field::Name), stopped, stopped]).is_empty());
    }
}
