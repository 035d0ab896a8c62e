//! An overlay: what is sold, for how much, and how long it still goes. What it does is written down, for every
//! language, in sdk/tck/examples/README.md.

#[path = "shared/lines.rs"]
mod lines;

use lines::clean;
use sothebais::{BidAccepted, ClockTicked, Commands, Event, LotOpened, Plugin, View};

const MOST_TICKER: usize = 3;
const FLASH_TICKS: i64 = 5;
const HURRY_BELOW: i64 = 10; // seconds
const CALM_ABOVE: i64 = 15;
const MOST_SECONDS: i64 = 1_000_000;
const FULL: u64 = 1000; // of a bar

#[derive(Default)]
struct Pricebug {
    headline: String,
    start: u64, // gwei
    reserve: u64,
    duration: i64, // milliseconds
    met: bool,
    hurry: bool,
    flash: i64, // ticks until the headline comes back
    countdown: String,
    bar: Option<i64>,    // of the time, as it was last shown
    ticker: Vec<String>, // last bids, newest first
}

impl Plugin for Pricebug {
    fn handle(&mut self, e: Event<'_>, out: &mut Commands) {
        match e.view() {
            View::SessionOpened(s) => {
                *self = Pricebug::default();
                out.text("headline", &clean(s.name()));
                clear(out, &["price", "leader", "ticker"]);
            }
            View::LotOpened(l) => self.lot_opened(l, out),
            View::BidAccepted(b) => self.bid(b, out),
            View::ClockTicked(t) => self.tick(t, out),
            View::LotExtended(x) => {
                out.text("headline", &extended(x.count(), x.last()));
                self.flash = FLASH_TICKS;
            }
            View::LotPaused(_) => {
                self.flash = 0;
                out.text("headline", "Paused");
            }
            View::LotResumed(_) => out.text("headline", &self.headline),
            View::LotSold(s) => {
                let text = format!("Sold to @{} for {} ETH", clean(s.handle()), clean(s.amount()));
                out.text("headline", &text);
                out.sound("hammer");
                self.lot_over(out);
            }
            View::LotUnsold(u) => {
                out.text("headline", unsold(u.reason()));
                self.lot_over(out);
            }
            View::SessionClosed(s) => {
                *self = Pricebug::default();
                let lots = if s.sold() == 1 { "lot" } else { "lots" };
                out.text("headline", &format!("{} {} sold for {} ETH", s.sold().max(0), lots, clean(s.total())));
            }
            _ => {}
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut w = lines::Writer::new("pricebug");
        w.line("headline", &self.headline);
        w.number("start", self.start);
        w.number("reserve", self.reserve);
        w.int("duration", self.duration);
        w.flag("met", self.met);
        w.flag("hurry", self.hurry);
        w.int("flash", self.flash);
        w.line("countdown", &self.countdown);
        if let Some(bar) = self.bar {
            w.int("bar", bar);
        }
        for t in &self.ticker {
            w.line("ticker", t);
        }
        w.bytes()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let mut next = Pricebug::default();
        lines::read("pricebug", state, |key, value| next.take(key, value))?;
        *self = next;
        Ok(())
    }
}

impl Pricebug {
    fn lot_opened(&mut self, l: LotOpened<'_>, out: &mut Commands) {
        *self = Pricebug {
            start: l.start_gwei(),
            reserve: l.reserve_gwei(),
            duration: l.duration_ms().max(0),
            headline: format!("Lot {}: {}", l.number().max(0), clean(l.title())),
            ..Pricebug::default()
        };
        if !l.artist().is_empty() {
            self.headline += &format!(" by {}", clean(l.artist()));
        }
        out.text("headline", &self.headline);
        out.text("price", &format!("from {} ETH", clean(l.start())));
        clear(out, &["leader", "ticker", "rise"]);
        out.bar("reserve", 0);
        out.show("reserve-met", false);
        out.show("hurry", false);
    }

