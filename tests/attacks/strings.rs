//! Strings that are an attack on something, each with what it attacks.

/// What every field that comes from outside has to bear. None creates `touched` in the folder in which a command runs.
pub const STRINGS: [(&str, &str); 18] = [
    ("sql", "'; DROP TABLE users_temp; DROP TABLE epn_user; -- "),
    ("sql, escaped", "\\'; DELETE FROM epn_user; #"),
    ("sql, a backslash at the end", "x\\"),
    ("redis", "x\r\n*1\r\n$8\r\nFLUSHALL\r\n"),
    ("shell", "$(touch touched)`touch touched`; touch touched | touch touched\n touch touched #'\"&"),
    ("option", "--config=/dev/zero"),
    ("terminal", "a\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}]52;c;eA==\u{7}\u{7f}\u{8}"),
    ("terminal, C1", "a\u{9b}2J\u{9d}52;c;eA==\u{9c}"),
    ("direction of writing", "a\u{202e}gpj\u{2066}.exe\u{200f}\u{2028}\u{feff}\u{e0041}"),
    ("html", "</title></script></style></svg>--><script>alert(1)</script><img src=x onerror=alert(1)>"),
    ("html attribute", "\" onmouseover=\"alert(1)\" x='&quot;' &amp; &lt;"),
    ("csv", "=cmd|' /C calc'!A0"),
    ("csv, hidden", "\t\r\n@SUM(1+1)*-2"),
    ("prometheus", "x\"} 1\nsessionstat_up{a=\"\\"),
    ("mail", "x\r\nBcc: everybody@example.org\r\n\r\n--"),
    ("json, path and format", "../../etc/passwd %s %n {0} \u{0}nul\",\"a\":{"),
    ("4 bytes of UTF-8", "𝔘𝔫𝔦 \u{1f4a9} 田中 e\u{301}\u{301}\u{301}"),
    ("long", LONG),
];

/// Longer than any column.
const LONG: &str = concat!(
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
);

/// Bytes that are no text.
pub const NO_TEXT: [&[u8]; 3] = [b"caf\xe9\xff", b"\xc0\xaf..\xf5\x80", b"\xed\xa0\x80\x9b2J"];

/// The end statuses of a command: nothing else is one, a panic least of all.
pub const STATUSES: [i32; 10] = [0, 1, 2, 3, 65, 69, 73, 74, 75, 78];

/// What a terminal obeys, or what makes a text look like another one.
pub fn is_obeyed(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
