//! The names in the counters, each kept once. A site with a million users has several counters of each of them.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
};

use hashbrown::HashTable;

use super::user::unescape;

/// So few names are found faster by looking at each of them: services and rules are.
const FEW: usize = 8;

/// The place of a name among the [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

impl Name {
    /// As an index: names are numbered from 0 on.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names, one behind the other in one text of 4 GiB at most.
#[derive(Debug, Default)]
pub struct Names {
    /// As they stand in keys.
    text: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<u32>,
    by_name: HashTable<Entry>,
    hasher: RandomState,
}

/// With a part of its hash, so that the table grows without a look at a million names.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    name: Name,
}

impl Entry {
    /// All bits of the hash decide about the place of the entry.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Names {
    /// The place of a name, given as it stands in keys; new ones get the next one.
    pub fn add(&mut self, name: &[u8]) -> Name {
        if self.len() <= FEW {
            let known = self.all().find(|known| slice(&self.text, &self.ends, *known) == name);
            if let Some(known) = known {
                return known;
            }
        }
        let Self { text, ends, by_name, hasher } = self;
        let hash = hasher.hash_one(name) as u32;
        let is_it = |known: &Entry| known.hash == hash && slice(text, ends, known.name) == name;
        if let Some(known) = by_name.find(Entry::spread(hash), is_it) {
            return known.name;
        }
        let new = Name(u32::try_from(ends.len()).unwrap_or(u32::MAX));
        text.extend_from_slice(name);
        ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        let entry = Entry { hash, name: new };
        by_name.insert_unique(Entry::spread(hash), entry, |known| Entry::spread(known.hash));
        new
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name with this index.
    pub fn at(&self, index: usize) -> Option<Name> {
        u32::try_from(index).ok().filter(|_| index < self.ends.len()).map(Name)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Name> {
        (0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX)).map(Name)
    }

    /// A name as people know it. What is not UTF-8 is told as well as can be.
    pub fn get(&self, name: Name) -> Cow<'_, str> {
        let escaped = String::from_utf8_lossy(slice(&self.text, &self.ends, name));
        if escaped.contains('%') { Cow::Owned(unescape(&escaped)) } else { escaped }
    }
}

fn slice<'a>(text: &'a [u8], ends: &[u32], name: Name) -> &'a [u8] {
    let begin = name.index().checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(name.index()).and_then(|end| text.get(begin as usize..*end as usize)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_told_as_it_was() {
        let mut names = Names::default();
        let added: Vec<Name> =
            ["zoé", "a%20b", "", "zoé"].iter().map(|name| names.add(name.as_bytes())).collect();
        assert_eq!(added, [Name(0), Name(1), Name(2), Name(0)]);
        assert_eq!((names.len(), names.get(Name(0)), names.get(Name(1))), (3, "zoé".into(), "a b".into()));
        assert_eq!(names.get(Name(2)), "");
        let odd = names.add(b"\xff");
        assert_eq!(names.get(odd), "\u{fffd}");
        assert_eq!(names.all().count(), 4);
        for number in 0..10_000 {
            names.add(format!("u{number}").as_bytes());
        }
        assert_eq!((names.len(), names.add(b"u77")), (10_004, Name(81)));
    }
}
