//! The conformance plugin in Rust; sdk/go/examples/conformance is its twin. Both must leave the same commands.

use sothebais::{BidAccepted, ClockTicked, Commands, Event, Level, Plugin, Priority, View};

struct Conformance {
    bids: u64,
    greeting: String,
}

impl Default for Conformance {
    fn default() -> Self {
        Conformance { bids: 0, greeting: "hello".into() }
    }
}

impl Plugin for Conformance {
    fn configure(&mut self, config: &[u8]) -> Result<(), String> {
        match std::str::from_utf8(config) {
            Ok("fail") => return Err("told to fail".into()),
            Ok("") => {}
            Ok(text) => self.greeting = text.into(),
            Err(e) => return Err(e.to_string()),
        }
        Ok(())
    }

    fn handle(&mut self, e: Event<'_>, out: &mut Commands) {
        match e.view() {
            View::BidAccepted(b) => self.bid_accepted(b, out),
            View::PostReceived(p) => {
                let text = if p.text().is_empty() { "nothing" } else { p.text() };
                out.reply(p.id(), &format!("{} @{}: {}", self.greeting, p.handle(), text));
            }
            View::ClockTicked(t) => clock_ticked(t, out),
            _ => {}
        }
    }

    fn save(&self) -> Vec<u8> {
        self.bids.to_le_bytes().to_vec()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let bytes = state.try_into().map_err(|_| format!("state of {} bytes, want 8", state.len()))?;
        self.bids = u64::from_le_bytes(bytes);
        Ok(())
    }
}

impl Conformance {
    fn bid_accepted(&mut self, b: BidAccepted<'_>, out: &mut Commands) {
        self.bids += 1;
        let text = format!("@{} bids {}, number {}", b.handle(), b.amount(), self.bids);
        out.say(&text, "excited", Priority::BID);
        out.text("price", &format!("{} ETH", b.amount()));
        out.text("bidder", b.handle());
        out.bar("time", b.count() * 100);
        out.show("reserve-met", b.reserve_met());
        out.gesture("bounce");
    }
}

fn clock_ticked(t: ClockTicked<'_>, out: &mut Commands) {
    out.text("countdown", &t.seconds_left().to_string());
    let text = format!("random {} at {} of {}", t.random().n(1000), t.at(), t.seq());
    out.log(Level::DEBUG, &text);
    if t.silent_ms() > 3000 {
        out.express("sleepy", 500);
        out.mood("calm", 40);
        out.scene("break", "fade", 250);
        out.sound("gavel");
        out.post("still here");
        out.say_about(t.seq() - 1, "about what was", "calm", Priority::IDLE);
        out.reply_about(1 << 63, "17", "about what is not");
    }
}

sothebais::register!(Conformance);
