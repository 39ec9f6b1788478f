//! A public space in a database of its own: what staff set up, what they do, and what epn-ingest made of it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use mysql::{Conn, Params, Value as Sql, prelude::Queryable};
use serde_json::{Value, json};

use crate::support::{Database, MariaDb, Tool};

/// A space with the tables installed.
pub struct Space {
    pub database: Database,
    pub conn: Conn,
    pub zone: Tz,
    workshops: BTreeMap<String, u64>,
    tool: Tool,
}

impl Space {
    /// An empty space, run with this configuration.
    pub fn new(zone: Tz, config: &str) -> Self {
        let database = MariaDb::shared().database();
        let config = format!("general.timezone = {:?}\nmysql.retry_for = \"10s\"\n{config}", zone.name());
        let tool = Tool::new("epn-ingest").url(&database).config(&config);
        let installed = tool.clone().arg("--init-db").run();
        assert_eq!(installed.status, 0, "{installed:?}");
        let mut conn = database.conn();
        conn.query_drop("SET time_zone = '+00:00'").unwrap();
        Self { database, conn, zone, workshops: BTreeMap::new(), tool }
    }

    /// epn-ingest at the time `now`.
    pub fn ingest_at(&self, now: DateTime<Utc>) -> Tool {
        self.tool.clone().arg("--now").arg(now.to_rfc3339())
    }

