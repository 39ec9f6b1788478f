//! Connections in columns, for people.

use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use super::session::Connection;
use crate::terminal::safe;

const HEADINGS: [&str; 5] = ["USER", "MACHINE", "ADDRESS", "PROTOCOL", "CONNECTED SINCE"];

/// A line a connection, times in `zone`. What is not known is `-`.
pub(super) fn render(connections: &[Connection], zone: Tz) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(connections.iter().map(|connection| columns(connection, zone)));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| {
            lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            row.push_str(cell);
            row.push_str(&" ".repeat(width + 2 - cell.width()));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn columns(connection: &Connection, zone: Tz) -> [String; 5] {
    let user = match &connection.domain {
        Some(domain) => format!("{domain}\\{}", connection.user),
        None => connection.user.clone(),
    };
    let or_dash = |text: Option<&str>| safe(text.unwrap_or("-"), true);
    let since = connection.connected.map(|at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string());
    [
        safe(&user, true),
        or_dash(connection.machine.as_deref()),
        or_dash(connection.ip.map(|ip| ip.to_string()).as_deref()),
        or_dash(connection.protocol.as_deref()),
        or_dash(since.as_deref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_moves_the_cursor() {
        let connection = |user: &str, machine: Option<&str>| Connection {
            user: user.to_owned(),
            domain: Some("EPN".to_owned()),
            machine: machine.map(str::to_owned),
            ip: Some([10, 0, 0, 1].into()),
            pid: Some(7),
            protocol: None,
            connected: Some("2026-03-10T08:00:00Z".parse().unwrap()),
        };
        let table = render(
            &[connection("zoé", Some("POSTE01")), connection("a\u{1b}[2J", None)],
            chrono_tz::Europe::Paris,
        );
        assert_eq!(
            table,
            "USER            MACHINE  ADDRESS   PROTOCOL  CONNECTED SINCE\n\
             EPN\\zoé         POSTE01  10.0.0.1  -         2026-03-10 09:00\n\
             EPN\\a\\u{1b}[2J  -        10.0.0.1  -         2026-03-10 09:00\n"
        );
    }
}
