use crate::record::{read, read_str, read_u32, read_u64, records, BATCH_HEADER, COMMAND_HEADER, SLOT};
use crate::v1::VERBS;
use crate::{Guest, Plugin};
use std::fmt;

/// One command, read back for a test. As a line: `0 say text="Sold!" mood="happy" priority=70`.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Index of the event that caused it.
    pub event: u32,
    /// Its name, such as say.
    pub verb: &'static str,
    /// Its fields in order, by name.
    pub fields: Vec<(&'static str, Value)>,
}

/// A field of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number or a flag.
    Number(i64),
}

/// Runs the plugin over events as one batch, through the same records as on the show, and reads its commands back.
/// State stays in the plugin, so that a test may play on.
pub fn play<P: Plugin>(guest: &mut Guest<P>, events: &[Vec<u8>]) -> Vec<Command> {
    let mut batch = vec![0; BATCH_HEADER];
    for e in events {
        batch.extend_from_slice(e);
    }
    let size = batch.len() as u32;
    batch[..4].copy_from_slice(&(events.len() as u32).to_le_bytes());
    batch[4..8].copy_from_slice(&size.to_le_bytes());
    play_batch(guest, &batch)
}

/// Does the same with a buffer of events as the host writes it.
pub fn play_batch<P: Plugin>(guest: &mut Guest<P>, batch: &[u8]) -> Vec<Command> {
    records(guest.handle_batch(batch)).map(command).collect()
}

fn command(rec: &[u8]) -> Command {
    let (verb, fields) = VERBS[usize::from(u16::from_le_bytes(read(rec, 4)))];
    let value = |(i, &(name, text)): (usize, &(&'static str, bool))| {
        let v = read_u64(rec, COMMAND_HEADER + SLOT * i);
        (name, if text { Value::Text(read_str(rec, v).into()) } else { Value::Number(v as i64) })
    };
    Command { event: read_u32(rec, 8), verb, fields: fields.iter().enumerate().map(value).collect() }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.event, self.verb)?;
        for (name, v) in &self.fields {
            match v {
                Value::Number(0) if *name == "about" => {} // about the event that caused it
                Value::Number(n) => write!(f, " {}={}", name, n)?,
                Value::Text(s) => write!(f, " {}={:?}", name, s)?,
            }
        }
        Ok(())
    }
}
