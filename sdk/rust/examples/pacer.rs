//! Chooses the scene, without nervousness. What it does is written down, for every language, in
//! sdk/tck/examples/README.md.

#[path = "shared/lines.rs"]
mod lines;

use lines::clean;
use sothebais::{needs, Commands, Event, Level, Plugin, View};

// The timers, by token.
const AFTER: usize = 1; // a sale has been admired long enough
const LULL: usize = 2; // nobody has bid for a while
const HOLD: usize = 3; // somebody else's scene has stood long enough

const AFTER_MS: i64 = 6_000;
const LULL_MS: i64 = 45_000;
const HOLD_MS: i64 = 30_000;
const LEAST_MS: i64 = 5_000; // that a scene stays when bids come and go

// Heat: what a bid adds, what a second takes, and the two marks between which nothing changes.
const HEAT_OF_BID: i64 = 20;
const HEAT_LOST: i64 = 4;
const HOT: i64 = 60;
const COOL: i64 = 20;
const MOST_HEAT: i64 = 100;

// Posts a minute at which the chat comes and goes, and for how many ticks that must be so.
const BUSY_POSTS: i64 = 120;
const CALM_POSTS: i64 = 60;
const BUSY_TICKS: i64 = 3;
const CALM_TICKS: i64 = 5;

#[derive(Default)]
struct Pacer {
    want: String,  // scene that the rules want
    asked: String, // scene that is, or will be, on program
    changed: i64,  // when it last asked
    heat: i64,
    busy: i64,
    calm: i64,
    chat: bool,
    held: bool,
    told: bool,
    due: [i64; HOLD + 1], // by token; 0 for not at all
}

impl Plugin for Pacer {
    const NEEDS: u64 = needs::POWERS;

