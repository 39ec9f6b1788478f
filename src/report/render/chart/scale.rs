//! An axis of numbers: from where to where, and which of them are written at it.

use crate::report::language::Language;

/// Numbers at an axis, from 0 (or less) on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    least: f64,
    most: f64,
    step: f64,
}

impl Scale {
    /// One that holds all values, with about `parts` parts; of things that are counted in `whole` ones.
    pub(super) fn of(values: impl Iterator<Item = f64>, parts: u32, whole: bool) -> Self {
        let (least, most) =
            values.fold((0.0_f64, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        let step = nice((most - least) / f64::from(parts.max(1)));
        let step = if whole { step.max(1.0) } else { step };
        let most = (most / step).ceil().max(1.0) * step;
        Self { least: (least / step).floor() * step, most, step }
    }

    /// Where a value stands, from 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        (value - self.least) / (self.most - self.least)
    }

    /// The values that are written at the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let parts = ((self.most - self.least) / self.step).round() as usize;
        (0..=parts).map(|part| self.least + part as f64 * self.step).collect()
    }

    /// A value as it is written there: with as many decimals as the steps need.
    pub(super) fn label(&self, value: f64, language: Language) -> String {
        if self.step >= 1.0 {
            return language.whole(value.round() as i64, true);
        }
        let said = language.signed_hundredths((value * 100.0).round() as i64, true);
        if self.step >= 0.1 { said.strip_suffix('0').map(str::to_owned).unwrap_or(said) } else { said }
    }
}

/// 1, 2 or 5 times a power of ten, at least `value` and a hundredth.
fn nice(value: f64) -> f64 {
    let value = if value.is_finite() { value.max(0.01) } else { 1.0 };
    let power = 10_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|times| times * power >= value * 0.999_999);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], whole: bool) -> Vec<String> {
        let scale = Scale::of(values.iter().copied(), 4, whole);
        scale.ticks().iter().map(|tick| scale.label(*tick, Language::Fr)).collect()
    }

    #[test]
    fn numbers_at_the_axis_are_round_and_hold_all_values() {
        assert_eq!(labels(&[194.0], true), ["0", "50", "100", "150", "200"]);
        assert_eq!(labels(&[8.0], true), ["0", "2", "4", "6", "8"]);
        assert_eq!(
            labels(&[3_999.5], false),
            ["0", "1\u{202f}000", "2\u{202f}000", "3\u{202f}000", "4\u{202f}000"]
        );
        assert_eq!(labels(&[0.85], false), ["0,0", "0,5", "1,0"]);
        assert_eq!(labels(&[0.07], false), ["0,00", "0,02", "0,04", "0,06", "0,08"]);
    }

    #[test]
    fn little_nothing_and_less_than_nothing_have_an_axis_too() {
        assert_eq!(labels(&[1.0], true), ["0", "1"]);
        assert_eq!(labels(&[], true), ["0", "1"]);
        assert_eq!(labels(&[-3.0, 5.0], true), ["-4", "-2", "0", "2", "4", "6"]);
        let scale = Scale::of([i64::MAX as f64].into_iter(), 4, true);
        assert!(scale.ticks().len() <= 6 && scale.place(i64::MAX as f64) <= 1.0);
    }
}
