// Brings a package in: it is looked at first, and nothing is kept before somebody says so.
import { FileUp, Link2, ShieldAlert, ShieldCheck, ShieldQuestion, ShieldX, type LucideIcon } from "lucide-react";
import { useCallback, useEffect, useId, useRef, useState, type DragEvent, type FormEvent, type ReactNode } from "react";
import { api, ApiError, type PackageReport, type Slot } from "../api/client";
import { Body, Dialog, Foot } from "../ui/dialog";
import { Badge, Button, cx, type Tint } from "../ui/parts";
import { Powers } from "./powers";
import { count, kinds, named } from "./words";

const most = 64 * 2 ** 20; // as the program has it

export interface Files {
  pack: File;
  signature: File | null;
}

/** The package and its signature among files that were chosen or dropped; words if that is not what they are. */
export function pick(list: Iterable<File>): Files | string {
  const files = [...list];
  const packs = files.filter((f) => f.name.endsWith(".sbx"));
  const pack = packs[0];
  if (!pack) return "A package ends in .sbx; make one with: sothebais pack";
  if (packs.length > 1) return "One package at a time, with its signature.";
  if (pack.size > most) return `${pack.name} has ${size(pack.size)}; at most ${size(most)} are allowed.`;
  const stray = files.find((f) => f !== pack && f.name !== pack.name + ".minisig");
  if (stray) return `${stray.name} does not belong to ${pack.name}; its signature is ${pack.name}.minisig.`;
  return { pack, signature: files.find((f) => f !== pack) ?? null };
}

const size = (bytes: number): string => (bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);

interface Props {
  /** What was dropped on the page, if that is how it began. */
  dropped: File[] | null;
  slots: Slot[];
  close: () => void;
  /** It is installed, and to be loaded as shadow if wanted. */
  done: (r: PackageReport, shadow: boolean) => void;
  /** It is installed although the dialog was closed: it was too late. */
  late: (r: PackageReport) => void;
}

/** Where a package comes from: this machine, or an address that the program itself goes to. */
type Source = { files: Files } | { address: string };

export function Install({ dropped, slots, close, done, late }: Props) {
  const [source, setSource] = useState<Source | null>(null);
  const [report, setReport] = useState<PackageReport | null>(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState("");
  const [word, giveWord] = useState(false);

  const run = useCallback(async <T,>(doing: string, act: () => Promise<T>): Promise<T | undefined> => {
    setBusy(doing);
    setWrong("");
    try {
      return await act();
    } catch (err) {
      setWrong(err instanceof Error ? err.message : String(err));
    } finally {
      setBusy("");
    }
    return undefined;
  }, []);

  const asking = useRef<AbortController>(null);
  const open = useRef(true);
  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
      asking.current?.abort();
    };
  }, []);
  const inspect = (from: Source) => {
    asking.current?.abort();
    asking.current = new AbortController();
    return "files" in from ? api.inspect(from.files) : api.fetchPackage(from.address, asking.current.signal);
  };

  const look = useCallback(async (from: Source) => {
    giveWord(false);
    setSource(from);
    setReport(null);
    const seen = await run("files" in from ? "Looking at it…" : "Fetching it…", () => inspect(from));
    if (seen) setReport(seen);
  }, [run]);

  const files = source && "files" in source ? source.files : null;
  const take = useCallback(async (list: Iterable<File>) => {
    let got = pick(list);
    const late = [...list].find((f) => f.name.endsWith(".minisig"));
    if (typeof got === "string" && files && late?.name === files.pack.name + ".minisig") got = { ...files, signature: late }; // the signature came after the package
    if (typeof got === "string") {
      giveWord(false);
      setWrong(got);
      return;
    }
    await look({ files: got });
  }, [files, look]);

  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || !dropped) return;
    begun.current = true;
    void take(dropped);
  }, [dropped, take]);

  const install = async (shadow: boolean) => {
    if (!source || !report) return;
    const got = report.there ? report : await run("Installing…", () => installed(report));
    if (!got) return;
    if (open.current) done(got, shadow);
    else late(got);
  };

  /** What was looked at is what is installed. Where it was looked at too long ago it is looked at once more, and must be the same. */
  const installed = async (r: PackageReport): Promise<PackageReport> => {
    const anyway = Boolean(r.refused);
    try {
      return await api.install(r.sha256, anyway);
    } catch (err) {
      if (!source || !(err instanceof ApiError) || err.status !== 404) throw err;
    }
    const again = await inspect(source);
    if (again.sha256 !== r.sha256) {
      giveWord(false);
      setReport(again);
      throw new Error("It is another package by now; look at it again.");
    }
    return api.install(r.sha256, anyway);
  };

  const shadow = slots.find((s) => s.slot === report?.kind)?.shadow;
  const may = report && !report.conflict && (!report.refused || word || report.there) && !busy;
  return (
    <Dialog title="Install a plugin" close={close}>
      <Body>
        <Drop take={take} small={report !== null} source={source} />
        {!report && <FromAddress look={(address) => void look({ address })} busy={busy !== ""} />}
        {busy && <p role="status" className="mt-3 text-sm text-soft">{busy}</p>}
        {wrong && <p role="alert" className="mt-3 rounded-lg border border-live/50 bg-live/8 px-3 py-2 text-sm break-words text-live">{wrong}</p>}
        {report && <Report report={report} word={word} giveWord={giveWord} />}
        {shadow && may && <p className="mt-3 text-xs text-warn">{named(shadow)} is in shadow now. It gives way, and what was compared is lost.</p>}
      </Body>
      <Foot>
        <Button onClick={close} className="h-9 px-4">Cancel</Button>
        {report && !report.there && <Button disabled={!may} onClick={() => void install(false)} className="h-9 px-4">Install only</Button>}
        {report && (
          <Button look={report.refused && !report.there ? "danger" : "gold"} disabled={!may} onClick={() => void install(true)} className="h-9 px-4">
            {report.there ? "Load as shadow" : report.refused ? "Install anyway, load as shadow" : "Install, load as shadow"}
          </Button>
        )}
      </Foot>
    </Dialog>
  );
}

