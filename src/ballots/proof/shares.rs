//! Divides the count key among trustees, any few of whom can put it together again (Shamir's scheme over the bytes of
//! the key), and says whose share is wrong if it can't be.
//!
//! A share is 40 bytes, printed as 64 letters: which key it is of (3), its number, how many are needed, its value
//! (32), and a check (3) by which a slip of the pen is found.

use std::{fmt, str::FromStr};

use blahaj::Sharks;
use hpke::rand_core::CryptoRng;
use secrecy::{
    ExposeSecret, SecretBox,
    zeroize::{Zeroize as _, Zeroizing},
};

use super::{
    base32,
    hash::Sha,
    keys::{CountKey, CountPublicKey, CountSecretKey, Held, KeyError},
    manifest::MOST_SHARES,
};

const KEY: usize = 32;
const BODY: usize = 3 + 1 + 1 + KEY;
const CHECK: usize = 3;
const LETTERS: usize = (BODY + CHECK) * 8 / 5;

/// One trustee's part of a count key.
pub struct Share(SecretBox<[u8; BODY]>);

/// Why a text is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    #[error(
        "this has not the {LETTERS} letters and digits of a share; type all lines, without those that begin with #"
    )]
    Letters,
    #[error(
        "a letter of this share is mistyped (it reads as share {0}); compare it with the paper, letter by letter"
    )]
    Mistyped(u8),
}

/// Why shares don't open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SharesError {
    #[error(
        "{need} of {shares} shares can't be made: give at least 2, at most {MOST_SHARES}, and no more needed than there are"
    )]
    Numbers { shares: u8, need: u8 },
    #[error("this key isn't divided into shares; the site holds it")]
    NotDivided,
    #[error("share {0} is of another count key; bring the share of this one")]
    Foreign(u8),
    #[error("share {0} isn't the one that was handed out; ask its trustee for the paper that keygen printed")]
    Wrong(u8),
    #[error("share {0} is given twice; bring another trustee's")]
    Twice(u8),
    #[error("{given} shares don't open: {need} are needed")]
    TooFew { given: usize, need: u8 },
    #[error("the shares don't give the key of this file")]
    NotTheKey,
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Divides a key. Gives also what the manifest says of it, by which a wrong share is known.
pub fn divide(
    secret: &CountSecretKey,
    shares: u8,
    need: u8,
    rng: &mut impl CryptoRng,
) -> Result<(CountKey, Vec<Share>), SharesError> {
    if !(2..=shares).contains(&need) || shares > MOST_SHARES {
        return Err(SharesError::Numbers { shares, need });
    }
    let public = secret.public()?;
    let head = key_number(&public);
    let parts = Sharks(need).dealer_rng(secret.expose(), rng).take(usize::from(shares));
    let divided: Vec<Share> = parts
        .map(|part| {
            // Its number, then its value.
            let part = Zeroizing::new(Vec::from(&part));
            Share::of_body(|body| {
                body[..3].copy_from_slice(&head);
                body[3] = part[0];
                body[4] = need;
                body[5..].copy_from_slice(&part[1..]);
            })
        })
        .collect();
    let checks = divided.iter().map(Share::check).collect();
    Ok((CountKey { public, held: Held::Shares { shares, need, checks } }, divided))
}

/// Puts a key together. Every share is looked at before any is used.
pub fn combine(key: &CountKey, shares: &[Share]) -> Result<CountSecretKey, SharesError> {
    let Held::Shares { need, checks, .. } = &key.held else { return Err(SharesError::NotDivided) };
    let mut numbers = Vec::new();
    for share in shares {
        let number = share.number();
        if share.body()[..3] != key_number(&key.public) {
            return Err(SharesError::Foreign(number));
        }
        let check = number.checked_sub(1).and_then(|at| checks.get(usize::from(at)));
        if check != Some(&share.check()) {
            return Err(SharesError::Wrong(number));
        }
        if numbers.contains(&number) {
            return Err(SharesError::Twice(number));
        }
        numbers.push(number);
    }
    if shares.len() < usize::from(*need) {
        return Err(SharesError::TooFew { given: shares.len(), need: *need });
    }
    let parts: Result<Vec<blahaj::Share>, _> = shares
        .iter()
        .map(|share| blahaj::Share::try_from(&[&[share.number()], &share.body()[5..]].concat()[..]))
        .collect();
    let parts = parts.map_err(|_| SharesError::NotTheKey)?;
    let found = Zeroizing::new(Sharks(*need).recover(&parts).map_err(|_| SharesError::NotTheKey)?);
    let bytes = <[u8; KEY]>::try_from(&found[..]).map_err(|_| SharesError::NotTheKey)?;
    let secret = CountSecretKey::from_bytes(bytes).map_err(|_| SharesError::NotTheKey)?;
    if secret.public()? == key.public { Ok(secret) } else { Err(SharesError::NotTheKey) }
}

/// By which the shares of different keys are told apart.
fn key_number(public: &CountPublicKey) -> [u8; 3] {
    let [a, b, c, ..] = Sha::of(&[public.to_string().as_bytes()]).0;
    [a, b, c]
}

impl Share {
    fn of_body(fill: impl FnOnce(&mut [u8; BODY])) -> Self {
        let mut body = Box::new([0; BODY]);
        fill(&mut body);
        Self(SecretBox::new(body))
    }

    fn body(&self) -> &[u8; BODY] {
        self.0.expose_secret()
    }

    /// From 1.
    pub fn number(&self) -> u8 {
        self.body()[3]
    }

    /// How many are needed.
    pub fn need(&self) -> u8 {
        self.body()[4]
    }

