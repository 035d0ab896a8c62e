//! Tests an example plugin against the files that all languages share, sdk/tck/examples.

use sothebais::{Guest, Plugin};

/// The transcript as the host writes it, the commands that it must lead to, and the state after it.
pub struct Files {
    pub events: &'static [u8],
    pub commands: &'static [u8],
    pub state: &'static [u8],
}

macro_rules! files {
    ($name:literal) => {
        playback::Files {
            events: include_bytes!(concat!("../../tck/examples/", $name, ".events")),
            commands: include_bytes!(concat!("../../tck/examples/", $name, ".commands")),
            state: include_bytes!(concat!("../../tck/examples/", $name, ".state")),
        }
    };
}
pub(crate) use files;

pub fn test<P: Plugin>(f: Files) {
    let mut g = Guest::<P>::default();
    assert!(g.handle_batch(f.events) == f.commands, "other commands than those of the example");
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    assert_eq!(text(&g.plugin.save()), text(f.state));

    let mut bad = f.state.to_vec();
    bad.extend_from_slice(b"more 1\n");
    let error = g.plugin.restore(&bad).expect_err("took over a state with a line that is none");
    assert!(error.starts_with(&format!("line {} is not of a state", text(f.state).lines().count() + 1)), "{}", error);
    g.plugin.restore(f.state).expect("its own state");
    assert_eq!(text(&g.plugin.save()), text(f.state));
}