function Drop({ take, small, source }: { take: (list: Iterable<File>) => void; small: boolean; source: Source | null }) {
  const files = source && "files" in source ? source.files : null;
  const address = source && "address" in source && small ? source.address : "";
  const Icon = address ? Link2 : FileUp;
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const drop = (e: DragEvent) => {
    e.preventDefault();
    e.stopPropagation();
    setOver(false);
    take(e.dataTransfer.files);
  };
  return (
    <div
      onDragOver={(e) => (e.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}
      className={cx("flex items-center gap-3 rounded-xl border border-dashed px-4", small ? "py-2.5" : "flex-col py-6 text-center", over ? "border-gold bg-gold/8" : "border-line bg-raised")}
    >
      <Icon aria-hidden size={small ? 18 : 26} className="shrink-0 text-faint" />
      <div className="min-w-0 flex-1 text-xs">
        {address ? (
          <p className="font-mono wrap-anywhere">{address}</p>
        ) : files ? (
          <p className="wrap-anywhere"><span className="font-mono font-semibold">{files.pack.name}</span> <span className="text-faint">{size(files.pack.size)}</span>
            <span className="block text-faint">{files.signature ? files.signature.name : "no signature file; drop it here as well if there is one"}</span></p>
        ) : (
          <p className="text-sm text-soft">Drop a package here, with its signature:<span className="mt-0.5 block font-mono text-xs text-faint">name-1.0.0.sbx and name-1.0.0.sbx.minisig</span></p>
        )}
      </div>
      <label htmlFor={id} className="sr-only">Package and signature</label>
      <input ref={input} id={id} type="file" multiple accept=".sbx,.minisig" className="sr-only" tabIndex={-1} onChange={(e) => (e.target.files && take([...e.target.files]), (e.target.value = ""))} />
      <Button autoFocus onClick={() => input.current?.click()}>{address ? "Choose files instead…" : files ? "Choose others…" : "Choose files…"}</Button>
    </div>
  );
}

/** The program fetches it, and its signature with it. */
function FromAddress({ look, busy }: { look: (address: string) => void; busy: boolean }) {
  const [address, setAddress] = useState("");
  const id = useId();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    look(address.trim());
  };
  return (
    <form onSubmit={submit} className="mt-4">
      <label htmlFor={id} className="text-sm font-semibold">Or from an address</label>
      <div className="mt-1.5 flex gap-2">
        <input
          id={id} required maxLength={2048} value={address} onChange={(e) => setAddress(e.target.value)} placeholder="oci://ghcr.io/ann/night-moth:1.1.0" spellCheck={false} autoComplete="off" autoCapitalize="off"
          aria-describedby={id + "how"} className="h-9 min-w-0 flex-1 rounded-lg border border-line bg-raised px-3 font-mono text-xs placeholder:text-faint"
        />
        <Button type="submit" disabled={busy || address.trim() === ""} className="h-9 px-4"><Link2 aria-hidden size={14} /> Look at it</Button>
      </div>
      <p id={id + "how"} className="mt-1.5 text-xs text-faint">A registry (<span className="font-mono">oci://host/path:version</span>) or a file on the web (<span className="font-mono">https://…</span>). The show's machine fetches it with its signature; nothing is kept before you say so.</p>
    </form>
  );
}

const signatures: Record<PackageReport["signature"], { Icon: LucideIcon; tint: Tint; words: (r: PackageReport) => string }> = {
  trusted: { Icon: ShieldCheck, tint: "good", words: (r) => `signed by ${r.signer ?? ""}, trusted here` },
  unknown: { Icon: ShieldQuestion, tint: "warn", words: (r) => `signed by unknown key ${r.key ?? ""}` },
  none: { Icon: ShieldAlert, tint: "bad", words: () => "not signed" },
  altered: { Icon: ShieldX, tint: "bad", words: () => "altered after it was signed" },
};

function Report({ report: r, word, giveWord }: { report: PackageReport; word: boolean; giveWord: (yes: boolean) => void }) {
  const { Icon, tint, words } = signatures[r.signature];
  return (
    <div data-report className="mt-4 flex flex-col gap-3">
      <div>
        <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <h3 className="text-lg font-semibold tracking-tight">{r.name}</h3>
          <span className="rounded-full border border-line px-2 font-mono text-2xs leading-5">{r.version}</span>
          <Badge>{kinds[r.kind]}</Badge>
          <Badge tint={tint}><Icon aria-hidden size={12} /> {words(r)}</Badge>
        </div>
        {r.description && <p className="mt-1 text-sm text-soft">{r.description}</p>}
        <p className="mt-1 text-2xs break-words text-faint">{[r.authors.join(", "), r.license, `${count(r.files)} files`, size(r.bytes), r.character && `plays ${r.character}`].filter(Boolean).join(" · ")}</p>
        <p className="mt-1 text-xs text-soft">{beside(r)}</p>
      </div>
      {r.conflict && <Note bad>{r.conflict}</Note>}
      {r.refused && !r.there && (
        <div className="rounded-lg border border-live/50 bg-live/8 px-3 py-2.5 text-xs">
          <p className="font-semibold text-live">It is refused.</p>
          <p className="mt-0.5 break-words text-text">{r.refused}</p>
          <label className="mt-2.5 flex items-start gap-2 font-medium">
            <input type="checkbox" checked={word} onChange={(e) => giveWord(e.target.checked)} className="mt-0.5 size-4 shrink-0 accent-(--live)" />
            <span>Load it anyway: I know where it comes from. That I said so is written down, for this very content.</span>
          </label>
        </div>
      )}
      <section aria-label="Powers">
        <h4 className="eyebrow mb-1">What it asks for</h4>
        <Powers list={r.capabilities} />
      </section>
    </div>
  );
}

function Note({ bad, children }: { bad?: boolean; children: ReactNode }) {
  return <p role={bad ? "alert" : undefined} className={cx("rounded-lg border px-3 py-2 text-xs break-words", bad ? "border-live/50 bg-live/8 text-live" : "border-line text-soft")}>{children}</p>;
}

/** How it stands to what is there already. */
function beside(r: PackageReport): string {
  if (r.there) return "This very package is installed already.";
  const parts = [];
  if (r.in_slot) parts.push(`${r.in_slot} of the same plugin is in a slot; it stays there until you put this one on air.`);
  if (r.installed.length > 0) parts.push(`Installed beside ${r.installed.join(", ")}.`);
  return parts.join(" ") || "No version of it is here yet.";
}
