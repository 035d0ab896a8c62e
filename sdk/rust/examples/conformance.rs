//! The conformance plugin in Rust; sdk/go/examples/conformance is its twin. Both must leave the same commands.

use sothebais::{needs, store, BidAccepted, ClockTicked, Commands, Event, Level, Plugin, Priority, StoreResult, View};

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
    const NEEDS: u64 = needs::STORE | needs::POWERS;

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
            View::OperatorActed(o) => operator_acted(&o.what().split(' ').collect::<Vec<_>>(), out),
            View::TimerFired(t) => out.text("timer", &t.token().to_string()),
            View::FetchAnswered(f) => {
                let text = format!("{} {} {} {} {} {}", f.token(), f.ok(), f.status(), f.type_(), f.body(), f.reason());
                out.text("fetch", &text);
            }
            View::ModelAnswered(m) => {
                let text = format!("{} {} {} {} {}", m.token(), m.ok(), m.text(), m.tokens(), m.reason());
                out.text("ask", &text);
            }
            View::PowerDenied(d) => out.text("denied", &format!("{} {} {}", d.token(), d.power(), d.reason())),
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

    /// Takes the state of a version whose count had four bytes.
    fn migrate(&mut self, version: u32, state: &[u8]) -> Result<(), String> {
        match (version, <[u8; 4]>::try_from(state)) {
            (1, Ok(bytes)) => self.bids = u32::from_le_bytes(bytes).into(),
            _ => return Err(format!("state of version {} and {} bytes, want 1 and 4", version, state.len())),
        }
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
    let mut random = t.random();
    let text = format!("random {} at {} of {}", random.n(0) + random.n(1000), t.at(), t.seq());
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

/// Does what it is told: with its store, or with its powers.
fn operator_acted(words: &[&str], out: &mut Commands) {
    match *words {
        ["keep", key, value] => {
            let result = store::put(key, value.as_bytes()).err().map_or(0, |why| why.0);
            out.log(Level::INFO, &format!("keep {}: {}", key, result));
        }
        ["recall", key] => {
            let text = match store::get(key) {
                Ok(Some(v)) => String::from_utf8_lossy(&v).into_owned(),
                Ok(None) => StoreResult::ABSENT.0.to_string(),
                Err(why) => why.0.to_string(),
            };
            out.log(Level::INFO, &format!("recall {}: {}", key, text));
        }
        ["fail", key, value] => {
            let _ = store::put(key, value.as_bytes());
            panic!("told to fail");
        }
        ["powers"] => {
            out.timer(1, 1500);
            out.fetch(2, "POST", "https://a.example/b", "Accept: text/plain", "what is sent");
            out.ask(3, "be kind", "hello", "{}", 100);
        }
        _ => {}
    }
}

sothebais::register!(Conformance);
