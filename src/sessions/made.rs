//! Session records that session-aggregate makes itself, of other sources: they follow what is known there.

use super::record::Record;

/// What has to be done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    Open,
    /// It ended: when and why.
    Close(i64, Option<i16>),
    /// It says something else than before: the first second that is touched.
    Rewrite(i64),
}

/// What makes `known` the record that it has to be; none: nothing.
pub fn change(known: Option<&Record>, wanted: &Record) -> Option<Change> {
    let Some(known) = known else { return Some(Change::Open) };
    if known == wanted {
        return None;
    }
    let closed = Record { end: wanted.end, context: wanted.context, ..known.clone() };
    match (known.end, wanted.end) {
        (None, Some(end)) if closed == *wanted => Some(Change::Close(end, wanted.context)),
        _ => Some(Change::Rewrite(known.start.min(wanted.start))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_follow_what_is_known() {
        let open = Record { id: "epn:7".into(), kind: 3, start: 1000, end: None, context: None, user: 3 };
        let closed = Record { end: Some(1900), context: Some(4), ..open.clone() };
        assert_eq!(change(None, &open), Some(Change::Open));
        assert_eq!(change(Some(&open), &open), None);
        assert_eq!(change(Some(&open), &closed), Some(Change::Close(1900, Some(4))));
        assert_eq!(change(Some(&closed), &open), Some(Change::Rewrite(1000)));
        let earlier = Record { start: 700, ..closed.clone() };
        assert_eq!(change(Some(&closed), &earlier), Some(Change::Rewrite(700)));
    }
}
