//! A slot moves to another node while its users are asked about.

use crate::{
    account::keys,
    load::{LIMIT, Word, at, patient, quick},
    support::{Cluster, Dialogue, Redis, Tool, redis::ask, until},
};

/// Two rules: two keys, which move one after the other.
const RULES: &str =
    "[ratelimit.rules.login]\nlimit = 10\n[ratelimit.rules.day]\nlimit = 100\nwindow = \"1d\"\n";

#[test]
fn users_are_counted_in_one_place_while_their_slot_moves() {
    let cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let user = "mover".to_owned();
    let login = keys(&prefix, std::slice::from_ref(&user)).remove(0);
    let day = login.replace(":login", ":day");
    let slot = cluster.slot(&login);
    let (from, to) = (cluster.master_of(slot), (cluster.master_of(slot) + 1) % 3);
    let section = cluster.config_of(&[from, to]);
    let with = |limit| at(&section, &prefix, limit, RULES).args(["--rule", "login", "--rule", "day"]);
    let (long, short) = (std::time::Duration::from_secs(20), std::time::Duration::from_millis(400));
    let mut talk = Dialogue::begin(&with(long).arg("--batch"));
    let text = slot.to_string();
    let slot_command = |node: usize, words: &[&str]| {
        let all = [&["CLUSTER", "SETSLOT", &text], words].concat();
        let _: () = cluster.nodes[node].ask(&all);
    };
    let migrate = |key: &str| {
        let port = cluster.nodes[to].port().to_string();
        let _: () = cluster.nodes[from].ask(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
    };
    let allowed = |talk: &mut Dialogue, tool: &Tool| {
        assert_eq!(Word::of(&talk.ask(&user)), Word::Allowed);
        assert_eq!(Word::of_run(&tool.clone().arg(&user)), Word::Allowed);
    };
    allowed(&mut talk, &with(long));
    // The slot is on its way, all of the user's keys are still where they were.
    slot_command(to, &["IMPORTING", &cluster.id(from)]);
    slot_command(from, &["MIGRATING", &cluster.id(to)]);
    allowed(&mut talk, &with(long));
    // One key is here and one is there: nobody can decide (TRYAGAIN) until both are in one place.
    migrate(&login);
    assert_eq!(Word::of_run(&with(short).arg(&user)), Word::Undecided);
    talk.say(&user);
    let mut waits = with(long).arg(&user).start();
    let asked = || -> usize {
        let told: String = cluster.nodes[from].ask(&["INFO", "errorstats"]);
        let line = told.lines().find_map(|line| line.strip_prefix("errorstat_TRYAGAIN:count="));
        line.map_or(0, |count| count.trim().parse().unwrap())
    };
    let before = asked();
    until("further tries", || asked() > before + 10);
    assert!(!waits.is_over());
    migrate(&day);
    // Now they are sent on (ASK), for this once: the slot is still the old one's.
    assert_eq!(Word::of(&talk.hear()), Word::Allowed);
    assert_eq!(waits.wait().expect(0).stderr, "");
    allowed(&mut talk, &with(long));
    // The slot is the new one's (MOVED).
    for node in [to, from, (from + 2) % 3] {
        slot_command(node, &["NODE", &cluster.id(to)]);
    }
    assert_eq!(Word::of(&talk.ask(&user)), Word::Allowed);
    assert_eq!(Word::of_run(&with(long).arg(&user)), Word::Allowed);
    assert_eq!(Word::of(&talk.ask(&user)), Word::Denied);
    let length: usize = ask(&mut cluster.nodes[to].connect(0), &["STRLEN", &login]);
    assert_eq!(length / 7, LIMIT);
    assert_eq!(talk.end().status.code(), Some(1));
}

#[test]
fn a_new_user_of_a_slot_that_moves_is_counted_where_it_goes() {
    let cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let login = keys(&prefix, &["newcomer".to_owned()]).remove(0);
    let slot = cluster.slot(&login);
    let (from, to) = (cluster.master_of(slot), (cluster.master_of(slot) + 1) % 3);
    let text = slot.to_string();
    let _: () = cluster.nodes[to].ask(&["CLUSTER", "SETSLOT", &text, "IMPORTING", &cluster.id(from)]);
    let _: () = cluster.nodes[from].ask(&["CLUSTER", "SETSLOT", &text, "MIGRATING", &cluster.id(to)]);
    let tool = patient(&cluster.config(), &prefix).arg("newcomer");
    let mut talk = Dialogue::begin(&quick(&cluster.config(), &prefix).arg("--batch"));
    for _ in 0..LIMIT / 2 {
        assert_eq!(Word::of_run(&tool), Word::Allowed);
        until("an answer", || Word::of(&talk.ask("newcomer")) == Word::Allowed);
    }
    assert_eq!(Word::of_run(&tool), Word::Denied);
    let mut server = cluster.nodes[to].connect(0);
    let _: () = ask(&mut server, &["ASKING"]);
    let length: usize = ask(&mut server, &["STRLEN", &login]);
    assert_eq!(length / 7, LIMIT);
}
