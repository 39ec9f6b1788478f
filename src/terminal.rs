//! Text from outside made safe for terminals and mail, and measured in columns.
//!
//! Owes its callers: what it returns moves no cursor, changes no colour, turns no line around and hides nothing.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character must not reach a terminal as it is: controls (C0, DEL, C1), line and paragraph separators,
/// bidirectional controls, and characters that show nothing, with which two different logins look the same.
/// The joiners U+200C and U+200D belong to words of many scripts and stay.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with unsafe characters written as `\n` or `\u{202e}`; without `unicode`, all that is not ASCII, too.
pub fn safe(text: &str, unicode: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) || !(unicode || character.is_ascii()) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The same JSON for who looks at it in a terminal. Outside of its strings there are no such characters but line breaks,
/// and inside the standard's own escapes say the same.
pub fn safe_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_unsafe(character) {
            shown.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

/// The columns that `text` takes: two for most characters of East Asia, none for combining accents.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `columns` columns: what does not fit gives way to an ellipsis.
pub fn shorten(text: &str, columns: usize, unicode: bool) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let ellipsis = if unicode { "…" } else { "..." };
    let ellipsis = if width(ellipsis) < columns { ellipsis } else { "" };
    let room = columns - width(ellipsis);
    let mut used = 0;
    let kept = text.chars().take_while(|character| {
        used += character.width().unwrap_or(0);
        used <= room
    });
    kept.chain(ellipsis.chars()).collect()
}

/// Our own words in ASCII: letters without their accents. For names, whose accents matter, there is [`safe`].
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'à' | 'â' | 'ä' => plain.push('a'),
            'ç' => plain.push('c'),
            'é' | 'è' | 'ê' | 'ë' => plain.push('e'),
            'î' | 'ï' => plain.push('i'),
            'ô' | 'ö' => plain.push('o'),
            'ù' | 'û' | 'ü' => plain.push('u'),
            'À' | 'Â' => plain.push('A'),
            'Ç' => plain.push('C'),
            'É' | 'È' | 'Ê' => plain.push('E'),
            'Î' => plain.push('I'),
            'Ô' => plain.push('O'),
            'œ' => plain.push_str("oe"),
            'Œ' => plain.push_str("OE"),
            '’' => plain.push('\''),
            '–' | '—' => plain.push('-'),
            '\u{a0}' | '\u{202f}' => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_moves_the_cursor_or_hides() {
        assert_eq!(safe("a\u{1b}[2Jb\nc\r\u{9b}31m\u{7f}", true), "a\\u{1b}[2Jb\\nc\\r\\u{9b}31m\\u{7f}");
        assert_eq!(
            safe("nom\u{202e}exe\u{2066}\u{200f}\u{2028}", true),
            "nom\\u{202e}exe\\u{2066}\\u{200f}\\u{2028}"
        );
        assert_eq!(safe("ami\u{200b}na\u{feff}\u{ad}", true), "ami\\u{200b}na\\u{feff}\\u{ad}");
        assert_eq!(safe("EPN\\hélène 田中 e\u{301}", true), "EPN\\hélène 田中 e\u{301}");
        assert_eq!(safe("hélène", false), "h\\u{e9}l\\u{e8}ne");
    }

    #[test]
    fn json_with_escapes_means_the_same() {
        let json = "{\n  \"login\": \"a\u{9b}\u{202e}\u{e0001}\u{7f}é\"\n}";
        let shown = safe_json(json);
        assert_eq!(shown, "{\n  \"login\": \"a\\u009b\\u202e\\udb40\\udc01\\u007fé\"\n}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(json));
    }

    #[test]
    fn width_is_columns_not_characters() {
        assert_eq!(width("田中"), 4);
        assert_eq!(width("e\u{301}te\u{301}"), 3);
        assert_eq!(width("1\u{202f}234"), 5);
    }

    #[test]
    fn long_values_end_in_an_ellipsis_within_their_columns() {
        assert_eq!(shorten("amina", 5, true), "amina");
        assert_eq!(shorten("amina.b", 5, true), "amin…");
        assert_eq!(shorten("amina.b", 5, false), "am...");
        assert_eq!(shorten("amina.b", 3, false), "ami");
        assert_eq!(shorten("amina.b", 1, true), "a");
        // A wide character is left out whole, and an accent stays with its letter.
        assert_eq!(shorten("田中太郎", 6, true), "田中…");
        assert_eq!(shorten("te\u{301}le\u{301}phone", 3, true), "te\u{301}…");
        for columns in 0..12 {
            assert!(width(&shorten("田e\u{301}中abc太", columns, true)) <= columns, "{columns}");
        }
    }
}