    /// What is published of a share. It tells nothing, because a share is as hard to guess as the key.
    pub fn check(&self) -> Sha {
        Sha::of(&[b"pb1s", self.body()])
    }

    /// The 64 letters in four lines of four groups.
    pub fn text(&self) -> String {
        let bytes = Zeroizing::new([&self.body()[..], &self.check().0[..CHECK]].concat());
        let letters = Zeroizing::new(base32::encode(&bytes, LETTERS));
        let lines = [0, 16, 32, 48].map(|at| base32::grouped(&letters[at..at + 16], 4) + "\n");
        lines.concat()
    }

    /// A page to print, with what a trustee has to know.
    pub fn to_file(&self, shares: u8) -> String {
        format!(
            "# Share {} of {shares} of a count key. Any {} of them together open the papers of a ballot.\n\
             # Print it, keep it where nobody else can read it, and delete this file.\n\
             # After the close, type the four lines below; letters may be small, hyphens left out.\n{}",
            self.number(),
            self.need(),
            self.text()
        )
    }
}

impl FromStr for Share {
    type Err = ShareError;

    /// Reads the letters, or the whole file.
    fn from_str(text: &str) -> Result<Self, ShareError> {
        let typed: Zeroizing<String> =
            Zeroizing::new(text.lines().filter(|line| !line.trim_start().starts_with('#')).collect());
        let mut bytes: [u8; BODY + CHECK] = base32::decode(&typed).ok_or(ShareError::Letters)?;
        let share = Self::of_body(|body| body.copy_from_slice(&bytes[..BODY]));
        let is_right = bytes[BODY..] == share.check().0[..CHECK];
        bytes.zeroize();
        if is_right { Ok(share) } else { Err(ShareError::Mistyped(share.number())) }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share {} (secret)", self.number())
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn again(share: &Share) -> Share {
        share.text().parse().unwrap()
    }

    #[test]
    fn any_shares_that_are_enough_open_and_fewer_do_not() {
        let mut rng = StdRng::seed_from_u64(8);
        for (number, need) in [(2, 2), (3, 2), (5, 3), (20, 20)] {
            let secret = CountSecretKey::generate(&mut rng);
            let (key, shares) = divide(&secret, number, need, &mut rng).unwrap();
            let enough = usize::from(need);
            for from in 0..=shares.len() - enough {
                let some: Vec<Share> = shares[from..from + enough].iter().rev().map(again).collect();
                assert_eq!(combine(&key, &some).unwrap().text(), secret.text());
                let too_few = SharesError::TooFew { given: enough - 1, need };
                assert_eq!(combine(&key, &some[1..]).unwrap_err(), too_few);
            }
            assert_eq!(combine(&key, &shares).unwrap().text(), secret.text());
            // Whoever believes that fewer are needed gets nothing.
            let CountKey { public, held: Held::Shares { shares: all, checks, .. } } = key else {
                unreachable!()
            };
            let fewer = CountKey { public, held: Held::Shares { shares: all, need: need - 1, checks } };
            assert_eq!(combine(&fewer, &shares[1..enough]).unwrap_err(), SharesError::NotTheKey);
        }
        for (shares, need) in [(3, 1), (3, 4), (1, 1), (0, 0), (21, 3)] {
            let found = divide(&CountSecretKey::generate(&mut rng), shares, need, &mut rng).unwrap_err();
            assert_eq!(found, SharesError::Numbers { shares, need });
        }
    }

    #[test]
    fn a_wrong_share_is_named() {
        let mut rng = StdRng::seed_from_u64(9);
        let secret = CountSecretKey::generate(&mut rng);
        let (key, shares) = divide(&secret, 3, 2, &mut rng).unwrap();
        let (other, of_another) = divide(&CountSecretKey::generate(&mut rng), 3, 2, &mut rng).unwrap();
        let (_, of_another_day) = divide(&secret, 3, 2, &mut rng).unwrap();
        let with = |share: &Share| combine(&key, &[again(&shares[0]), again(share)]).unwrap_err();
        assert_eq!(with(&of_another[2]), SharesError::Foreign(3));
        assert_eq!(with(&of_another_day[1]), SharesError::Wrong(2));
        assert_eq!(with(&shares[0]), SharesError::Twice(1));
        let site = CountKey { held: Held::Site, ..key.clone() };
        assert_eq!(combine(&site, &shares).unwrap_err(), SharesError::NotDivided);
        let another_key = CountKey { public: other.public, held: key.held.clone() };
        assert_eq!(combine(&another_key, &shares).unwrap_err(), SharesError::Foreign(1));
        // Any one letter mistyped.
        let text = shares[1].text();
        let letters = text.replace(['-', '\n'], "");
        for at in 0..letters.len() {
            let mut typed: Vec<char> = letters.chars().collect();
            typed[at] = if typed[at] == 'A' { 'B' } else { 'A' };
            let found = typed.iter().collect::<String>().parse::<Share>().unwrap_err();
            assert!(matches!(found, ShareError::Mistyped(_)));
            // Letters 5 to 7 hold the number.
            assert!((4..7).contains(&at) || found == ShareError::Mistyped(2));
        }
        assert_eq!(letters[1..].parse::<Share>().unwrap_err(), ShareError::Letters);
        let typed = shares[1].to_file(3).to_lowercase().replace('-', " ").replace('0', "o");
        assert_eq!(typed.parse::<Share>().unwrap().check(), shares[1].check());
        assert_eq!(format!("{:?}", shares[1]), "Share 2 (secret)");
    }
}
