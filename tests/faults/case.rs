//! What a seed stands for: a command, and what befalls it in which run.

use std::fmt;

use crate::fault::Fault;

/// A command with its data: which world a case takes place in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// samba-snapshot: snapshots into MySQL, or the spool.
    Snapshots,
    /// epn-ingest: a queue of some days.
    Ingest,
    /// session-aggregate: session records, uses of machines and the log of web pages.
    Aggregate,
    /// ratelimit-check: one user after the other, or a list of them.
    Limits,
    /// stats-report: a report that takes the place of an older one.
    Report,
    /// macrosession-compile: templates that have changed.
    Pages,
    /// Any command that finds no tables.
    Tables,
}

pub const SCENES: [Scene; 7] = [
    Scene::Snapshots,
    Scene::Ingest,
    Scene::Aggregate,
    Scene::Limits,
    Scene::Report,
    Scene::Pages,
    Scene::Tables,
];

impl Scene {
    /// Whether the command asks MySQL.
    pub fn has_mysql(self) -> bool {
        !matches!(self, Self::Limits | Self::Pages)
    }

    /// Whether it asks Redis.
    pub fn has_redis(self) -> bool {
        matches!(self, Self::Limits | Self::Report)
    }

    /// Whether it writes files of its own (besides its lock).
    pub fn has_files(self) -> bool {
        matches!(self, Self::Snapshots | Self::Report | Self::Pages)
    }
}

/// How many data sets, or ways to call the command, a scene has at most.
const VARIANTS: u64 = 24;

/// One disturbed run.
#[derive(Clone, Debug)]
pub struct Run {
    /// How wrong the clock of this run is, in minutes.
    pub shift: i64,
    pub fault: Fault,
}

/// A case: disturbed runs, one after the other. An undisturbed one follows.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub scene: Scene,
    /// Which of several data sets, or ways to call the command.
    pub variant: u64,
    pub runs: Vec<Run>,
}

impl Case {
    /// The case of a seed. The same seed is the same case, whatever else runs.
    pub fn draw(seed: u64) -> Self {
        let scene = SCENES[(seed % SCENES.len() as u64) as usize];
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
        let variant = dice.below(VARIANTS);
        // The limiter is about many tries; elsewhere, the run that makes up for another is sometimes disturbed, too.
        let count = match scene {
            Scene::Limits => 2 + dice.below(6),
            _ => 1 + u64::from(dice.below(5) < 2),
        };
        let run = |_| {
            let shift = if dice.below(4) == 0 { dice.below(240).cast_signed() - 180 } else { 0 };
            Run { shift, fault: Fault::draw(&mut dice, scene) }
        };
        Self { seed, scene, variant, runs: (0..count).map(run).collect() }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "seed {}: {:?}, variant {}", self.seed, self.scene, self.variant)?;
        for run in &self.runs {
            write!(formatter, "; {:?}", run.fault)?;
            if run.shift != 0 {
                write!(formatter, ", the clock {} min off", run.shift)?;
            }
        }
        Ok(())
    }
}

/// Numbers that follow from a seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 or more, less than `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// 0 or more, less than 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}