    fn handle(&mut self, e: Event<'_>, out: &mut Commands) {
        let at = e.at();
        self.what_is_due(at, out);
        match e.view() {
            View::SessionOpened(_) => self.go(at, "welcome", "fade", 800, out),
            View::LotOpened(_) => {
                self.cancel(AFTER, out);
                self.heat = 0;
                self.go(at, "lot", "fade", 400, out);
                self.set(at, LULL, LULL_MS, out);
            }
            View::BidAccepted(_) => self.bid(at, out),
            View::ClockTicked(t) => self.tick(at, t.posts_a_minute(), out),
            View::LotSold(_) => {
                self.cancel(LULL, out);
                self.go(at, "sold", "cut", 0, out);
                self.set(at, AFTER, AFTER_MS, out);
            }
            View::LotUnsold(_) => {
                self.cancel(LULL, out);
                self.go(at, "intermission", "fade", 800, out);
            }
            View::LotPaused(_) => {
                self.cancel(LULL, out);
                self.go(at, "break", "fade", 400, out);
            }
            View::LotResumed(_) => {
                self.go(at, "lot", "fade", 400, out);
                self.set(at, LULL, LULL_MS, out);
            }
            View::SceneShown(s) => {
                let scene = clean(s.scene());
                if scene != self.asked {
                    self.held = true;
                    self.asked = scene;
                    self.set(at, HOLD, HOLD_MS, out);
                }
            }
            View::PowerDenied(d) if d.power() == "timer" && !self.told => {
                self.told = true;
                out.log(Level::WARN, &format!("no timers: {}", clean(d.reason())));
            }
            View::SessionClosed(_) => {
                self.cancel(AFTER, out);
                self.cancel(LULL, out);
                self.go(at, "goodbye", "fade", 800, out);
            }
            _ => {}
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut w = lines::Writer::new("pacer");
        w.line("want", &self.want);
        w.line("asked", &self.asked);
        w.int("changed", self.changed);
        w.int("heat", self.heat);
        w.int("busy", self.busy);
        w.int("calm", self.calm);
        w.flag("chat", self.chat);
        w.flag("held", self.held);
        w.flag("told", self.told);
        for (token, due) in self.due.iter().enumerate().filter(|(_, due)| **due > 0) {
            w.line("due", format!("{} {}", token, due));
        }
        w.bytes()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let mut next = Pacer::default();
        lines::read("pacer", state, |key, value| next.take(key, value))?;
        *self = next;
        Ok(())
    }
}

impl Pacer {
    fn what_is_due(&mut self, at: i64, out: &mut Commands) {
        for token in AFTER..=HOLD {
            if self.due[token] == 0 || self.due[token] > at {
                continue;
            }
            self.due[token] = 0;
            match token {
                AFTER => self.go(at, "intermission", "fade", 800, out),
                LULL if self.want == "lot" => self.go(at, "gallery", "fade", 800, out),
                HOLD => {
                    self.held = false;
                    if !self.want.is_empty() {
                        let want = self.want.clone();
                        self.go(at, &want, "fade", 400, out);
                    }
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, at: i64, token: usize, millis: i64, out: &mut Commands) {
        self.due[token] = at + millis;
        out.timer(token as u64, millis);
    }

    fn cancel(&mut self, token: usize, out: &mut Commands) {
        if self.due[token] != 0 {
            self.due[token] = 0;
            out.timer(token as u64, 0);
        }
    }

    fn go(&mut self, at: i64, scene: &str, transition: &str, millis: i64, out: &mut Commands) {
        self.want = scene.into();
        if self.held || self.asked == scene {
            return;
        }
        self.asked = scene.into();
        self.changed = at;
        out.scene(scene, transition, millis);
    }

    fn bid(&mut self, at: i64, out: &mut Commands) {
        self.heat = (self.heat + HEAT_OF_BID).min(MOST_HEAT);
        self.set(at, LULL, LULL_MS, out);
        if self.want == "gallery" {
            self.go(at, "lot", "cut", 0, out);
        }
        if self.heat >= HOT && self.want == "lot" && at - self.changed >= LEAST_MS {
            self.go(at, "duel", "cut", 0, out);
        }
    }

    fn tick(&mut self, at: i64, posts: i64, out: &mut Commands) {
        self.heat = (self.heat - HEAT_LOST).max(0);
        if self.heat <= COOL && self.want == "duel" && at - self.changed >= LEAST_MS {
            self.go(at, "lot", "fade", 400, out);
        }
        let (busy, calm) = (posts >= BUSY_POSTS, posts < CALM_POSTS);
        self.busy = if busy { self.busy + 1 } else { 0 };
        self.calm = if calm { self.calm + 1 } else { 0 };
        if !self.chat && self.busy >= BUSY_TICKS {
            self.set_chat(true, out);
        } else if self.chat && self.calm >= CALM_TICKS {
            self.set_chat(false, out);
        }
    }

    fn set_chat(&mut self, on: bool, out: &mut Commands) {
        self.chat = on;
        out.show("chat", on);
    }

    /// Reads a line of a state.
    fn take(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "want" => self.want = value.into(),
            "asked" => self.asked = value.into(),
            "changed" => self.changed = lines::int(value)?,
            "heat" => self.heat = lines::int(value)?,
            "busy" => self.busy = lines::int(value)?,
            "calm" => self.calm = lines::int(value)?,
            "chat" => self.chat = lines::flag(value)?,
            "held" => self.held = lines::flag(value)?,
            "told" => self.told = lines::flag(value)?,
            "due" => {
                let (token, at) = value.split_once(' ')?;
                let token = ["1", "2", "3"].iter().position(|t| *t == token)? + 1;
                self.due[token] = lines::int(at)?;
            }
            _ => return None,
        }
        Some(())
    }
}

sothebais::register!(Pacer);

#[cfg(test)]
#[path = "shared/playback.rs"]
mod playback;

#[test]
fn transcript() {
    playback::test::<Pacer>(playback::files!("pacer"));
}
