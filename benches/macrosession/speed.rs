//! Compiling, without files.

use sessionstat::macrosession::language::{Context, Rules, compile};

use crate::{hostile::HOSTILE, shortest, table, templates};

const TURNS: usize = 60;
/// Turns of what takes a hundred times longer.
const SLOW_TURNS: usize = 3;
/// The two lengths that are compared.
const LENGTHS: [usize; 2] = [1_000_000, 10_000_000];

/// Templates as they are usual, beside reading and copying them.
pub fn usual() {
    println!("templates of 1 MB into pages, in MB of template a second");
    for (name, template) in
        [("a macro every 400 bytes", templates::usual()), ("hardly anything but macros", templates::dense())]
    {
        let template = template.as_bytes();
        let speed = |took: std::time::Duration| template.len() as f64 / took.as_secs_f64() / 1e6;
        assert!(page(template).is_some(), "a page");
        let compiled = speed(shortest(TURNS, || page(template)));
        let copied = speed(shortest(TURNS, || std::hint::black_box(template).to_vec()));
        let read =
            speed(shortest(TURNS, || memchr::memchr_iter(b'#', std::hint::black_box(template)).count()));
        let macros = memchr::memchr_iter(b'#', template).count() as f64 / template.len() as f64;
        let seconds = |speed: f64| template.len() as f64 / 1e6 / speed;
        table::line(&format!("1 MB, {name}"), seconds(compiled), "finding each #", seconds(read));
        println!(
            "  {name:<28} {compiled:>6.0} ({:.2} million macros a second)\n    beside finding each # with memchr: \
             {read:.0}, ratio {:.0}; copying: {copied:.0}, ratio {:.0}",
            compiled * macros,
            read / compiled,
            copied / compiled
        );
    }
}

fn page(template: &[u8]) -> Option<Vec<u8>> {
    let compiled = compile(template, &Rules::default(), &Context::default());
    compiled.page.map(|page| page.with_header("source: accueil.html"))
}

/// Templates that are made to take long: the time a byte, beside that of a template ten times shorter.
pub fn lengths() {
    println!("hostile templates of 10 MB, beside those of 1 MB: ns a byte, ratio of the time a byte");
    let mut measured: Vec<_> = HOSTILE
        .iter()
        .map(|hostile| {
            let [short, long] = LENGTHS.map(|length| {
                let template = hostile.template(length);
                shortest(SLOW_TURNS, || page(&template)).as_secs_f64() * 1e9 / template.len() as f64
            });
            (long / short, long, hostile.part)
        })
        .collect();
    measured.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (ratio, nanoseconds, part) in measured {
        println!("  {:<36} {nanoseconds:>8.2} {ratio:>6.2}", part.escape_debug().to_string());
    }
}
