use crate::record::{records, Commands, Event};

/// What the show calls.
pub trait Plugin: Default {
    /// What the plugin cannot do without, of [`needs`](crate::needs); a host that lacks it refuses the plugin.
    const NEEDS: u64 = 0;

    /// Takes the configuration once, before anything else: `config` of `plugin.yaml` as JSON. An error keeps the plugin
    /// from being loaded, and is shown to whoever loads it.
    fn configure(&mut self, config: &[u8]) -> Result<(), String> {
        let _ = config;
        Ok(())
    }

    /// Hears one event and asks for what it wants.
    fn handle(&mut self, e: Event<'_>, out: &mut Commands);

    /// Gives the state that a successor of this plugin may take over.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes what [`save`](Plugin::save) of a predecessor gave; an error keeps the swap from happening. It may come from
    /// somebody else's plugin: check it.
    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let _ = state;
        Ok(())
    }

    /// Takes, in place of [`restore`](Plugin::restore), the state of an older version that `plugin.yaml` lists under
    /// `state.migrate`.
    fn migrate(&mut self, version: u32, state: &[u8]) -> Result<(), String> {
        let _ = state;
        Err(format!("takes no state of version {}", version))
    }
}

/// A plugin with its buffers: what stands behind the exports of a module.
pub struct Guest<P> {
    /// The plugin.
    pub plugin: P,
    commands: Commands,
    input: Vec<u64>,
    answer: Vec<u8>, // what was returned last, which must stay until the next call
}

impl<P: Plugin> Default for Guest<P> {
    fn default() -> Self {
        Guest { plugin: P::default(), commands: Commands::new(), input: Vec::new(), answer: Vec::new() }
    }
}

impl<P: Plugin> Guest<P> {
    /// Room for an input of n bytes, aligned to 8; it stays until more is asked for.
    pub fn room(&mut self, n: usize) -> *mut u8 {
        if self.input.len() < (n + 7) / 8 {
            self.input = vec![0; (n + 7) / 8];
        }
        self.input.as_mut_ptr().cast()
    }

    /// Runs the plugin over a buffer of events, and gives its buffer of commands; no bytes for none.
    pub fn handle_batch(&mut self, batch: &[u8]) -> &[u8] {
        self.commands.reset();
        for (i, rec) in records(batch).enumerate() {
            self.commands.caused_by(i as u32);
            self.plugin.handle(Event::new(rec), &mut self.commands);
        }
        self.commands.bytes()
    }

    /// Keeps what the plugin saves.
    pub fn save(&mut self) -> &[u8] {
        self.answer = self.plugin.save();
        &self.answer
    }

    /// Keeps the text of an error; no bytes when all is well.
    pub fn answer(&mut self, r: Result<(), String>) -> &[u8] {
        self.answer = match r {
            Ok(()) => Vec::new(),
            Err(text) if text.is_empty() => b"failed without a reason".to_vec(),
            Err(text) => text.into_bytes(),
        };
        &self.answer
    }
}
