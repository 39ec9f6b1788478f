//! What a person at a terminal sees of a long run. Cron sees nothing.

use std::cell::OnceCell;

use chrono::DateTime;

use super::slot::Slots;

/// A line that says how far the run is. It appears when there is something to wait for, and vanishes at the end.
#[derive(Default)]
pub struct ProgressBar(OnceCell<indicatif::ProgressBar>);

impl ProgressBar {
    /// So many records of the time of `slots` have been read.
    pub fn show(&self, read: u64, slots: Slots) {
        // Draws on standard error, and only if that is a terminal.
        let bar = self.0.get_or_init(indicatif::ProgressBar::new_spinner);
        let day = |second: i64| {
            DateTime::from_timestamp(second, 0).map_or_else(String::new, |time| time.date_naive().to_string())
        };
        bar.set_message(format!("{} to {}: {read} session records", day(slots.begin), day(slots.end() - 1)));
        bar.tick();
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        if let Some(bar) = self.0.get() {
            bar.finish_and_clear();
        }
    }
}
