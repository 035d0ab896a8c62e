import { LogIn } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api, type Me } from "./api/client";
import { Button } from "./ui/parts";

export function Login({ why, done }: { why: string; done: (me: Me) => void }) {
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState(why);
  const [busy, setBusy] = useState(false);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    try {
      done(await api.login({ password }));
      if (location.pathname === "/login") history.replaceState(null, "", "/");
    } catch (err) {
      setWrong(err instanceof Error ? err.message : String(err));
      setPassword("");
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="grid min-h-dvh place-items-center bg-[radial-gradient(60rem_40rem_at_50%_-10%,var(--glow),transparent)] p-6">
      <form onSubmit={submit} className="w-full max-w-sm rounded-2xl border border-line bg-panel p-8 shadow-2xl">
        <img src="/favicon.svg" alt="" className="size-12" />
        <h1 className="mt-5 text-2xl font-semibold tracking-tight">Control room</h1>
        <p className="mt-1 text-soft">The owner's password was printed when the show first started.</p>
        <input type="text" name="username" autoComplete="username" value="owner" readOnly hidden />
        <label className="mt-6 block text-sm font-semibold" htmlFor="password">Password</label>
        <input
          id="password" type="password" autoComplete="current-password" autoFocus required
          value={password} onChange={(e) => setPassword(e.target.value)}
          aria-invalid={wrong !== ""} aria-describedby="wrong"
          className="mt-1.5 h-11 w-full rounded-lg border border-line bg-raised px-3 text-base"
        />
        <p id="wrong" role="alert" className="mt-2 min-h-5 text-sm text-live">{wrong}</p>
        <Button type="submit" look="gold" disabled={busy} className="mt-3 h-11 w-full text-sm">
          <LogIn aria-hidden size={16} /> {busy ? "Opening…" : "Enter"}
        </Button>
        <p className="mt-6 text-center text-sm text-soft">
          Here to bid? <a className="font-semibold text-text underline underline-offset-4" href="/lot">See the lot on the block</a>
        </p>
      </form>
    </main>
  );
}
