//! How a plugin of the show is written in Rust.
//!
//! A plugin is a pure function of its state and its events: it hears events one after the other, in order, and leaves
//! commands behind. It has no files, no network and no clock but [`Event::at`]; the same events always give the same
//! commands. Implement [`Plugin`] and [`register!`] it:
//!
//! ```
//! use sothebais::{Commands, Event, Plugin, View};
//!
//! #[derive(Default)]
//! struct First;
//!
//! impl Plugin for First {
//!     fn handle(&mut self, e: Event<'_>, out: &mut Commands) {
//!         if let View::BidAccepted(bid) = e.view() {
//!             out.text("headline", &format!("@{} leads with {} ETH", bid.handle(), bid.amount()));
//!         }
//!     }
//! }
//!
//! sothebais::register!(First);
//! ```
//!
//! Limits: about one to two milliseconds for an event, the memory that `plugin.yaml` asks for. A plugin that panics or
//! runs on is put back to where it stood before the event, and hears the next one; the words of the panic are the
//! reason that the show tells.
//!
//! Natively nothing of the host is needed: [`play`] runs a plugin against events in an ordinary test.

#![warn(missing_docs)]

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod exports;
mod play;
mod plugin;
mod record;
mod register;
pub mod store;
#[cfg(test)]
mod tests;
#[rustfmt::skip] // generated
mod v1;

pub use play::{play, play_batch, Command, Value};
pub use plugin::{Guest, Plugin};
pub use record::{Commands, Event, Random};
pub use v1::*;
