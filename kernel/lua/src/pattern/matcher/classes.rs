use super::{ESCAPE, Place};

/// Whether a byte is in the class of a letter behind `%`, or is that character if it has no class.
#[inline]
pub(super) fn in_class(byte: u8, class: u8) -> bool {
    let bit = CLASS_BITS[usize::from(class.to_ascii_lowercase())];
    if bit == 0 {
        return byte == class;
    }
    (BYTE_CLASSES[usize::from(byte)] & bit != 0) != class.is_ascii_uppercase()
}

/// A bit for each letter that is a class.
static CLASS_BITS: [u16; 256] = {
    let mut bits = [0; 256];
    let letters = b"acdglpsuwxz";
    let mut index = 0;
    while index < letters.len() {
        bits[letters[index] as usize] = 1 << index;
        index += 1;
    }
    bits
};

/// The bits of the classes that each byte is in, in the order of [`CLASS_BITS`].
static BYTE_CLASSES: [u16; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        let is_in = [
            character.is_ascii_alphabetic(),
            character.is_ascii_control(),
            character.is_ascii_digit(),
            character.is_ascii_graphic(),
            character.is_ascii_lowercase(),
            character.is_ascii_punctuation(),
            matches!(character, b' ' | b'\t'..=b'\r'),
            character.is_ascii_uppercase(),
            character.is_ascii_alphanumeric(),
            character.is_ascii_hexdigit(),
            character == 0,
        ];
        let mut index = 0;
        while index < is_in.len() {
            if is_in[index] {
                classes[byte] |= 1 << index;
            }
            index += 1;
        }
        byte += 1;
    }
    classes
};

/// Whether a byte is in the set that begins at `p` and whose bracket closes at `end`.
pub(super) unsafe fn in_set(byte: u8, mut p: Place, end: Place) -> bool {
    // SAFETY: a transcription of `matchbracketclass`; `p` stays before `end`.
    unsafe {
        let mut sign = true;
        if *p.add(1) == b'^' {
            sign = false;
            p = p.add(1);
        }
        loop {
            p = p.add(1);
            if p >= end {
                return !sign;
            }
            if *p == ESCAPE {
                p = p.add(1);
                if in_class(byte, *p) {
                    return sign;
                }
            } else if *p.add(1) == b'-' && p.add(2) < end {
                p = p.add(2);
                if (*p.sub(2)..=*p).contains(&byte) {
                    return sign;
                }
            } else if *p == byte {
                return sign;
            }
        }
    }
}
