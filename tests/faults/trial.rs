//! A case from its beginning to what is wrong with its end.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    case::{Case, Run, SCENES, Scene},
    fault::Fault,
    judge,
    strike::{Usual, strike, usual},
    world::{World, limits},
    worlds::world,
};

/// How many cases there are unless it is said.
const CASES: u64 = 140;

/// A world that is used for one case after the other, and what is known of its variants.
struct Court {
    world: Box<dyn World>,
    command: String,
    usual: HashMap<u64, Usual>,
    undisturbed: HashMap<u64, String>,
    /// How many runs there were whose fault has a moment, and how many came to it.
    struck: (usize, usize),
}

impl Court {
    fn new(scene: Scene) -> Self {
        let world = world(scene);
        let tool = world.tool(0, 0, 0, "");
        let command = tool.path().file_name().unwrap().to_string_lossy().into_owned();
        Self { world, command, usual: HashMap::new(), undisturbed: HashMap::new(), struck: (0, 0) }
    }

    /// What is usual for a variant, and what undisturbed runs of it leave.
    fn learn(&mut self, variant: u64) -> Usual {
        if let Some(usual) = self.usual.get(&variant) {
            return *usual;
        }
        let world = &mut self.world;
        world.rewind(variant);
        let usual = usual(world.servers(), &world.tool(variant, 0, 0, limits(false)));
        world.servers().direct(world.tool(variant, 1, LAST, limits(false))).run();
        self.undisturbed.insert(variant, world.left());
        self.usual.insert(variant, usual);
        usual
    }

    /// What is wrong with a case.
    fn try_case(&mut self, case: &Case) -> Vec<String> {
        let usual = self.learn(case.variant);
        let world = &mut self.world;
        world.rewind(case.variant);
        let (mut ends, mut wrong) = (Vec::new(), Vec::new());
        for (number, run) in case.runs.iter().enumerate() {
            let tool = world.tool(case.variant, number, run.shift, limits(true));
            let end = strike(world.servers(), tool, run.fault, &usual);
            self.struck.0 += usize::from(end.was_struck.is_some());
            self.struck.1 += usize::from(end.was_struck == Some(true));
            let mut found = judge::of_run(&self.command, run, &end);
            found.extend(world.after(case.variant, number, run, &end));
            wrong.extend(found.into_iter().map(|what| format!("run {number} ({:?}): {what}", run.fault)));
            ends.push(end);
        }
        let shift = if world.is_compared() { LAST } else { 0 };
        let last = world.tool(case.variant, case.runs.len(), shift, limits(false));
        let end = strike(world.servers(), last, Fault::None, &usual);
        if end.output.status > 1 {
            wrong.push(format!("the undisturbed run: {:?}", end.output));
        }
        let none = Run { shift: 0, fault: Fault::None };
        wrong.extend(judge::of_run(&self.command, &none, &end));
        wrong.extend(world.after(case.variant, case.runs.len(), &none, &end));
        if world.is_compared() {
            let (is, should) = (world.left(), &self.undisturbed[&case.variant]);
            if is != *should {
                wrong.push(format!("what is left differs:\n{}", difference(should, &is)));
            }
        }
        wrong.extend(world.in_the_end(case, &ends));
        wrong
    }
}

/// By how many minutes the run at the end is later than all others: a wrong clock shall not be its excuse.
const LAST: i64 = 61;

/// The lines that only one side has, some of them.
fn difference(should: &str, is: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (should, is) = (lines(should), lines(is));
    let only = |sign: &str, of: &[String], other: &[String]| {
        let other: std::collections::HashSet<_> = other.iter().collect();
        let lines = of.iter().filter(|line| !other.contains(line)).take(8);
        lines
            .map(|line| format!("  {sign} {}", line.chars().take(240).collect::<String>()))
            .collect::<Vec<_>>()
    };
    let mut all = only("-", &should, &is);
    all.extend(only("+", &is, &should));
    if all.is_empty() { "  the same lines, in another number".to_owned() } else { all.join("\n") }
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Tries the cases of a scene: those that CI has, or those that `make faults` asks for.
#[track_caller]
pub fn try_scene(scene: Scene) {
    let seeds = match setting("FAULTS_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let first = setting("FAULTS_FROM").unwrap_or(0);
            first..first + setting("FAULTS_CASES").unwrap_or(CASES)
        }
    };
    let (mut court, mut wrong, mut count) = (None, Vec::new(), 0);
    for case in seeds.filter(|seed| SCENES[(seed % SCENES.len() as u64) as usize] == scene).map(Case::draw) {
        count += 1;
        let tried =
            catch_unwind(AssertUnwindSafe(|| court.get_or_insert_with(|| Court::new(scene)).try_case(&case)));
        let found = tried.unwrap_or_else(|panic| {
            // Its servers may be in any state.
            court = None;
            let said = panic.downcast_ref::<String>().cloned();
            vec![said.unwrap_or_else(|| "a panic; what it said stands above".to_owned())]
        });
        if !found.is_empty() {
            let told = format!("{case}\n{}\nAgain: make faults SEED={}\n", found.join("\n"), case.seed);
            eprintln!("{told}");
            wrong.push(told);
        }
        if wrong.len() >= 20 {
            break;
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    let (runs, struck) = court.map_or((0, 0), |court| court.struck);
    assert!(struck * 2 >= runs || count < 10, "only {struck} of {runs} faults came about");
}
