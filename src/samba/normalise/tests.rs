//! What recorded outputs do not pin down.

use super::*;
use crate::samba::session::Share;

fn session(login: &str, machine: &str, ip: &str, pid: u64) -> Session {
    Session {
        login: login.into(),
        machine: machine.into(),
        address: format!("ipv4:{ip}:445"),
        pid: Some(pid),
        key: pid.to_string(),
        ..Session::default()
    }
}

fn at(mut session: Session, time: &str) -> Session {
    session.created = Some(time.parse().unwrap());
    session
}

/// `user machine ip pid`, `-` where unknown.
fn rows(sessions: Vec<Session>) -> Vec<String> {
    let listing = Listing { sessions, ..Listing::default() };
    let shown = |row: Connection| {
        let machine = row.machine.unwrap_or_else(|| "-".into());
        let ip = row.ip.map_or_else(|| "-".into(), |ip| ip.to_string());
        format!("{} {machine} {ip} {}", row.user, row.pid.unwrap())
    };
    let connections = connections(&listing, &Samba::default());
    connections.into_iter().map(shown).collect()
}

#[test]
fn rule_1_only_people_count() {
    let mut service_down = session("1100512", "pc1", "10.0.0.1", 1);
    service_down.uid = Some("1100512".into());
    let mut unsigned = session("a", "pc1", "10.0.0.1", 2);
    unsigned.uid = Some("4294967295".into());
    let mut loopback = session("a", "pc1", "10.0.0.1", 3);
    loopback.address = "ipv6:::1:445".into();
    let mut mapped_loopback = session("a", "pc1", "10.0.0.1", 4);
    mapped_loopback.address = "::ffff:127.0.0.1".into();
    let skipped = vec![
        service_down,
        unsigned,
        loopback,
        mapped_loopback,
        session("-1", "pc1", "10.0.0.1", 5),
        session("4294967295", "pc1", "10.0.0.1", 6),
        session("(auth in progress)", "pc1", "10.0.0.1", 7),
        session("EPN\\pc1$", "pc1", "10.0.0.1", 8),
        session("BUILTIN\\Guest", "pc1", "10.0.0.1", 9),
        session("", "pc1", "10.0.0.1", 10),
    ];
    assert_eq!(rows(skipped), [""; 0]);
}

#[test]
fn rule_5_a_skipped_row_teaches_its_name() {
    for teacher in ["nobody", "(auth in progress)", "-1"] {
        let taught =
            rows(vec![session("a", "10.0.0.1", "10.0.0.1", 2), session(teacher, "pc1", "10.0.0.1", 1)]);
        assert_eq!(taught, ["a PC1 10.0.0.1 2"], "{teacher}");
    }
}

#[test]
fn rule_5_an_ambiguous_name_is_not_learnt() {
    let two_accounts = rows(vec![
        session("a", "", "10.0.0.1", 1),
        session("EPN\\pc1$", "", "10.0.0.1", 2),
        session("EPN\\pc2$", "", "10.0.0.1", 3),
    ]);
    assert_eq!(two_accounts, ["a - 10.0.0.1 1"]);
    // The name that the client gives outranks its account; two of them are ambiguous, account or not.
    let name_and_account = rows(vec![
        session("a", "", "10.0.0.1", 1),
        session("b", "pc1", "10.0.0.1", 2),
        session("EPN\\pc2$", "", "10.0.0.1", 3),
    ]);
    assert_eq!(name_and_account, ["a PC1 10.0.0.1 1", "b PC1 10.0.0.1 2"]);
    let two_names = rows(vec![
        session("a", "", "10.0.0.1", 1),
        session("b", "pc1", "10.0.0.1", 2),
        session("c", "pc2", "10.0.0.1", 3),
        session("EPN\\pc1$", "", "10.0.0.1", 4),
    ]);
    assert_eq!(two_names.first().unwrap(), "a - 10.0.0.1 1");
}

#[test]
fn rule_6_the_earliest_row_is_kept_then_the_lowest_process() {
    let kept = rows(vec![
        session("Adupont", "pc1", "10.0.0.1", 1),
        at(session("adupont", "pc1", "10.0.0.1", 7), "2027-03-17T13:09:48.100Z"),
        at(session("ADUPONT", "pc1", "10.0.0.1", 5), "2027-03-17T13:09:48.900Z"),
        at(session("adupont", "pc1", "10.0.0.1", 3), "2027-03-17T13:09:49Z"),
    ]);
    // Times are compared as they are kept: in whole seconds. An unknown one is no early one.
    assert_eq!(kept, ["ADUPONT PC1 10.0.0.1 5"]);
}

#[test]
fn rule_6_the_name_may_come_from_any_row_of_the_same_place() {
    // Two names at one address: rule 5 teaches none, but this user's own rows name one.
    let kept = rows(vec![
        session("a", "", "10.0.0.1", 1),
        session("a", "pc2", "10.0.0.1", 2),
        session("b", "pc1", "10.0.0.1", 3),
    ]);
    assert_eq!(kept, ["b PC1 10.0.0.1 3", "a PC2 10.0.0.1 1"]);
}

