//! Seals a paper to the count key: HPKE (RFC 9180) with DHKEM(P-256), HKDF-SHA256 and AES-128-GCM, which browsers have
//! too. The ballot and the commitment go in, so that a sealed paper can't be moved to another ballot or row.

use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::AesGcm128, kdf::HkdfSha256, rand_core::CryptoRng,
    single_shot_open, single_shot_seal_with_rng,
};

use super::{
    commitment::Commitment,
    hash::Sha,
    keys::{CountPublicKey, CountSecretKey, Kem},
};

/// The bytes before the sealed paper, an ephemeral point.
const POINT: usize = 65;

/// Why a paper can't be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the paper could not be sealed")]
    Seal,
    #[error(
        "the sealed paper can't be opened: the key is another, or the paper was changed or belongs elsewhere"
    )]
    Open,
}

/// Seals [`super::Paper::bytes`]. What comes out is 81 bytes longer, so of one size in a ballot.
pub fn seal(
    key: &CountPublicKey,
    ballot: &Sha,
    commitment: &Commitment,
    paper: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SealError> {
    let (point, sealed) = single_shot_seal_with_rng::<AesGcm128, HkdfSha256, Kem>(
        &OpModeS::Base,
        key.point(),
        &info(ballot),
        paper,
        &commitment.0.0,
        rng,
    )
    .map_err(|_| SealError::Seal)?;
    Ok([&point.to_bytes(), &sealed[..]].concat())
}

/// Opens what [`seal`] gave, into the bytes of the paper. They are the committed ones, or it fails.
pub fn open(
    key: &CountSecretKey,
    ballot: &Sha,
    commitment: &Commitment,
    sealed: &[u8],
) -> Result<Vec<u8>, SealError> {
    let (point, sealed) = sealed.split_at_checked(POINT).ok_or(SealError::Open)?;
    let point = <Kem as hpke::Kem>::EncappedKey::from_bytes(point).map_err(|_| SealError::Open)?;
    let paper = single_shot_open::<AesGcm128, HkdfSha256, Kem>(
        &OpModeR::Base,
        &key.scalar().map_err(|_| SealError::Open)?,
        &point,
        &info(ballot),
        sealed,
        &commitment.0.0,
    )
    .map_err(|_| SealError::Open)?;
    if Commitment::of(&paper) == *commitment { Ok(paper) } else { Err(SealError::Open) }
}

fn info(ballot: &Sha) -> Vec<u8> {
    [&b"pb1"[..], &ballot.0].concat()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::{
        super::{
            examples,
            paper::{Choices, Paper},
        },
        *,
    };

    #[test]
    fn sealed_papers_are_of_one_size_and_open_in_their_place_only() {
        let mut rng = StdRng::seed_from_u64(5);
        let key = CountSecretKey::generate(&mut rng);
        let public = key.public().unwrap();
        for manifest in examples::all() {
            let ballot = manifest.hash();
            let last = u16::try_from(manifest.options.len()).unwrap();
            let mut sizes = Vec::new();
            for numbers in [vec![], vec![1], vec![last]] {
                let choices = Choices::new(&manifest, numbers).unwrap();
                let paper = Paper { ballot, choices, mark: "402917".parse().unwrap(), nonce: [1; 32] };
                let bytes = paper.bytes(&manifest);
                let commitment = Commitment::of(&bytes);
                let sealed = seal(&public, &ballot, &commitment, &bytes, &mut rng).unwrap();
                assert_eq!(open(&key, &ballot, &commitment, &sealed), Ok(bytes.clone()));
                assert_ne!(seal(&public, &ballot, &commitment, &bytes, &mut rng).unwrap(), sealed);
                sizes.push(sealed.len());
                // Another key, another ballot, another commitment, any changed byte.
                let other = CountSecretKey::generate(&mut rng);
                assert_eq!(open(&other, &ballot, &commitment, &sealed), Err(SealError::Open));
                assert_eq!(open(&key, &Sha([0; 32]), &commitment, &sealed), Err(SealError::Open));
                let elsewhere = Commitment(Sha([0; 32]));
                assert_eq!(open(&key, &ballot, &elsewhere, &sealed), Err(SealError::Open));
                for at in [0, 1, 64, 65, sealed.len() - 1] {
                    let mut changed = sealed.clone();
                    changed[at] ^= 1;
                    assert_eq!(open(&key, &ballot, &commitment, &changed), Err(SealError::Open));
                }
                assert_eq!(open(&key, &ballot, &commitment, &sealed[..64]), Err(SealError::Open));
                // Sealed rightly, but not what was committed.
                let false_paper = seal(&public, &ballot, &commitment, b"other", &mut rng).unwrap();
                assert_eq!(open(&key, &ballot, &commitment, &false_paper), Err(SealError::Open));
            }
            assert_eq!(sizes, vec![super::super::paper_size(&manifest) + 81; 3]);
        }
    }
}
