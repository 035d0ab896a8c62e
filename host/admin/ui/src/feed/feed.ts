// The socket to /ws/feed: keeps itself open, resumes where it was, says when it could not.
import type { Fact } from "./facts";

interface Message {
  op: "events" | "at" | "lagged" | "error";
  epoch?: string;
  events?: Fact[];
  seq?: number;
  to?: number;
  now?: string;
}

export type Link = "connecting" | "live" | "lost" | "logged-out";

interface Wants {
  facts(list: Fact[]): void;
  link(state: Link): void;
  clock(now: number): void;
  /** The page's picture may be wrong: fetch it anew. */
  refetch(): void;
}

const tail = 600; // facts before now that fill the lists at the start
const silence = 12_000; // the server says something every five seconds
const waits = [250, 500, 1000, 2000, 4000];

export class Feed {
  private socket?: WebSocket;
  private cursor?: number;
  private epoch?: string;
  private failures = 0;
  private timer = 0;
  private closed = false;

  constructor(private readonly wants: Wants) {}

  open(): void {
    this.closed = false;
    this.wants.link("connecting");
    const url = new URL("/ws/feed", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      const from = this.cursor === undefined ? { tail } : { cursor: this.cursor };
      socket.send(JSON.stringify({ op: "sub", topics: ["*"], ...from }));
    };
    socket.onmessage = (e) => this.take(JSON.parse(e.data as string) as Message);
    socket.onclose = (e) => this.retry(socket, e.code);
    this.watch();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private take(m: Message): void {
    this.watch();
    if (this.failures > 0 || this.epoch === undefined) this.wants.link("live");
    this.failures = 0;
    if (m.epoch !== undefined && this.epoch !== undefined && m.epoch !== this.epoch) {
      this.startOver(m.epoch);
      return;
    }
    this.epoch = m.epoch ?? this.epoch;
    switch (m.op) {
      case "events":
        this.cursor = m.events?.at(-1)?.seq ?? this.cursor;
        this.wants.facts(m.events ?? []);
        break;
      case "at":
        this.cursor = Math.max(this.cursor ?? 0, m.seq ?? 0);
        if (m.now) this.wants.clock(Date.parse(m.now));
        break;
      case "lagged":
        this.cursor = m.to ?? this.cursor;
        this.wants.refetch();
        break;
      case "error":
        this.socket?.close();
    }
  }

  /** Another ledger: nothing that we know is about it. */
  private startOver(epoch: string): void {
    this.epoch = epoch;
    this.cursor = undefined;
    this.wants.refetch();
    this.socket?.close();
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.socket?.close(), silence);
  }

  private retry(socket: WebSocket, code: number): void {
    if (this.closed || socket !== this.socket) return;
    clearTimeout(this.timer);
    if (code === 4401) {
      this.wants.link("logged-out");
      return;
    }
    this.wants.link("lost");
    const wait = waits[Math.min(this.failures++, waits.length - 1)] ?? 4000;
    this.timer = window.setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }
}