#[test]
fn rule_6_domains_and_unknown_addresses_are_different_places() {
    let kept = rows(vec![
        session("EPN\\a", "pc1", "10.0.0.1", 1),
        session("VILLE\\a", "pc1", "10.0.0.1", 2),
        session("a", "pc1", "10.0.0.1", 3),
        session("a", "pc7", "pc7.epn.example", 4),
        session("a", "pc8", "pc8.epn.example", 5),
        session("A", "pc8", "pc8.epn.example", 6),
    ]);
    assert_eq!(kept, ["a PC1 10.0.0.1 3", "a PC1 10.0.0.1 1", "a PC1 10.0.0.1 2", "a PC7 - 4", "a PC8 - 5"]);
}

#[test]
fn rule_7_the_offset_of_the_server_repairs_a_day() {
    for (printed, true_offset, expected) in [
        // Paris after midnight, and as it should be.
        ("2026-11-22T00:27:14.720796-23:00", Some(1), Some("2026-11-21T23:27:14Z")),
        ("2026-11-22T00:27:14+01:00", Some(1), Some("2026-11-21T23:27:14Z")),
        // Winter's connection, listed in summer.
        ("2027-03-28T01:10:00+01:00", Some(2), Some("2027-03-28T00:10:00Z")),
        ("2027-03-28T00:10:00-23:00", Some(2), Some("2027-03-27T23:10:00Z")),
        // Noumea until 11:00, Martinique from 20:00.
        ("2027-03-17T09:00:00-13:00", Some(11), Some("2027-03-16T22:00:00Z")),
        ("2027-03-17T21:00:00+20:00", Some(-4), Some("2027-03-18T01:00:00Z")),
        // Nothing to compare with.
        ("2027-03-17T09:00:00+13:00", None, Some("2027-03-16T20:00:00Z")),
    ] {
        let offset = true_offset.and_then(|hours: i32| FixedOffset::east_opt(hours * 3600));
        let found = instant(printed.parse().unwrap(), offset);
        let expected = expected.map(|time| time.parse().unwrap());
        assert_eq!(found, expected, "{printed}");
    }
}

#[test]
fn rule_7_the_session_outranks_its_shares_and_strangers_do_not_count() {
    let share = |key: &str, time: &str| Share { key: key.into(), connected: time.parse().unwrap() };
    let listing = Listing {
        sessions: vec![
            at(session("a", "", "10.0.0.1", 1), "2027-03-17T13:00:00Z"),
            session("b", "", "10.0.0.2", 2),
            session("c", "", "10.0.0.3", 3),
        ],
        shares: vec![
            share("1", "2027-03-17T12:00:00Z"),
            share("2", "2027-03-17T12:00:02Z"),
            share("2", "2027-03-17T12:00:01Z"),
            share("9", "2027-03-17T11:00:00Z"),
        ],
        offset: None,
    };
    let since: Vec<_> = connections(&listing, &Samba::default())
        .iter()
        .map(|row| serde_json::to_string(&row.connected).unwrap())
        .collect();
    assert_eq!(since, ["\"2027-03-17T13:00:00Z\"", "\"2027-03-17T12:00:01Z\"", "null"]);
}

#[test]
fn rule_6_of_equal_sessions_the_same_one_stays_whatever_the_order() {
    let mut sessions = vec![session("Linda", "pc1", "10.0.0.1", 7), session("linda", "pc1", "10.0.0.1", 7)];
    sessions[0].protocol = Some("SMB3_11".into());
    sessions[1].protocol = Some("SMB2_10".into());
    let kept = |sessions: &[Session]| {
        let listing = Listing { sessions: sessions.to_vec(), ..Listing::default() };
        connections(&listing, &Samba::default())
    };
    let once = kept(&sessions);
    sessions.reverse();
    assert_eq!(kept(&sessions), once);
    assert_eq!(once.len(), 1);
}

#[test]
fn rule_9_addresses_stand_in_the_order_of_their_values() {
    let mut v6 = session("a", "", "", 3);
    v6.address = "ipv6:2001:db8::9:445".into();
    let mut unknown = session("a", "pc9", "", 4);
    unknown.address = "pc9.epn.example".into();
    let ordered = rows(vec![
        unknown,
        v6,
        session("a", "", "10.0.0.10", 1),
        session("z", "", "10.0.0.9", 2),
        session("b", "pc1", "10.0.0.9", 5),
        session("c", "pc2", "10.0.0.9", 6),
        session("a", "", "10.0.0.9", 7),
    ]);
    assert_eq!(
        ordered,
        [
            "a - 10.0.0.9 7",
            "z - 10.0.0.9 2",
            "b PC1 10.0.0.9 5",
            "c PC2 10.0.0.9 6",
            "a - 10.0.0.10 1",
            "a - 2001:db8::9 3",
            "a PC9 - 4"
        ]
    );
}

#[test]
fn winbinds_separator_is_a_setting() {
    let settings =
        Samba { winbind_separator: "+".into(), guests: vec!["Visiteur".into()], ..Samba::default() };
    let listing = Listing {
        sessions: vec![
            session("EPN+rpetit", "", "10.0.0.1", 1),
            session("EPN+visiteur", "", "10.0.0.2", 2),
            session("nobody", "", "10.0.0.3", 3),
        ],
        ..Listing::default()
    };
    let users: Vec<_> =
        connections(&listing, &settings).into_iter().map(|row| (row.user, row.domain)).collect();
    assert_eq!(users, [("rpetit".into(), Some("EPN".into())), ("nobody".into(), None)]);
}