    /// Runs epn-ingest and returns its summary.
    #[track_caller]
    pub fn ingest(&self, now: DateTime<Utc>) -> Value {
        let run = self.ingest_at(now).arg("--json").run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// A local time of the space (one that the clock shows twice carries its offset), as UTC.
    pub fn time(&self, text: &str) -> DateTime<Utc> {
        if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
            return exact.to_utc();
        }
        if let Ok(exact) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z") {
            return exact.to_utc();
        }
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        self.zone.from_local_datetime(&local).single().unwrap_or_else(|| panic!("{text} is no time")).to_utc()
    }

    fn local(&self, time: NaiveDateTime) -> String {
        let local = time.and_utc().with_timezone(&self.zone);
        let ambiguous = self.zone.from_local_datetime(&local.naive_local()).single().is_none();
        local.format(if ambiguous { "%Y-%m-%dT%H:%M%:z" } else { "%Y-%m-%dT%H:%M" }).to_string()
    }

    fn exec(&mut self, sql: &str, values: Vec<Sql>) {
        self.conn.exec_drop(sql, Params::Positional(values)).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn sql_time(&self, value: &Value) -> Sql {
        self.time(text(value)).naive_utc().into()
    }

    fn user_id(&mut self, login: &str) -> u64 {
        self.id("SELECT id FROM epn_user WHERE login = ?", login)
    }

    fn computer_id(&mut self, name: &str) -> u64 {
        self.id("SELECT id FROM epn_computer WHERE netbios_name = ?", name)
    }

    fn id(&mut self, sql: &str, name: &str) -> u64 {
        self.conn.exec_first(sql, (name,)).unwrap().unwrap_or_else(|| panic!("no {name}: {sql}"))
    }

    fn room_id(&mut self, name: &Value) -> Sql {
        let Some(name) = name.as_str() else { return Sql::NULL };
        self.exec("INSERT IGNORE INTO epn_room (name) VALUES (?)", vec![name.into()]);
        self.id("SELECT id FROM epn_room WHERE name = ?", name).into()
    }

    /// Adds a person.
    pub fn add_user(&mut self, user: &Value) {
        self.exec(
            "INSERT INTO epn_user (id, login, is_staff, credit_minutes, workshop_credits) VALUES (?, ?, ?, ?, ?)",
            vec![
                number(&user["id"]),
                text(&user["login"]).into(),
                user["is_staff"].as_bool().unwrap_or(false).into(),
                number(&user["credit_minutes"]),
                number(&user["workshop_credits"]),
            ],
        );
    }

    /// Adds a machine.
    pub fn add_computer(&mut self, computer: &Value) {
        let room = self.room_id(&computer["room"]);
        let name = text(&computer["netbios"]).into();
        let ip = computer["ip"].as_str().into();
        self.exec(
            "INSERT INTO epn_computer (netbios_name, room_id, ip) VALUES (?, ?, ?)",
            vec![name, room, ip],
        );
    }

    /// Adds a workshop with its lists.
    pub fn add_workshop(&mut self, workshop: &Value) {
        let room = self.room_id(&workshop["room"]);
        let state = |key: &str| workshop[key].as_bool().unwrap_or(false);
        let status = match (state("cancelled"), state("closed")) {
            (true, _) => "cancelled",
            (false, true) => "closed",
            (false, false) => "open",
        };
        let name = text(&workshop["id"]).to_owned();
        let values = vec![
            name.as_str().into(),
            room,
            self.sql_time(&workshop["start"]),
            self.sql_time(&workshop["end"]),
            number(&workshop["capacity"]),
            status.into(),
        ];
        self.exec(
            "INSERT INTO epn_workshop (title, room_id, starts_at, ends_at, capacity, status) VALUES (?, ?, ?, ?, ?, ?)",
            values,
        );
        let id = self.conn.last_insert_id();
        self.workshops.insert(name, id);
        for machine in list(&workshop["computers"]) {
            let computer = self.computer_id(text(machine));
            self.exec("INSERT INTO epn_workshop_computer VALUES (?, ?)", vec![id.into(), computer.into()]);
        }
        for (key, status) in [
            ("registered", "registered"),
            ("waiting", "waiting"),
            ("present", "present"),
            ("withdrawn", "cancelled"),
        ] {
            for login in list(&workshop[key]) {
                let user = self.user_id(text(login));
                let sql = "INSERT INTO epn_attendance (workshop_id, user_id, status, source) VALUES (?, ?, ?, 'staff')";
                self.exec(sql, vec![id.into(), user.into(), status.into()]);
            }
        }
    }

    /// Adds a booking made beforehand.
    pub fn add_reservation(&mut self, reservation: &Value) {
        let cancelled = reservation["cancelled"].as_bool().unwrap_or(false);
        let values = vec![
            self.computer_id(text(&reservation["machine"])).into(),
            self.user_id(text(&reservation["login"])).into(),
            self.sql_time(&reservation["start"]),
            self.sql_time(&reservation["end"]),
            if cancelled { "cancelled" } else { "booked" }.into(),
            reservation["verified"].as_bool().unwrap_or(false).into(),
        ];
        self.exec(
            "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, source, verified) \
             VALUES (?, ?, ?, ?, ?, 'staff', ?)",
            values,
        );
    }

    /// Adds rows of a snapshot, as they stand in a scenario.
    pub fn add_snapshots<'a>(&mut self, rows: impl Iterator<Item = &'a Value>) {
        for row in rows {
            let values = vec![
                self.sql_time(&row["at"]),
                row["server"].as_str().unwrap_or("nas").into(),
                text(&row["login"]).into(),
                text(&row["machine"]).into(),
                row["ip"].as_str().into(),
            ];
            // A replayed dump holds rows that are still there.
            self.exec(
                "INSERT IGNORE INTO users_temp (seen_at, server, login, machine, ip) VALUES (?, ?, ?, ?, ?)",
                values,
            );
        }
    }

    /// What staff do.
    pub fn event(&mut self, event: &Value) {
        let at = self.sql_time(&event["at"]);
        let workshop = event["workshop"].as_str().map(|name| self.workshops[name]);
        match text(&event["do"]) {
            kind @ ("cancel" | "verify") => {
                let values = vec![
                    self.user_id(text(&event["login"])).into(),
                    self.computer_id(text(&event["machine"])).into(),
                    self.sql_time(&event["start"]),
                ];
                let found =
                    "SELECT id FROM epn_booking WHERE user_id = ? AND computer_id = ? AND starts_at = ?";
                let booking: u64 =
                    self.conn.exec_first(found, values).unwrap().expect("the booking of the event");
                if kind == "cancel" {
                    let sql = "UPDATE epn_booking SET status = 'cancelled', changed_at = ? WHERE id = ?";
                    self.exec(sql, vec![at, booking.into()]);
                } else {
                    let sql = "UPDATE epn_booking SET verified = 1, changed_at = ? WHERE id = ?";
                    self.exec(sql, vec![at, booking.into()]);
                    for (key, column) in [("new_start", "starts_at"), ("new_end", "ends_at")] {
                        if event[key].is_string() {
                            let time = self.sql_time(&event[key]);
                            let sql = format!("UPDATE epn_booking SET {column} = ? WHERE id = ?");
                            self.exec(&sql, vec![time, booking.into()]);
                        }
                    }
                }
            }
            kind @ ("unregister" | "withdraw") => {
                let user = self.user_id(text(&event["login"]));
                let sql = if kind == "unregister" {
                    "DELETE FROM epn_attendance WHERE workshop_id = ? AND user_id = ?"
                } else {
                    "UPDATE epn_attendance SET status = 'cancelled' WHERE workshop_id = ? AND user_id = ?"
                };
                self.exec(sql, vec![workshop.expect("a workshop").into(), user.into()]);
            }
            kind @ ("close_workshop" | "cancel_workshop") => {
                let status = if kind == "close_workshop" { "closed" } else { "cancelled" };
                let sql = "UPDATE epn_workshop SET status = ? WHERE id = ?";
                self.exec(sql, vec![status.into(), workshop.expect("a workshop").into()]);
            }
            "move_computer" => {
                let room = self.room_id(&event["room"]);
                let computer = self.computer_id(text(&event["machine"]));
                self.exec("UPDATE epn_computer SET room_id = ? WHERE id = ?", vec![room, computer.into()]);
            }
            "rename_user" => {
                let values = vec![text(&event["to"]).into(), text(&event["login"]).into()];
                self.exec("UPDATE epn_user SET login = ? WHERE login = ?", values);
            }
            "rename_computer" => {
                let values = vec![text(&event["to"]).into(), text(&event["machine"]).into()];
                self.exec("UPDATE epn_computer SET netbios_name = ? WHERE netbios_name = ?", values);
            }
            "add_user" => self.add_user(event.get("user").unwrap_or(event)),
            "add_computer" => self.add_computer(event.get("computer").unwrap_or(event)),
            other => panic!("no such event: {other}"),
        }
        for (key, column) in [("credits", "credit_minutes"), ("workshop_credits", "workshop_credits")] {
            if let Some(balances) = event[key].as_object() {
                for (login, balance) in balances {
                    let sql = format!("UPDATE epn_user SET {column} = ? WHERE login = ?");
                    self.exec(&sql, vec![number(balance), login.as_str().into()]);
                }
            }
        }
    }

    /// A notice that names its workshop by title, as the scenarios do, rather than by id.
    pub fn by_title(&self, notice: &str) -> String {
        let Some(id) = notice.strip_prefix("over-capacity:") else { return notice.to_owned() };
        let title = self.workshops.iter().find(|(_, known)| known.to_string() == id);
        format!("over-capacity:{}", title.expect("a workshop of the scenario").0)
    }

    /// The bookings and uses, sorted by start, machine, login.
    pub fn sessions(&mut self) -> Value {
        let sql = "SELECT u.login, c.netbios_name, b.starts_at, b.ends_at, b.source, b.status, b.verified \
                   FROM epn_booking b JOIN epn_user u ON u.id = b.user_id JOIN epn_computer c ON c.id = b.computer_id \
                   ORDER BY b.starts_at, c.netbios_name, u.login";
        type Row = (String, String, NaiveDateTime, NaiveDateTime, String, String, bool);
        let rows: Vec<Row> = self.conn.query(sql).unwrap();
        rows.into_iter()
            .map(|(login, machine, start, end, source, status, verified)| {
                json!({
                    "login": login,
                    "machine": machine,
                    "start": self.local(start),
                    "end": self.local(end),
                    "origin": if source == "ingest" { "auto" } else { "reservation" },
                    "seen": status == "used",
                    "verified": verified,
                    "cancelled": status == "cancelled",
                })
            })
            .collect()
    }

    /// The attendance lists.
    pub fn attendance(&mut self) -> Value {
        let sql = "SELECT w.title, u.login, a.status, a.source FROM epn_attendance a \
                   JOIN epn_workshop w ON w.id = a.workshop_id JOIN epn_user u ON u.id = a.user_id \
                   ORDER BY w.title, u.login";
        let rows: Vec<(String, String, String, String)> = self.conn.query(sql).unwrap();
        rows.into_iter()
            .map(|(workshop, login, status, source)| {
                json!({"workshop": workshop, "login": login, "status": status, "auto": source == "ingest"})
            })
            .collect()
    }

    /// A column of balances, by login.
    pub fn balances(&mut self, column: &str) -> Value {
        let sql = format!("SELECT login, {column} FROM epn_user WHERE {column} IS NOT NULL");
        let rows: Vec<(String, i64)> = self.conn.query(sql).unwrap();
        rows.into_iter().map(|(login, balance)| (login, json!(balance))).collect()
    }

    /// Rows in a table.
    pub fn count(&mut self, table: &str) -> u64 {
        self.conn.query_first(format!("SELECT COUNT(*) FROM {table}")).unwrap().unwrap()
    }
}

/// A text of a scenario.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A list of a scenario, empty if it is not there.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> Sql {
    value.as_i64().into()
}
