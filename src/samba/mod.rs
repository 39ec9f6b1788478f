//! Samba
