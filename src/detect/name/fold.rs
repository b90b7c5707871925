//! Letters as the keys of the table have them: lower case, without accents.

/// The letters from U+00C0 on; `?` where one letter does not do.
const LATIN: &[u8; 400] = b"\
    aaaaaa?ceeeeiiiidnooooo?ouuuuy??aaaaaa?ceeeeiiiidnooooo?ouuuuy?y\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkklllllll\
    lllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs\
    ????????????????????????????????oo?????????????uu???????????????\
    ?????????????aaiioouuuuuuuuuu?aaaa????ggkkoooo??j???gg??nnaa????\
    aaaaeeeeiiiioooorrrruuuusstt??hh??????aaeeooooooooyy????????????\
    ????????????????";
/// The letters from U+1E00 on: Vietnamese ones are among them.
const ADDITIONAL: &[u8; 256] = b"\
    aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm\
    mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv\
    wwwwwwwwwwxxxxyyzzzzzzhtwy?s????aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
    eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy??????";
const ASCII: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// The one or two letters that stand for a Latin letter.
pub(super) fn folded(c: char) -> &'static [u8] {
    match c {
        'Æ' | 'æ' => return b"ae",
        'Ǆ' | 'ǅ' | 'ǆ' | 'Ǳ' | 'ǲ' | 'ǳ' => return b"dz",
        'Ĳ' | 'ĳ' => return b"ij",
        'Ǉ' | 'ǈ' | 'ǉ' => return b"lj",
        'Ǌ' | 'ǋ' | 'ǌ' => return b"nj",
        'Œ' | 'œ' => return b"oe",
        'ß' | 'ẞ' => return b"ss",
        'Þ' | 'þ' => return b"th",
        _ => {}
    }
    let code = u32::from(c);
    let of = |letters: &'static [u8], first: u32| {
        let at = usize::try_from(code.checked_sub(first)?).ok()?;
        letters.get(at..=at)
    };
    let lower = u32::from(c.to_ascii_lowercase());
    let ascii = usize::try_from(lower.wrapping_sub(u32::from('a'))).unwrap_or(usize::MAX);
    (if c.is_ascii() { ASCII.get(ascii..=ascii) } else { None })
        .or_else(|| of(LATIN, 0xC0))
        .or_else(|| of(ADDITIONAL, 0x1E00))
        .unwrap_or(b"?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_case_and_accents() {
        let letters = "AzÀÉîÑÖŁłØøĐđŠžİıŞğŰőẠẤảỲỹỗđ";
        let expected = "azaeinollooddsziisguoaaayyod";
        let all: Vec<u8> = letters.chars().flat_map(|c| folded(c).iter().copied()).collect();
        assert_eq!(String::from_utf8_lossy(&all), expected);
        for (letter, expected) in [('ß', "ss"), ('Æ', "ae"), ('œ', "oe"), ('Þ', "th")] {
            assert_eq!(folded(letter), expected.as_bytes());
        }
        for other in ['×', '1', ' ', '\u{10FFFF}', 'λ'] {
            assert_eq!(folded(other), b"?");
        }
    }
}
