//! `[samba]`: how samba-snapshot finds out who is connected.
