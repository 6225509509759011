//! Pictures that people upload: read whole and within bounds, turned the right way up, and written anew in the sizes
//! that a phone and a desk need. Nothing of the file that came is kept: not where it was taken, nor by which camera.
//!
//! The address says everything a page needs: `/pictures/<hash>/<width>x<height>.jpg`.

use std::{fmt, io::Cursor, str::FromStr};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The longest file that is taken.
pub const MOST_BYTES: usize = 12 * 1024 * 1024;
/// Of each side, and of both together: what good phones take.
const LONGEST_SIDE: u32 = 12_000;
const MOST_PIXELS: u64 = 40_000_000;
/// A file of few bytes can unfold to more than a machine has.
const MOST_MEMORY: u64 = 400 * 1024 * 1024;
/// What is kept at most, in each direction.
const KEPT: (u32, u32) = (1600, 2000);
/// Narrower ones beside the widest, for phones.
const WIDTHS: [u32; 2] = [480, 960];
/// At which no eye sees the difference, in a third of the bytes.
const QUALITY: u8 = 82;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    /// For what one can see through.
    Png,
}

impl Kind {
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// One size of a picture of this site. In documents it stands as its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Picture {
    /// Of its widest size: 32 hex digits.
    pub hash: String,
    pub width: u32,
    pub height: u32,
    pub kind: Kind,
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, width, height, kind } = self;
        write!(f, "/pictures/{hash}/{width}x{height}.{}", kind.ending())
    }
}

impl FromStr for Picture {
    type Err = &'static str;

    fn from_str(address: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (hash, name) = address.strip_prefix("/pictures/")?.split_once('/')?;
            let (size, ending) = name.split_once('.')?;
            let (width, height) = size.split_once('x')?;
            let kind = [Kind::Jpeg, Kind::Png].into_iter().find(|kind| kind.ending() == ending)?;
            let picture = Self {
                hash: hash.to_owned(),
                width: width.parse().ok()?,
                height: height.parse().ok()?,
                kind,
            };
            let is_hash =
                hash.len() == 32 && hash.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
            let is_size = (1..=KEPT.0).contains(&picture.width) && (1..=KEPT.1).contains(&picture.height);
            // Written as we write it: one picture has one address.
            (is_hash && is_size && picture.to_string() == address).then_some(picture)
        };
        read().ok_or("Choose a picture from the list")
    }
}

impl TryFrom<String> for Picture {
    type Error = &'static str;

    fn try_from(address: String) -> Result<Self, Self::Error> {
        address.parse()
    }
}

impl From<Picture> for String {
    fn from(picture: Picture) -> Self {
        picture.to_string()
    }
}

impl Picture {
    /// The same picture in each width that there is, the narrowest first, itself last.
    pub fn sizes(&self) -> Vec<Self> {
        let narrower = WIDTHS.into_iter().filter(|width| *width < self.width).map(|width| Self {
            width,
            height: (self.height * width / self.width).max(1),
            ..self.clone()
        });
        narrower.chain([self.clone()]).collect()
    }

    /// For `srcset`; empty if there is one size only.
    pub fn srcset(&self) -> String {
        let sizes = self.sizes();
        if sizes.len() == 1 {
            return String::new();
        }
        sizes.iter().map(|size| format!("{size} {}w", size.width)).collect::<Vec<_>>().join(", ")
    }

    /// The narrowest that is at least so wide, or the widest.
    #[must_use]
    pub fn at_least(&self, width: u32) -> Self {
        self.sizes().into_iter().find(|size| size.width >= width).unwrap_or_else(|| self.clone())
    }
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unusable {
    #[error("Choose a picture in JPEG, PNG or WebP")]
    NotAPicture,
    #[error(
        "This picture has too many pixels. Make it smaller: at most 12,000 on each side and 40 million together"
    )]
    TooManyPixels,
    #[error("This file cannot be read as a picture. It may be damaged: save it again and try once more")]
    Damaged,
}

/// A picture as it is kept: its widest size, and the bytes of every size.
#[derive(Debug)]
pub struct Prepared {
    pub picture: Picture,
    pub files: Vec<(Picture, Vec<u8>)>,
}

/// Reads an upload by what it holds, whatever its name says, and writes it anew. Takes up to some seconds: not for a
/// thread that answers others.
///
/// # Errors
/// It is no picture, or one that is too large.
pub fn prepare(upload: &[u8]) -> Result<Prepared, Unusable> {
    let format = image::guess_format(upload).map_err(|_| Unusable::NotAPicture)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(Unusable::NotAPicture);
    }
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| Unusable::Damaged)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > LONGEST_SIDE || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Unusable::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(|_| Unusable::Damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| Unusable::Damaged)?;
    picture.apply_orientation(orientation);
    prepare_drawn(picture)
}

