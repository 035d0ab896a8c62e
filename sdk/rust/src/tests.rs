use crate::*;

#[derive(Default)]
struct Echo;

impl Plugin for Echo {
    fn handle(&mut self, e: Event<'_>, out: &mut Commands) {
        match e.view() {
            View::BidAccepted(b) => {
                out.say(&format!("@{} {} {}", b.handle(), b.amount(), b.count()), "happy", Priority::BID);
                out.show("reserve", b.reserve_met());
                out.say_about(b.seq().wrapping_sub(1), "back then", "", Priority::IDLE);
            }
            View::PostReceived(p) => out.post(&p.text().repeat(2)),
            _ => {}
        }
    }
}

fn lines(events: &[Vec<u8>]) -> Vec<String> {
    play(&mut Guest::<Echo>::default(), events).iter().map(Command::to_string).collect()
}

fn bid() -> Vec<u8> {
    BidAcceptedFields { lot: "l", handle: "ann", amount: "1.5", count: -3, reserve_met: true, ..Default::default() }
        .event(2, 20)
}

#[test]
fn reads_back_what_was_asked() {
    let want = [
        r#"1 say text="@ann 1.5 -3" mood="happy" priority=50"#,
        r#"1 show layer="reserve" visible=1"#,
        r#"1 say text="back then" mood="" priority=10 about=1"#,
    ];
    assert_eq!(lines(&[ClockTickedFields::default().event(1, 10), bid()]), want);
}

#[test]
fn older_records_read_as_zero() {
    let mut old = bid();
    old[6] = 3; // a host that knows the fields up to the handle
    assert_eq!(lines(&[old])[0], r#"0 say text="@ann  0" mood="happy" priority=50"#);
}

#[test]
fn long_text_is_cut_between_characters() {
    let text = "鳥".repeat(2000);
    let e = PostReceivedFields { text: &text, ..Default::default() }.event(1, 1);
    let got = play(&mut Guest::<Echo>::default(), &[e]);
    let want = Value::Text("鳥".repeat(MAX_STRING_BYTES / 3));
    assert_eq!(got[0].fields, [("text", want)]);
}

#[test]
fn random_numbers_are_those_of_the_contract() {
    let e = ClockTickedFields::default().event(57, 1);
    assert_eq!(Event::new(&e).random().n(1000), 360); // as in sdk/tck/testdata/transcript.golden
    let mut r = Event::new(&e).random();
    assert_eq!((r.n(0), r.n(1000)), (0, 360)); // nothing is drawn for nothing
}

#[test]
fn the_store_keeps_values() {
    let long = vec![7; 1000];
    assert_eq!(store::get("k"), Ok(None));
    assert_eq!(store::put("k", &long), Ok(()));
    assert_eq!(store::get("k"), Ok(Some(long)));
    assert_eq!(store::put("k", b""), Ok(()));
    assert_eq!(store::get("k"), Ok(None));
    assert_eq!(store::put("", b"v"), Err(StoreResult::BAD_KEY));
    assert_eq!(store::get(""), Ok(None)); // as the host has it: only put looks at the form of a key
    assert_eq!(store::put(&"k".repeat(MAX_KEY_BYTES + 1), b"v"), Err(StoreResult::BAD_KEY));
    assert_eq!(store::put("k", &[1; 65535]), Ok(()));
    assert_eq!(store::put("k", &[1; 65535]), Ok(())); // in place of the same
    assert_eq!(store::put("j", b"v"), Err(StoreResult::FULL));
    assert_eq!(store::put("j", b""), Ok(()));
    store::set_quota(65538);
    assert_eq!(store::put("j", b"v"), Ok(()));
}

/// Whatever the bytes are, reading them ends and stays inside of them.
#[test]
fn broken_buffers_break_nothing() {
    let events = include_bytes!("../../tck/examples/regulars.events");
    let seed = ClockTickedFields::default().event(1, 1);
    let mut random = Event::new(&seed).random();
    for _ in 0..2000 {
        let mut batch = events.to_vec();
        for _ in 0..1 + random.n(8) {
            let at = random.n(batch.len() as u64) as usize;
            batch[at] = random.next_u64() as u8;
        }
        batch.truncate(random.n(batch.len() as u64 * 2) as usize);
        let mut g = Guest::<Echo>::default();
        g.handle_batch(&batch);
    }
}
