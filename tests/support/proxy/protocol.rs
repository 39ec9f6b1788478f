//! Where the messages of a protocol begin and end.

use std::io::{self, BufRead};

/// What tells one statement from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    MySql,
    Redis,
}

impl Protocol {
    /// One message of the client.
    pub fn message(self, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
        match self {
            // Length (3 bytes), number, contents.
            Self::MySql => {
                let mut packet = vec![0; 4];
                from.read_exact(&mut packet)?;
                let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
                packet.resize(4 + length as usize, 0);
                from.read_exact(&mut packet[4..])?;
                Ok(packet)
            }
            // An array of bulk strings: *COUNT, then $LENGTH and the bytes of each.
            Self::Redis => {
                let mut command = Vec::new();
                let count = number(from, &mut command)?;
                for _ in 0..count {
                    let length = number(from, &mut command)?;
                    let begin = command.len();
                    command.resize(begin + length + 2, 0);
                    from.read_exact(&mut command[begin..])?;
                }
                Ok(command)
            }
        }
    }

    /// Whether a message is a statement to be done. Of MySQL: a query (3) or a prepared one (23), at the begin of a
    /// conversation.
    pub fn is_statement(self, message: &[u8]) -> bool {
        self == Self::Redis || message[3] == 0 && matches!(message.get(4), Some(3 | 23))
    }
}

/// The number in the next line, behind its first character.
fn number(from: &mut impl BufRead, command: &mut Vec<u8>) -> io::Result<usize> {
    let begin = command.len();
    from.read_until(b'\n', command)?;
    let line = std::str::from_utf8(&command[begin..]).ok();
    let number = line.and_then(|line| line.get(1..)?.trim_end().parse().ok());
    number.ok_or(io::ErrorKind::InvalidData.into())
}