/// The same for a picture that is read already.
///
/// # Errors
/// It cannot be written.
pub fn prepare_drawn(drawn: DynamicImage) -> Result<Prepared, Unusable> {
    // In two steps: the first is rough and takes little memory, the second does the fine work.
    let is_larger = |by: u32| drawn.width() > KEPT.0 * by || drawn.height() > KEPT.1 * by;
    let drawn = if is_larger(2) { drawn.thumbnail(KEPT.0 * 2, KEPT.1 * 2) } else { drawn };
    let is_larger = drawn.width() > KEPT.0 || drawn.height() > KEPT.1;
    let drawn = if is_larger { drawn.resize(KEPT.0, KEPT.1, FilterType::Lanczos3) } else { drawn };
    let kind = if drawn.color().has_alpha() && drawn.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255) {
        Kind::Png
    } else {
        Kind::Jpeg
    };
    let widest = write(&drawn, kind)?;
    let hash = hex::encode(&Sha256::digest(&widest)[..16]);
    let picture = Picture { hash, width: drawn.width(), height: drawn.height(), kind };
    let mut files = Vec::new();
    for size in picture.sizes() {
        let bytes = if size == picture {
            widest.clone()
        } else {
            write(&drawn.resize_exact(size.width, size.height, FilterType::Lanczos3), kind)?
        };
        files.push((size, bytes));
    }
    Ok(Prepared { picture, files })
}

fn write(picture: &DynamicImage, kind: Kind) -> Result<Vec<u8>, Unusable> {
    let mut bytes = Vec::new();
    let written = match kind {
        Kind::Jpeg => {
            picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
        }
        Kind::Png => picture.to_rgba8().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png),
    };
    written.map_err(|_| Unusable::Damaged)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture =
            RgbImage::from_fn(width, height, |x, _| Rgb([if x < width / 2 { 250 } else { 5 }, 90, 30]));
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn a_picture_is_written_anew_in_every_size() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let prepared = prepare(&encoded(1920, 1080, format)).unwrap();
            let sizes: Vec<_> = prepared.files.iter().map(|(size, _)| (size.width, size.height)).collect();
            assert_eq!(sizes, [(480, 270), (960, 540), (1600, 900)]);
            for (size, bytes) in &prepared.files {
                let read = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap();
                assert_eq!((read.width(), read.height()), (size.width, size.height));
            }
            assert_eq!(prepared.picture.to_string().parse(), Ok(prepared.picture.clone()));
        }
        let small = prepare(&encoded(40, 30, ImageFormat::Png)).unwrap();
        assert_eq!((small.files.len(), small.picture.srcset().as_str()), (1, ""));
        let narrow = prepare(&encoded(100, 3_000, ImageFormat::Png)).unwrap().picture;
        assert_eq!((narrow.width, narrow.height), (67, 2_000));
    }

    #[test]
    fn what_can_be_seen_through_stays_so() {
        let mut bytes = Vec::new();
        RgbaImage::from_pixel(9, 9, Rgba([0, 0, 0, 0]))
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        assert_eq!(prepare(&bytes).unwrap().picture.kind, Kind::Png);
        let mut bytes = Vec::new();
        RgbaImage::from_pixel(9, 9, Rgba([0, 0, 0, 255]))
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        assert_eq!(prepare(&bytes).unwrap().picture.kind, Kind::Jpeg);
    }

    #[test]
    fn a_phones_notes_turn_the_picture_and_go() {
        let plain = encoded(40, 20, ImageFormat::Jpeg);
        // Exif: turned by a quarter (0x0112 is 6), and a place in words.
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"151 The Rock, Bury");
        let mut noted = plain[..2].to_vec();
        noted.extend([0xff, 0xe1]);
        noted.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        noted.extend(&exif);
        noted.extend(&plain[2..]);
        let prepared = prepare(&noted).unwrap();
        assert_eq!((prepared.picture.width, prepared.picture.height), (20, 40));
        for (_, bytes) in &prepared.files {
            assert!(!bytes.windows(4).any(|window| window == b"Exif" || window == b"Bury"));
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        for no_picture in [&b""[..], b"GIF89a\x01\0\x01\0", b"%PDF-1.7", svg, b"<html>", b"BM123456"] {
            assert_eq!(prepare(no_picture).unwrap_err(), Unusable::NotAPicture);
        }
        let whole = encoded(64, 64, ImageFormat::Png);
        assert_eq!(prepare(&whole[..whole.len() / 2]).unwrap_err(), Unusable::Damaged);
        // A head that promises 100,000 by 100,000, and 12,000 by 12,000.
        for side in [100_000u32, 12_000] {
            let mut bomb = whole.clone();
            bomb[16..20].copy_from_slice(&side.to_be_bytes());
            bomb[20..24].copy_from_slice(&side.to_be_bytes());
            let crc = crc(&bomb[12..29]);
            bomb[29..33].copy_from_slice(&crc.to_be_bytes());
            let refused = prepare(&bomb).unwrap_err();
            assert!(matches!(refused, Unusable::TooManyPixels | Unusable::Damaged), "{side}: {refused}");
        }
    }

    /// Of a PNG's chunk (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc: u32, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
        })
    }

    #[test]
    fn only_addresses_that_we_write_are_read() {
        let hash = "0123456789abcdef".repeat(2);
        assert!(format!("/pictures/{hash}/480x320.jpg").parse::<Picture>().is_ok());
        for wrong in [
            format!("/pictures/{hash}/0480x320.jpg"),
            format!("/pictures/{hash}/480x320.gif"),
            format!("/pictures/{hash}/480x99999.jpg"),
            format!("/pictures/{hash}/0x0.png"),
            "/pictures/xyz/1x1.jpg".to_owned(),
            format!("/pictures/{hash}/480x320.jpg?\""),
            String::new(),
        ] {
            assert!(wrong.parse::<Picture>().is_err(), "{wrong}");
        }
    }
}
