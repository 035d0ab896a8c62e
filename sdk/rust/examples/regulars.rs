//! A personality that knows its bidders. What it does is written down, for every language, in
//! sdk/tck/examples/README.md.

#[path = "shared/lines.rs"]
mod lines;

use sothebais::{needs, store, BidAccepted, Commands, Event, LotSold, Plugin, Priority, View};
use std::collections::VecDeque;

const MOST_SEEN: usize = 256;
const MOST_WAITING: usize = 4;
const SILENCE: i64 = 2000; // milliseconds after which there is time for a newcomer

#[derive(Default)]
struct Regulars {
    returned: u64,
    seen: VecDeque<String>,  // accounts that have bid in this session
    waiting: VecDeque<Face>, // that nobody has greeted yet
}

/// Somebody who is here for the first time.
struct Face {
    seq: u64,
    handle: String,
}

impl Plugin for Regulars {
    const NEEDS: u64 = needs::STORE;

    fn handle(&mut self, e: Event<'_>, out: &mut Commands) {
        match e.view() {
            View::SessionOpened(_) => *self = Regulars::default(),
            View::BidAccepted(b) if usable(b.bidder()) && usable(b.handle()) => self.bid(b, out),
            View::LotSold(s) if usable(s.winner()) && usable(s.handle()) => sold(s, out),
            View::ClockTicked(t) if t.silent_ms() >= SILENCE => {
                if let Some(f) = self.waiting.pop_front() {
                    let text = format!("A new face: welcome, @{}.", f.handle);
                    out.say_about(f.seq, &text, "curious", Priority::CHAT);
                }
            }
            View::SessionClosed(_) => {
                out.say(&self.good_night(), "calm", Priority::LOT);
                *self = Regulars::default();
            }
            _ => {}
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut w = lines::Writer::new("regulars");
        w.number("returned", self.returned);
        for account in &self.seen {
            w.line("seen", account);
        }
        for f in &self.waiting {
            w.line("waiting", format!("{} {}", f.seq, f.handle));
        }
        w.bytes()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let mut next = Regulars::default();
        lines::read("regulars", state, |key, value| next.take(key, value))?;
        *self = next;
        Ok(())
    }
}

impl Regulars {
    fn bid(&mut self, b: BidAccepted<'_>, out: &mut Commands) {
        let (account, handle) = (b.bidder(), b.handle());
        let mut known = Known::look_up(account);
        if !self.seen.iter().any(|s| s == account) {
            push(&mut self.seen, account.into(), MOST_SEEN);
            known.visits += 1;
            self.arrive(known.visits, b, out);
        }
        known.bids += 1;
        if matches!(known.bids, 3 | 10 | 50 | 100) {
            let text = format!("That was bid number {} of @{}.", known.bids, handle);
            out.say(&text, "impressed", Priority::BID);
        }
        known.keep(account, handle, out);
    }

    /// Greets a bidder whose first bid of the session this is.
    fn arrive(&mut self, visits: u64, b: BidAccepted<'_>, out: &mut Commands) {
        let h = b.handle();
        match visits {
            1 => return push(&mut self.waiting, Face { seq: b.seq(), handle: h.into() }, MOST_WAITING),
            2..=4 => {
                let text = match b.random().n(3) {
                    0 => format!("Welcome back, @{}.", h),
                    1 => format!("@{}, good to see you again.", h),
                    _ => format!("There you are, @{}. Visit number {}.", h, visits),
                };
                out.say(&text, "happy", Priority::CHAT);
            }
            _ => {
                let text = format!("Our dear regular @{} is here, visit number {}.", h, visits);
                out.say(&text, "delighted", Priority::BID);
                out.gesture("bow");
            }
        }
        self.returned += 1;
    }

    fn good_night(&self) -> String {
        match self.returned {
            0 => "Good night, and come back soon.".into(),
            1 => "Good night. One of you came back today.".into(),
            n => format!("Good night. {} of you came back today.", n),
        }
    }

    /// Reads a line of a state.
    fn take(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "returned" => self.returned = lines::number(value)?,
            "seen" if !value.is_empty() => push(&mut self.seen, value.into(), MOST_SEEN),
            "waiting" => {
                let (seq, handle) = value.split_once(' ').filter(|(_, h)| !h.is_empty())?;
                let face = Face { seq: lines::number(seq)?, handle: handle.into() };
                push(&mut self.waiting, face, MOST_WAITING);
            }
            _ => return None,
        }
        Some(())
    }
}

fn sold(s: LotSold<'_>, out: &mut Commands) {
    let handle = s.handle();
    let mut known = Known::look_up(s.winner());
    known.wins += 1;
    if known.wins == 1 {
        out.say(&format!("A first win for @{}. Congratulations.", handle), "happy", Priority::LOT);
    } else {
        let text = format!("@{} takes another one, win number {}.", handle, known.wins);
        out.say(&text, "impressed", Priority::LOT);
    }
    known.keep(s.winner(), handle, out);
}

/// What is kept of a bidder for good.
#[derive(Default)]
struct Known {
    visits: u64,
    bids: u64,
    wins: u64,
}

impl Known {
    fn look_up(account: &str) -> Known {
        let value = store::get(&key(account)).ok().flatten(); // an error is told when it is kept
        value.and_then(|v| Known::read(std::str::from_utf8(&v).ok()?)).unwrap_or_default()
    }

    fn read(s: &str) -> Option<Known> {
        let mut n = s.split(' ').map(lines::number);
        let known = Known { visits: n.next()??, bids: n.next()??, wins: n.next()?? };
        n.next().is_none().then(|| known)
    }

    fn keep(&self, account: &str, handle: &str, out: &mut Commands) {
        let value = format!("{} {} {}", self.visits, self.bids, self.wins);
        if let Err(why) = store::put(&key(account), value.as_bytes()) {
            out.log(sothebais::Level::WARN, &format!("cannot remember @{}: {}", handle, why));
        }
    }
}

fn key(account: &str) -> String {
    format!("bidder/{}", account)
}

/// Says whether a name can be kept in a line.
fn usable(s: &str) -> bool {
    !s.is_empty() && !s.contains('\n')
}

/// Puts v at the end of a list, whose first entry makes room when it is full.
fn push<T>(list: &mut VecDeque<T>, v: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(v);
}

sothebais::register!(Regulars);

#[cfg(test)]
#[path = "shared/playback.rs"]
mod playback;

#[test]
fn transcript() {
    playback::test::<Regulars>(playback::files!("regulars"));
}
