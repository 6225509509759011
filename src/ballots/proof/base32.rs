//! Crockford's base 32, for what people read and type: no I, L, O or U, and what is mistaken for a letter or digit
//! of it is read as that.

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The first `letters` letters of the bytes, five bits each; past their end the bits are nought.
pub(super) fn encode(bytes: &[u8], letters: usize) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    (0..letters)
        .map(|letter| (0..5).fold(0, |value, at| value << 1 | bit(5 * letter + at)))
        .map(|value| char::from(LETTERS[usize::from(value)]))
        .collect()
}

/// Bytes from as many letters as they need; what is left over of the last letter must be nought.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let letters = tidy(text)?;
    let mut bytes = [0; N];
    for (letter, value) in letters.bytes().enumerate() {
        let value = LETTERS.iter().position(|known| *known == value)?;
        for at in (0..5).filter(|at| value >> (4 - at) & 1 == 1) {
            let bit = 5 * letter + at;
            *bytes.get_mut(bit / 8)? |= 0x80 >> (bit % 8);
        }
    }
    (letters.len() == (8 * N).div_ceil(5)).then_some(bytes)
}

/// The letters as they should have been typed, or none if one of them can't be meant.
pub(super) fn tidy(text: &str) -> Option<String> {
    let typed = text.chars().filter(|letter| !letter.is_whitespace() && !is_dash(*letter));
    let meant = typed.map(|letter| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        letter => letter,
    });
    meant
        .map(|letter| u8::try_from(letter).is_ok_and(|byte| LETTERS.contains(&byte)).then_some(letter))
        .collect()
}

/// Hyphens, and the dashes that word processors and phones make of them.
fn is_dash(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad}')
}

/// In groups for people.
pub(super) fn grouped(letters: &str, size: usize) -> String {
    let letters: Vec<char> = letters.chars().collect();
    let groups: Vec<String> = letters.chunks(size).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_however_it_is_typed() {
        let bytes: [u8; 16] = std::array::from_fn(|at| u8::try_from(at * 37 % 256).unwrap());
        let letters = encode(&bytes, 26);
        assert_eq!(letters, "00JMMVWMQ7F06A2DEABVSR865C");
        assert_eq!(decode(&letters), Some(bytes));
        assert_eq!(
            decode(&grouped(&letters, 4).to_lowercase().replace('0', "o").replace('1', "l")),
            Some(bytes)
        );
        assert_eq!(decode(&format!(" {} ", grouped(&letters, 5).replace('-', " \u{2013}"))), Some(bytes));
        for wrong in [
            &letters[1..],
            &format!("{letters}0"),
            &letters.replace('A', "U"),
            "",
            &letters.replace('C', "D"),
        ] {
            assert_eq!(decode::<16>(wrong), None, "{wrong}");
        }
        assert_eq!(encode(&[0xff; 7], 10), "ZZZZZZZZZZ");
        assert_eq!(encode(&[0x80], 2), "G0");
    }
}
