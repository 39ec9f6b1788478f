//! What others write: staff the space, Samba and web pages what happens.

use mysql::{Conn, prelude::Queryable};

use crate::{
    plan::{BEGIN, DAY, OPENS, Plan, SNAPSHOT, Session, Trace, Visit, login},
    support::Database,
};

/// Rows in one statement.
const PART: usize = 2_000;

/// Rooms, machines and people of all sites, each site a room.
pub fn space(database: &Database, plan: &Plan) {
    let Plan { sites, computers, people, .. } = plan;
    let mut conn = database.conn();
    for sql in [
        format!(
            "INSERT INTO epn_room (id, name) SELECT 1 + seq, CONCAT('site ', seq) FROM seq_0_to_{}",
            sites - 1
        ),
        format!(
            "INSERT INTO epn_computer (id, netbios_name, room_id, ip) SELECT 1 + seq, \
             CONCAT('S', seq DIV {computers}, 'P', seq % {computers}), 1 + seq DIV {computers}, \
             CONCAT('10.', seq DIV 65536, '.', seq DIV 256 % 256, '.', seq % 256) FROM seq_0_to_{}",
            sites * computers - 1
        ),
        format!(
            "INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) SELECT 1 + seq, \
             CONCAT('u', seq DIV {people}, '-', seq % {people}), 60000, 200 FROM seq_0_to_{}",
            sites * people - 1
        ),
        "INSERT INTO utilisateurs (id, email) SELECT id, CONCAT(login, '@example.org') FROM epn_user"
            .to_owned(),
    ] {
        conn.query_drop(sql).unwrap();
    }
}

/// As many rows of the log as session-aggregate looks at again in each run (10,000), which say nothing: its cost a run
/// rises until there are so many.
pub fn old_log(database: &Database) {
    database.run(
        "INSERT INTO event_log (userid, timecreated) SELECT 0, 1 FROM seq_1_to_10000; \
         ALTER TABLE event_log AUTO_INCREMENT = 10001",
    );
}

/// The workshops of a day: each site has one a week, of two hours, for six.
pub fn workshops(conn: &mut Conn, plan: &Plan, day: i64) {
    let opens = BEGIN + day * DAY + OPENS;
    conn.query_drop(format!(
        "INSERT INTO epn_workshop (title, room_id, starts_at, ends_at, capacity) SELECT 'atelier', 1 + seq, \
         '1970-01-01' + INTERVAL {} SECOND, '1970-01-01' + INTERVAL {} SECOND, 6 \
         FROM seq_0_to_{} WHERE (seq + {day}) % 7 = 0",
        opens + 3_600,
        opens + 3 * 3_600,
        plan.sites - 1
    ))
    .unwrap();
}

/// What snapshots showed of these visits after one moment until another, as samba-snapshot writes it.
pub fn sightings(conn: &mut Conn, visits: &[Visit], after: i64, until: i64) -> u64 {
    let rows = visits.iter().flat_map(|visit| {
        let moments = (0..visit.snapshots).map(|number| visit.begins + number * SNAPSHOT);
        moments.filter(move |at| (after + 1..=until).contains(at)).map(move |at| {
            format!(
                "('1970-01-01' + INTERVAL {at} SECOND, 'site{site}', '{}', 'S{site}P{}')",
                visit.person.map_or("inconnu".to_owned(), |person| login(visit.site, person)),
                visit.computer,
                site = visit.site,
            )
        })
    });
    insert(conn, "INSERT INTO users_temp (seen_at, server, login, machine)", "", rows)
}

/// Session records of what began or ended in a stretch of time, as web pages write them. Counts those that began.
pub fn records<'a>(
    conn: &mut Conn,
    sessions: impl Iterator<Item = &'a Session> + Clone,
    after: i64,
    until: i64,
) -> u64 {
    let is_new = |moment: i64| (after + 1..=until).contains(&moment);
    let touched = sessions.clone().filter(|session| is_new(session.begins) || is_new(session.ends));
    let rows = touched.map(|Session { id, user, begins, ends }| {
        let (end, context) = if *ends <= until { (ends.to_string(), "1") } else { ("NULL".into(), "NULL") };
        format!("('{id}', 3, {begins}, {end}, {context}, {user})")
    });
    insert(
        conn,
        "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id)",
        "ON DUPLICATE KEY UPDATE end_time = VALUES(end_time), end_context = VALUES(end_context)",
        rows,
    );
    sessions.filter(|session| is_new(session.begins)).count() as u64
}

/// Rows of the log in a stretch of time, as pages write them.
pub fn traces(conn: &mut Conn, traces: &[Trace], after: i64, until: i64) -> u64 {
    let rows = traces.iter().filter(|trace| (after + 1..=until).contains(&trace.at));
    let rows = rows.map(|Trace { at, user, course, action }| {
        format!(
            "('\\\\\\\\mod_page\\\\\\\\event', 'mod_page', '{action}', 'page', {user}, {course}, {at}, 'web')"
        )
    });
    insert(
        conn,
        "INSERT INTO event_log (eventname, component, action, target, userid, courseid, timecreated, origin)",
        "",
        rows,
    )
}

/// What smbstatus prints of these visits at a moment: the machines have addresses and no names.
pub fn smbstatus(plan: &Plan, visits: &[Visit], at: i64) -> String {
    let shown = visits
        .iter()
        .enumerate()
        .filter(|(_, visit)| (visit.begins..visit.begins + visit.snapshots * SNAPSHOT).contains(&at));
    let sessions: Vec<String> = shown
        .map(|(number, visit)| {
            let machine = visit.site * plan.computers + visit.computer;
            let address = format!("10.{}.{}.{}", machine / 65_536, machine / 256 % 256, machine % 256);
            let login = visit.person.map_or("inconnu".to_owned(), |person| login(visit.site, person));
            format!(
                "\"{number}\": {{\"session_id\": \"{number}\", \"server_id\": {{\"pid\": \"{pid}\", \"task_id\": \"0\", \
                 \"vnn\": \"4294967295\", \"unique_id\": \"{number}\"}}, \"uid\": 2001, \"gid\": 2000, \
                 \"username\": \"{login}\", \"groupname\": \"usagers\", \"remote_machine\": \"{address}\", \
                 \"hostname\": \"ipv4:{address}:33289\", \"session_dialect\": \"SMB3_11\", \
                 \"encryption\": {{\"cipher\": \"-\", \"degree\": \"none\"}}, \
                 \"signing\": {{\"cipher\": \"-\", \"degree\": \"none\"}}}}",
                pid = 1_000 + number,
            )
        })
        .collect();
    format!(
        "{{\"timestamp\": \"2026-09-01T08:00:00.000000+0000\", \"version\": \"4.17.12-Debian\", \
         \"smb_conf\": \"/etc/samba/smb.conf\", \"sessions\": {{{}}}, \"tcons\": {{}}, \"open_files\": {{}}}}",
        sessions.join(", ")
    )
}

fn insert(conn: &mut Conn, head: &str, tail: &str, rows: impl Iterator<Item = String>) -> u64 {
    let rows: Vec<String> = rows.collect();
    for part in rows.chunks(PART) {
        conn.query_drop(format!("{head} VALUES {} {tail}", part.join(", "))).unwrap();
    }
    rows.len() as u64
}
