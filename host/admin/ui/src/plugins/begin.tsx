// Begins a character: the same folder that `sothebais new character` writes.
import { Check, Copy } from "lucide-react";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { api, type BegunCharacter } from "../api/client";
import { Body, Dialog, Foot } from "../ui/dialog";
import { Button } from "../ui/parts";

const pattern = "[a-z0-9]+(-[a-z0-9]+)*";

interface Props {
  close: () => void;
  begun: (c: BegunCharacter) => void;
  shadow: (c: BegunCharacter) => void;
}

export function Begin({ close, begun, shadow }: Props) {
  const [made, setMade] = useState<BegunCharacter | null>(null);
  return (
    <Dialog title={made ? `${made.plugin} is there` : "New character"} close={close}>
      {made ? <Made made={made} close={close} shadow={() => shadow(made)} /> : <Ask close={close} made={(c) => (setMade(c), begun(c))} />}
    </Dialog>
  );
}

function Ask({ close, made }: { close: () => void; made: (c: BegunCharacter) => void }) {
  const [name, setName] = useState("");
  const [plays, setPlays] = useState("");
  const [cast, setCast] = useState<string[]>([]);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useId();
  useEffect(() => {
    let gone = false;
    api.characters().then(
      (list) => !gone && (setCast(list), setPlays((was) => was || (list[0] ?? ""))),
      (err: Error) => !gone && setWrong(err.message),
    );
    return () => {
      gone = true;
    };
  }, []);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setWrong("");
    try {
      made(await api.newCharacter(name, plays));
    } catch (err) {
      setWrong(err instanceof Error ? err.message : String(err));
      setBusy(false);
    }
  };
  return (
    <>
      <Body>
        <form id={form} onSubmit={(e) => void submit(e)} className="flex flex-col gap-4">
          <p className="text-sm text-soft">A host with moods, lines and triggers in one file, no code. It works at once, and is small enough to be read.</p>
          <label className="text-sm font-semibold">
            Id
            <input
              autoFocus required pattern={pattern} maxLength={60} value={name} onChange={(e) => setName(e.target.value)} placeholder="night-moth" spellCheck={false} autoComplete="off"
              aria-invalid={wrong !== ""} aria-describedby={form + "wrong"} title="Lower-case letters, digits and dashes, such as night-moth"
              className="mt-1.5 block h-10 w-full rounded-lg border border-line bg-raised px-3 font-mono text-sm font-normal placeholder:text-faint"
            />
            <span className="mt-1 block text-xs font-normal text-faint">Lower-case letters, digits and dashes.</span>
          </label>
          <label className="text-sm font-semibold">
            Plays
            <select value={plays} onChange={(e) => setPlays(e.target.value)} className="mt-1.5 block h-10 w-full rounded-lg border border-line bg-raised px-2.5 text-sm font-normal">
              {cast.map((c) => <option key={c}>{c}</option>)}
            </select>
            <span className="mt-1 block text-xs font-normal text-faint">The drawn character that is seen on stage.</span>
          </label>
          <p id={form + "wrong"} role="alert" className="min-h-5 text-sm break-words text-live">{wrong}</p>
        </form>
      </Body>
      <Foot>
        <Button onClick={close} className="h-9 px-4">Cancel</Button>
        <Button type="submit" form={form} look="gold" disabled={busy || !plays} className="h-9 px-4">{busy ? "Writing…" : "Begin it"}</Button>
      </Foot>
    </>
  );
}

function Made({ made, close, shadow }: { made: BegunCharacter; close: () => void; shadow: () => void }) {
  const [copied, setCopied] = useState(false);
  const command = useRef<HTMLElement>(null);
  const copy = () => {
    navigator.clipboard.writeText(made.command).then(
      () => setCopied(true),
      () => command.current && getSelection()?.selectAllChildren(command.current), // no clipboard without TLS: it is marked, to be copied by hand
    );
  };
  return (
    <>
      <Body>
        <dl className="flex flex-col gap-3 text-sm">
          <div>
            <dt className="eyebrow">Folder on the show's machine</dt>
            <dd className="mt-1 font-mono text-xs wrap-anywhere">{made.folder}</dd>
          </div>
          <div>
            <dt className="eyebrow">In it</dt>
            <dd className="mt-1 text-xs break-words text-soft">{made.files.join(", ")}</dd>
          </div>
          <div>
            <dt className="eyebrow">Go on</dt>
            <dd className="mt-1">
              <p className="text-soft">Open personality.yaml in an editor and let this run; at each save you see what it would say, here under Preview too.</p>
              <div className="mt-2 flex items-center gap-2 rounded-lg border border-line bg-raised py-1.5 pr-1.5 pl-3">
                <code ref={command} className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">{made.command}</code>
                <Button onClick={copy}>{copied ? <Check aria-hidden size={14} /> : <Copy aria-hidden size={14} />} {copied ? "Copied" : "Copy"}</Button>
              </div>
            </dd>
          </div>
        </dl>
      </Body>
      <Foot>
        <Button onClick={close} className="h-9 px-4">Close</Button>
        <Button look="gold" autoFocus onClick={shadow} className="h-9 px-4">Load as shadow</Button>
      </Foot>
    </>
  );
}
