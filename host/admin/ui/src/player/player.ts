// Plays the programme: fragmented MP4 over /ws/preview into a media source, kept close to the live edge.

export interface Playing {
  state: "connecting" | "playing" | "stalled" | "unsupported";
  /** Seconds between what is shown and the newest picture that has arrived. */
  behind: number;
}

const near = 0.35; // seconds behind that are left alone, at best
const farther = 0.85; // beyond that much more, jump
const slackMost = 1; // what a rough connection may add
const slackStep = 0.15; // for each time the picture ran dry
const slackBack = 0.05; // and less again for every ten smooth seconds
const hush = 2_000; // without a fragment for so long, say that the picture stopped
const edge = 0.12; // how near to the live edge a jump lands
const keep = 12; // seconds of the past that stay in the buffer
const patience = 4_000; // without a fragment for so long, connect anew

export class Player {
  private socket?: WebSocket;
  private media?: MediaSource;
  private buffer?: SourceBuffer;
  private queue: ArrayBuffer[] = [];
  private timer = 0;
  private ticker = 0;
  private failures = 0;
  private slack = 0; // learnt: how much further behind the picture stays, so that it does not run dry again
  private smooth = 0;
  private heard = 0;
  private closed = false;

  constructor(private readonly video: HTMLVideoElement, private readonly tell: (p: Playing) => void) {}

  start(): void {
    if (!("MediaSource" in window)) {
      this.tell({ state: "unsupported", behind: 0 });
      return;
    }
    this.video.addEventListener("waiting", this.ranDry);
    this.ticker = window.setInterval(() => this.steer(), 250);
    this.connect();
  }

  stop(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.ticker);
    this.video.removeEventListener("waiting", this.ranDry);
    this.socket?.close();
    this.drop();
  }

  private readonly ranDry = () => {
    this.slack = Math.min(slackMost, this.slack + slackStep);
    this.smooth = performance.now();
  };

  private connect(): void {
    const url = new URL("/ws/preview", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = performance.now();
    socket.onmessage = (e) => {
      this.heard = performance.now();
      if (typeof e.data === "string") this.begin((JSON.parse(e.data) as { codec: string }).codec);
      else this.push(e.data as ArrayBuffer);
    };
    socket.onclose = () => {
      if (this.closed || socket !== this.socket) return;
      this.tell({ state: this.failures > 0 ? "stalled" : "connecting", behind: 0 });
      this.timer = window.setTimeout(() => this.connect(), Math.min(250 * 2 ** this.failures++, 3000));
    };
  }

  /** A new stream: its own media source, for its codec may differ. */
  private begin(codec: string): void {
    this.drop();
    const type = `video/mp4; codecs="${codec}"`;
    if (!MediaSource.isTypeSupported(type)) {
      this.tell({ state: "unsupported", behind: 0 });
      return;
    }
    const media = new MediaSource();
    this.media = media;
    this.video.src = URL.createObjectURL(media);
    media.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(this.video.src);
      if (media !== this.media) return;
      this.buffer = media.addSourceBuffer(type);
      this.buffer.addEventListener("updateend", () => this.pump());
      this.pump();
    });
  }

  private drop(): void {
    this.queue = [];
    this.buffer = undefined;
    this.media = undefined;
    this.video.removeAttribute("src");
  }

  private push(fragment: ArrayBuffer): void {
    this.queue.push(fragment);
    this.pump();
  }

  private pump(): void {
    const b = this.buffer;
    if (!b || b.updating || this.media?.readyState !== "open") return;
    try {
      const start = b.buffered.length > 0 ? b.buffered.start(0) : 0;
      if (this.video.currentTime - start > 2 * keep) {
        b.remove(start, this.video.currentTime - keep);
        return;
      }
      if (this.queue.length === 0) return;
      const all = join(this.queue);
      this.queue = [];
      b.appendBuffer(all);
    } catch {
      this.socket?.close(); // the browser gave the buffer up: begin again
    }
  }

  /** Keeps the picture near the live edge: a little faster when behind, a jump when far behind, once the last one has landed. */
  private steer(): void {
    if (this.closed) return;
    if (performance.now() - this.heard > patience && this.socket?.readyState === WebSocket.OPEN) this.socket.close();
    const v = this.video;
    const ranges = this.buffer && this.media?.readyState === "open" ? this.buffer.buffered : undefined;
    if (!ranges || ranges.length === 0) return;
    const end = ranges.end(ranges.length - 1);
    const behind = end - v.currentTime;
    const aim = near + this.slack;
    const start = ranges.start(ranges.length - 1);
    const outside = behind < 0 || v.currentTime < start; // no data will ever come there, so a seek to it would not end
    if (outside || (behind > aim + farther && !v.seeking)) v.currentTime = Math.max(start, end - edge - this.slack);
    v.playbackRate = behind > aim && behind <= aim + farther ? 1.08 : 1;
    if (v.paused) void v.play().catch(() => undefined);
    const now = performance.now();
    if (now - this.smooth > 10_000) {
      this.slack = Math.max(0, this.slack - slackBack);
      this.smooth = now;
    }
    const moves = now - this.heard < hush && v.readyState >= 1;
    if (moves) this.failures = 0;
    this.tell({ state: moves ? "playing" : "stalled", behind: Math.max(0, Math.min(behind, 99)) });
  }
}

function join(parts: ArrayBuffer[]): ArrayBuffer {
  if (parts.length === 1) return parts[0] as ArrayBuffer;
  const out = new Uint8Array(parts.reduce((n, p) => n + p.byteLength, 0));
  let at = 0;
  for (const p of parts) {
    out.set(new Uint8Array(p), at);
    at += p.byteLength;
  }
  return out.buffer;
}