    fn bid(&mut self, b: BidAccepted<'_>, out: &mut Commands) {
        let (amount, handle) = (clean(b.amount()), clean(b.handle()));
        out.text("price", &format!("{} ETH", amount));
        out.text("leader", &format!("@{}", handle));
        self.ticker.insert(0, format!("@{} {}", handle, amount));
        self.ticker.truncate(MOST_TICKER);
        out.text("ticker", &self.ticker.join(" · "));
        out.text("rise", &self.rise(b.amount_gwei()));
        out.bar("reserve", self.of_reserve(b.amount_gwei()));
        if b.reserve_met() && !self.met {
            self.met = true;
            out.show("reserve-met", true);
            out.sound("chime");
        }
    }

    /// How far a bid is above the start.
    fn rise(&self, gwei: u64) -> String {
        let above = gwei.saturating_sub(self.start) / 1000;
        let percent = above.wrapping_mul(100) / (self.start / 1000).max(1);
        if self.start == 0 || percent == 0 {
            return String::new();
        }
        format!("+{} %", percent)
    }

    /// How much of the reserve a bid is, in thousandths.
    fn of_reserve(&self, gwei: u64) -> i64 {
        let (a, r) = (gwei / 1000, (self.reserve / 1000).max(1));
        let v = if a >= r { FULL } else { a * FULL / r };
        v as i64
    }

    fn tick(&mut self, t: ClockTicked<'_>, out: &mut Commands) {
        if self.flash > 0 {
            self.flash -= 1;
            if self.flash == 0 {
                out.text("headline", &self.headline);
            }
        }
        let n = t.seconds_left().min(MOST_SECONDS);
        let c = countdown(n);
        if c != self.countdown {
            out.text("countdown", &c);
            self.countdown = c;
        }
        if n >= 0 && self.duration != 0 {
            let v = (n * 1_000_000 / self.duration).min(FULL as i64);
            if self.bar != Some(v) {
                self.bar = Some(v);
                out.bar("time", v);
            }
        }
        if !self.hurry && (0..=HURRY_BELOW).contains(&n) {
            self.set_hurry(true, out);
        } else if self.hurry && !(0..=CALM_ABOVE).contains(&n) {
            self.set_hurry(false, out);
        }
    }

    fn set_hurry(&mut self, on: bool, out: &mut Commands) {
        self.hurry = on;
        out.show("hurry", on);
    }

    fn lot_over(&mut self, out: &mut Commands) {
        self.flash = 0;
        self.headline.clear();
        if !self.countdown.is_empty() {
            self.countdown.clear();
            out.text("countdown", "");
        }
        if self.hurry {
            self.set_hurry(false, out);
        }
    }

    /// Reads a line of a state.
    fn take(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "headline" => self.headline = value.into(),
            "start" => self.start = lines::number(value)?,
            "reserve" => self.reserve = lines::number(value)?,
            "duration" => self.duration = lines::int(value)?,
            "met" => self.met = lines::flag(value)?,
            "hurry" => self.hurry = lines::flag(value)?,
            "flash" => self.flash = lines::int(value)?,
            "countdown" => self.countdown = value.into(),
            "bar" => self.bar = Some(lines::int(value)?),
            "ticker" if self.ticker.len() < MOST_TICKER => self.ticker.push(value.into()),
            "ticker" => {}
            _ => return None,
        }
        Some(())
    }
}

/// Minutes and seconds, empty when nothing is open.
fn countdown(seconds: i64) -> String {
    if seconds < 0 {
        return String::new();
    }
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn extended(count: i64, last: bool) -> String {
    let mut s = match count {
        1 => "Extended once".into(),
        n => format!("Extended {} times", n.max(0)),
    };
    if last {
        s += ", for the last time";
    }
    s
}

fn unsold(reason: &str) -> &'static str {
    match reason {
        "no_bids" => "No bids",
        "reserve_not_met" => "The reserve was not met",
        "withdrawn" => "Withdrawn",
        _ => "Not sold",
    }
}

fn clear(out: &mut Commands, slots: &[&str]) {
    for s in slots {
        out.text(s, "");
    }
}

sothebais::register!(Pricebug);

#[cfg(test)]
#[path = "shared/playback.rs"]
mod playback;

#[test]
fn transcript() {
    playback::test::<Pricebug>(playback::files!("pricebug"));
}
