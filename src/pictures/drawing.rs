//! Drawings for the demo party, which has no photographs: the party's bars and colours, put together by code.

use image::{DynamicImage, Rgb, RgbImage};

type Colour = [u8; 3];

pub const ORANGE: Colour = [0xf3, 0x8b, 0x3d];
pub const PLUM: Colour = [0x3b, 0x14, 0x32];
pub const INK: Colour = [0x1e, 0x14, 0x10];
pub const CREAM: Colour = [0xff, 0xf8, 0xf1];
pub const RUST: Colour = [0xa8, 0x43, 0x00];

/// A sheet of paper. Everything on it is a stroke with round or straight ends.
pub struct Sheet(RgbImage);

impl Sheet {
    pub fn new(width: u32, height: u32, ground: Colour) -> Self {
        Self(RgbImage::from_pixel(width, height, Rgb(ground)))
    }

    /// A line of some thickness with round ends; from a point to itself, a disc.
    pub fn stroke(&mut self, from: (f32, f32), to: (f32, f32), thick: f32, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).max(f32::EPSILON);
        let radius = thick / 2.0;
        let bounds = [from.0.min(to.0), from.1.min(to.1), from.0.max(to.0), from.1.max(to.1)];
        self.paint(bounds, radius + 1.0, colour, |x, y| {
            let along = (((x - from.0) * dx + (y - from.1) * dy) / length).clamp(0.0, 1.0);
            let (away_x, away_y) = (x - from.0 - along * dx, y - from.1 - along * dy);
            radius - away_x.hypot(away_y)
        });
    }

    pub fn disc(&mut self, at: (f32, f32), radius: f32, colour: Colour) {
        self.stroke(at, at, radius * 2.0, colour);
    }

    /// An upright box.
    pub fn bar(&mut self, left: f32, top: f32, width: f32, height: f32, colour: Colour) {
        let (right, bottom) = (left + width, top + height);
        self.paint([left, top, right, bottom], 1.0, colour, |x, y| {
            (x - left).min(right - x).min(y - top).min(bottom - y)
        });
    }

    /// Paints where `inside`, the way to the edge in pixels, is positive.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a sheet is some thousand pixels wide, and a colour is held between 0 and 255"
    )]
    fn paint(&mut self, bounds: [f32; 4], margin: f32, colour: Colour, inside: impl Fn(f32, f32) -> f32) {
        let held = |at: f32, most: u32| at.clamp(0.0, most as f32) as u32;
        let (width, height) = self.0.dimensions();
        for y in held(bounds[1] - margin, height)..held(bounds[3] + margin + 1.0, height) {
            for x in held(bounds[0] - margin, width)..held(bounds[2] + margin + 1.0, width) {
                let share = (inside(x as f32 + 0.5, y as f32 + 0.5) + 0.5).clamp(0.0, 1.0);
                if share > 0.0 {
                    let pixel = self.0.get_pixel_mut(x, y);
                    for (old, new) in pixel.0.iter_mut().zip(colour) {
                        *old = (f32::from(*old) + (f32::from(new) - f32::from(*old)) * share).round() as u8;
                    }
                }
            }
        }
    }

    pub fn finish(self) -> DynamicImage {
        DynamicImage::ImageRgb8(self.0)
    }
}

/// Somebody's head and shoulders, `size` being the width of the shoulders.
pub fn person(sheet: &mut Sheet, at: (f32, f32), size: f32, skin: Colour, coat: Colour, hair: Colour) {
    let (x, y) = at;
    sheet.stroke((x - size * 0.28, y + size * 0.52), (x + size * 0.28, y + size * 0.52), size * 0.5, coat);
    sheet.bar(x - size * 0.53, y + size * 0.52, size * 1.06, size, coat);
    sheet.bar(x - size * 0.12, y + size * 0.1, size * 0.24, size * 0.3, skin);
    sheet.disc((x, y - size * 0.06), size * 0.3, hair);
    sheet.stroke((x, y), (x, y + size * 0.08), size * 0.46, skin);
}
