//! Five hundred invented supporters, the same every time: names of many origins, every region, some who have
//! stopped their emails. Written in a handful of statements.

use chrono::Duration;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Interest, sql};
use crate::{
    accounts::{self, ConsentPurpose, NewPerson, Standing},
    kit::{app::App, random::Random},
    places::Region,
};

/// Sam of the named cast is one more.
const INVENTED: usize = 499;

const FIRST: [&str; 64] = [
    "Aaliyah",
    "Abdul",
    "Adaeze",
    "Agnieszka",
    "Aidan",
    "Alisha",
    "Amara",
    "Andrzej",
    "Angharad",
    "Anika",
    "Arjun",
    "Bethan",
    "Callum",
    "Carys",
    "Charlotte",
    "Chidi",
    "Chloe",
    "Ciarán",
    "Daniel",
    "Dafydd",
    "Deepa",
    "Dina",
    "Ebony",
    "Eilidh",
    "Ekaterina",
    "Elif",
    "Emeka",
    "Ewan",
    "Fatima",
    "Femi",
    "Finlay",
    "Gareth",
    "Grace",
    "Hamza",
    "Hannah",
    "Harpreet",
    "Ibrahim",
    "Imogen",
    "Ioana",
    "Jamal",
    "Jade",
    "João",
    "Kieran",
    "Kwame",
    "Leila",
    "Lewis",
    "Li Wei",
    "Maeve",
    "Marek",
    "Mei",
    "Mohammed",
    "Niamh",
    "Nikos",
    "Olivia",
    "Priya",
    "Rhys",
    "Rosa",
    "Saoirse",
    "Siân",
    "Tariq",
    "Thandiwe",
    "Tom",
    "Yusuf",
    "Zoë",
];

const LAST: [&str; 64] = [
    "Abubakar",
    "Adeyemi",
    "Ahmed",
    "Ali",
    "Andrews",
    "Bailey",
    "Baptiste",
    "Begum",
    "Bell",
    "Boateng",
    "Byrne",
    "Campbell",
    "Chaudhry",
    "Chen",
    "Clarke",
    "Costa",
    "Davies",
    "Demir",
    "Doyle",
    "Edwards",
    "Evans",
    "Ferreira",
    "Fraser",
    "Georgiou",
    "Gill",
    "Green",
    "Griffiths",
    "Hughes",
    "Hussain",
    "Ivanova",
    "Jones",
    "Kaur",
    "Kelly",
    "Khan",
    "Kowalska",
    "Kumar",
    "Lewis",
    "MacDonald",
    "Mahmood",
    "Mensah",
    "Morgan",
    "Murphy",
    "Ndlovu",
    "Nguyễn",
    "Nowak",
    "O’Brien",
    "O’Neill",
    "Okonkwo",
    "Oyelaran",
    "Patel",
    "Petrov",
    "Popescu",
    "Reid",
    "Robinson",
    "Roberts",
    "Santos",
    "Shah",
    "Singh",
    "Smith",
    "Stewart",
    "Taylor",
    "Walsh",
    "Wójcik",
    "Yılmaz",
];

/// A postcode district of each region, several where more people live.
const PLACES: [(&str, Region); 24] = [
    ("M14", Region::NorthWest),
    ("L8", Region::NorthWest),
    ("BL9", Region::NorthWest),
    ("PR1", Region::NorthWest),
    ("NE6", Region::NorthEast),
    ("SR1", Region::NorthEast),
    ("LS6", Region::YorkshireAndTheHumber),
    ("S11", Region::YorkshireAndTheHumber),
    ("NG7", Region::EastMidlands),
    ("LE2", Region::EastMidlands),
    ("B13", Region::WestMidlands),
    ("CV6", Region::WestMidlands),
    ("NR2", Region::EastOfEngland),
    ("E8", Region::London),
    ("SE15", Region::London),
    ("N7", Region::London),
    ("BN2", Region::SouthEast),
    ("SO17", Region::SouthEast),
    ("BS5", Region::SouthWest),
    ("PL4", Region::SouthWest),
    ("G42", Region::Scotland),
    ("EH6", Region::Scotland),
    ("CF24", Region::Wales),
    ("BT7", Region::NorthernIreland),
];

/// Numbers from a seeded stream.
struct Dice(Random);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        usize::try_from(u64::from_le_bytes(self.0.bytes::<8>()) % limit.max(1) as u64).unwrap_or_default()
    }

    fn of<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Loads them. People who are there already, like Sam, are left as they are.
///
/// # Errors
/// The database is away.
pub async fn load(app: &App, db: &mut PgConnection) -> anyhow::Result<()> {
    let (dice, now) = (Dice(Random::seeded(500)), app.clock().now());
    let mut people = Vec::with_capacity(INVENTED);
    for number in 0..INVENTED {
        let (first, last) = (dice.of(&FIRST), dice.of(&LAST));
        let (district, region) = dice.of(&PLACES);
        let postcode = format!(
            "{district} {}{}{}",
            dice.below(10),
            dice.of(&["A", "B", "D"]),
            dice.of(&["E", "F", "G", "H"])
        );
        let added_at = now - Duration::minutes(i64::try_from(dice.below(2 * 365 * 24 * 60))?);
        people.push(NewPerson {
            id: dice.0.id(added_at),
            email: format!("{}.{}{number}@example.org", letters(first), letters(last)).parse()?,
            name: format!("{first} {last}"),
            postcode: Some(postcode),
            region: Some(region),
            standing: Standing::Supporter,
            added_at,
            proved_at: Some(added_at),
        });
    }
    accounts::add_people(db, &people).await?;
    let mut ids: Vec<_> = people.iter().map(|person| person.id).collect();
    let mut since: Vec<_> = people.iter().map(|person| person.added_at).collect();
    if let Some(sam) = accounts::find_person_by_email(db, &"sam@demo.test".parse()?).await? {
        ids.push(sam.id);
        since.push(now - Duration::days(90));
    }
    let interests: Vec<_> = ids
        .iter()
        .map(|_| {
            let chosen = Interest::ALL.into_iter().filter(|_| dice.below(5) < 2).map(Interest::code);
            chosen.collect::<Vec<_>>().join(",")
        })
        .collect();
    sql::insert_supporters(db, &ids, &interests, &since, "supporter sign-up").await?;
    // One in twelve has stopped the emails since, one in four lets organisers write.
    let agreed = |purpose: ConsentPurpose, in_twelve: usize| {
        let chosen = ids.iter().zip(&since).filter(|_| dice.below(12) < in_twelve);
        (
            purpose,
            chosen.map(|(person, at)| (dice.0.opaque_id(), *person, *at)).collect::<Vec<(Uuid, Uuid, _)>>(),
        )
    };
    for (purpose, mut given) in
        [agreed(ConsentPurpose::EmailUpdates, 11), agreed(ConsentPurpose::OrganiserContact, 3)]
    {
        // Sam, the last, has all of them: people try things as Sam.
        if let (Some(person), Some(at)) = (ids.last(), since.last())
            && given.last().is_none_or(|(_, last, _)| last != person)
        {
            given.push((dice.0.opaque_id(), *person, *at));
        }
        accounts::give_consents(db, purpose, "supporter sign-up", &given).await?;
    }
    Ok(())
}

/// The plain letters of a name, for an address: `Wójcik` becomes `wojcik`.
fn letters(name: &str) -> String {
    name.chars()
        .filter_map(|letter| match letter {
            'á' | 'ã' | 'â' => Some('a'),
            'ë' | 'ễ' => Some('e'),
            'ı' => Some('i'),
            'ó' => Some('o'),
            letter if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}
