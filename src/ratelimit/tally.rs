//! A number for each of many names.

use super::names::Name;

/// Names whose numbers stand together. Names are numbered as they come, so that those of a time are neighbours.
const PAGE: usize = 64;

/// Sums by name. Names of which nothing is known take no room to speak of, as long as their neighbours are unknown, too.
#[derive(Debug, Default)]
pub struct Tally {
    pages: Vec<Option<Box<[u64; PAGE]>>>,
}

impl Tally {
    /// Adds to the sum of a name.
    pub fn add(&mut self, name: Name, count: u64) {
        let (page, place) = (name.index() / PAGE, name.index() % PAGE);
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let page = self.pages.get_mut(page).map(|page| page.get_or_insert_with(|| Box::new([0; PAGE])));
        if let Some(sum) = page.and_then(|page| page.get_mut(place)) {
            *sum = sum.saturating_add(count);
        }
    }

    /// All sums but those that are 0, by the index of the name.
    pub fn all(&self) -> impl Iterator<Item = (usize, u64)> {
        self.pages
            .iter()
            .enumerate()
            .filter_map(|(number, page)| Some((number * PAGE, page.as_ref()?)))
            .flat_map(|(first, page)| page.iter().enumerate().map(move |(place, sum)| (first + place, *sum)))
            .filter(|(_, sum)| *sum > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratelimit::names::Names;

    #[test]
    fn each_name_has_its_own_sum() {
        let mut names = Names::default();
        let all: Vec<Name> = (0..1_000).map(|number: u32| names.add(number.to_string().as_bytes())).collect();
        let mut tally = Tally::default();
        for number in [999, 64, 63, 64] {
            tally.add(all[number], number as u64);
        }
        tally.add(all[5], 0);
        tally.add(all[63], u64::MAX);
        let told: Vec<_> = tally.all().collect();
        assert_eq!(told, [(63, u64::MAX), (64, 128), (999, 999)]);
    }
}
