//! Texts as PHP's literals: whatever they hold, PHP reads them as data, on one line.

use std::io::Write;

/// Appends `text` as a literal of PHP.
pub(super) fn write(page: &mut Vec<u8>, text: &[u8]) {
    if text.iter().any(|byte| byte.is_ascii_control()) {
        write_double_quoted(page, text);
        return;
    }
    page.push(b'\'');
    for byte in text {
        if matches!(byte, b'\'' | b'\\') {
            page.push(b'\\');
        }
        page.push(*byte);
    }
    page.push(b'\'');
}

/// With controls in it: a line break would move all lines behind it.
fn write_double_quoted(page: &mut Vec<u8>, text: &[u8]) {
    page.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'$' => page.extend([b'\\', *byte]),
            b'\n' => page.extend(b"\\n"),
            b'\r' => page.extend(b"\\r"),
            b'\t' => page.extend(b"\\t"),
            // A Vec takes whatever is written to it.
            byte if byte.is_ascii_control() => write!(page, "\\x{byte:02x}").unwrap_or_default(),
            byte => page.push(*byte),
        }
    }
    page.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &[u8]) -> String {
        let mut page = Vec::new();
        write(&mut page, text);
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn nothing_ends_a_literal_before_its_end() {
        assert_eq!(literal(b"l'\xc3\xa9t\xc3\xa9 $x ?> \\"), r"'l\'été $x ?> \\'");
        assert_eq!(literal(b"a\n\"$x{$y}\\\0?>"), r#""a\n\"\$x{\$y}\\\x00?>""#);
        assert_eq!(literal(b""), "''");
    }
}
