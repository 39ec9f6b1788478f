//! stats-report against a real MariaDB and a real Redis.

#![allow(unreachable_pub)] // the modules of a test share what they have

#[path = "../support/mod.rs"]
mod support;

// mod database;
// mod edges;
// mod json;
// mod manual;
mod space;
// mod table;
#[test]
fn probe() {
    let db = space::filled();
    for l in ["en", "fr"] { let o = space::report(&db).args(space::DAY).args(["--lang", l]).run(); println!("{}{}", o.stdout, o.stderr); }
    let o = space::report(&db).args(space::DAY).args(["--format", "json"]).run(); println!("{}{}", o.stdout, o.stderr);
    let o = space::report(&db).args(space::DAY).env("LC_ALL","C").env("COLUMNS", "60").args(["epn", "--lang=fr"]).run(); println!("{}{}", o.stdout, o.stderr);
    let o = space::report(&space::empty()).run(); println!("{}{}", o.stdout, o.stderr);
}
