//! What stands where the demo party would have photographs.

use image::DynamicImage;

use crate::pictures::drawing::{CREAM, INK, ORANGE, PLUM, RUST, Sheet, person};

/// Width and height, three to two.
const WIDE: (u32, u32) = (1200, 800);
const SKINS: [[u8; 3]; 4] = [[0x7a, 0x4a, 0x2c], [0xe2, 0xb0, 0x8c], [0xb5, 0x7d, 0x52], [0x4f, 0x30, 0x1f]];

/// Rows of people in a hall, one of them on their feet.
pub(super) fn hall() -> DynamicImage {
    let mut sheet = Sheet::new(WIDE.0, WIDE.1, ORANGE);
    sheet.bar(0.0, 0.0, 1200.0, 260.0, PLUM);
    sheet.stroke((120.0, 210.0), (700.0, 210.0), 26.0, CREAM);
    sheet.stroke((770.0, 190.0), (1090.0, 70.0), 26.0, ORANGE);
    for (row, (size, top, coat)) in
        [(96.0, 300.0, RUST), (132.0, 400.0, PLUM), (180.0, 540.0, INK)].iter().enumerate()
    {
        let mut x = if row % 2 == 0 { 60.0 } else { 0.0 };
        let mut seat = row;
        while x < 1260.0 {
            let stands = row == 1 && seat == 5;
            let at = if stands { (x, top - 130.0) } else { (x, *top) };
            person(&mut sheet, at, *size, SKINS[seat % 4], if stands { CREAM } else { *coat }, INK);
            x += size * 1.35;
            seat += 1;
        }
    }
    sheet.finish()
}

/// Ten bars, nine of them rising.
pub(super) fn vote() -> DynamicImage {
    let mut sheet = Sheet::new(WIDE.0, WIDE.1, CREAM);
    for (number, x) in (0u8..10).zip((0u16..).step_by(112)) {
        let height = if number == 9 { 150.0 } else { 300.0 + f32::from(number) * 45.0 };
        let colour = if number == 9 { PLUM } else { ORANGE };
        sheet.bar(52.0 + f32::from(x), 760.0 - height, 84.0, height, colour);
    }
    sheet.stroke((60.0, 360.0), (560.0, 230.0), 22.0, INK);
    sheet.stroke((620.0, 200.0), (1130.0, 60.0), 22.0, RUST);
    sheet.finish()
}

/// A shelf of books in the rain.
pub(super) fn library() -> DynamicImage {
    let mut sheet = Sheet::new(WIDE.0, WIDE.1, PLUM);
    let colours = [ORANGE, CREAM, RUST, ORANGE, INK, CREAM];
    for (shelf, bottom) in [(0usize, 400.0), (1, 760.0)] {
        let mut x = 70.0;
        let mut book = shelf * 3;
        while x < 1080.0 {
            let step = f32::from(u8::try_from(book * 7 % 5).unwrap_or_default());
            let (width, height) = (44.0 + step * 12.0, 200.0 + step * 26.0);
            sheet.bar(x, bottom - height, width, height, colours[book % 6]);
            sheet.bar(x + 10.0, bottom - height + 34.0, width - 20.0, 10.0, PLUM);
            x += width + 8.0;
            book += 1;
        }
        sheet.bar(40.0, bottom, 1120.0, 22.0, CREAM);
    }
    for drop in 0u8..26 {
        let x = f32::from(drop) * 49.0;
        let y = f32::from(drop.wrapping_mul(97)) * 2.6;
        sheet.stroke((x, y), (x - 16.0, y + 74.0), 5.0, [0xc9, 0xb3, 0xc4]);
    }
    sheet.finish()
}

/// Stacks of coins, and a line under them.
pub(super) fn accounts() -> DynamicImage {
    let mut sheet = Sheet::new(WIDE.0, WIDE.1, ORANGE);
    for (x, coins) in [(180.0, 9u8), (420.0, 6), (660.0, 4), (900.0, 2)] {
        for coin in 0..coins {
            let y = 640.0 - f32::from(coin) * 58.0;
            sheet.stroke((x - 60.0, y), (x + 120.0, y), 50.0, if coin % 2 == 0 { PLUM } else { CREAM });
        }
    }
    sheet.bar(60.0, 690.0, 700.0, 26.0, INK);
    sheet.bar(800.0, 690.0, 340.0, 26.0, INK);
    sheet.finish()
}

/// A head and shoulders; the number chooses the colours.
pub(super) fn portrait(number: usize) -> DynamicImage {
    let (ground, coat) = [(ORANGE, PLUM), (PLUM, ORANGE), (CREAM, RUST), (RUST, CREAM)][number % 4];
    let mut sheet = Sheet::new(720, 900, ground);
    let line = if ground == CREAM { ORANGE } else { CREAM };
    sheet.stroke((40.0, 250.0), (150.0, 210.0), 26.0, line);
    sheet.stroke((560.0, 110.0), (690.0, 60.0), 26.0, line);
    let hair = [INK, [0x5a, 0x2e, 0x12], INK, [0x8d, 0x86, 0x80]][number % 4];
    person(&mut sheet, (360.0, 330.0), 460.0, SKINS[(number + 1) % 4], coat, hair);
    sheet.finish()
}
