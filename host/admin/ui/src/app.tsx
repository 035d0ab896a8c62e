import { useCallback, useEffect, useMemo, useState } from "react";
import { api, ApiError, type Me } from "./api/client";
import { Room } from "./feed/room";
import { RoomContext } from "./feed/use";
import { Consents } from "./consents";
import { Live } from "./live";
import { Login } from "./login";
import { Header } from "./panels/header";
import { Plugins } from "./plugins/page";
import { Preview } from "./preview";
import { DevBanner } from "./ui/dev";
import { Notices } from "./ui/notices";
import { usePath } from "./ui/route";

/** A one-time link is used up by a post of ours, never by whoever merely opens it. */
async function enter(): Promise<Me | string> {
  const token = new URLSearchParams(location.search).get("token");
  if (token) history.replaceState(null, "", "/");
  try {
    return token ? await api.login({ token }) : await api.me();
  } catch (err) {
    const logged = token ? await api.me().catch(() => null) : null;
    if (logged) return logged;
    if (token) return "That link was used already. Log in with the owner's password.";
    return err instanceof ApiError && err.status !== 401 ? err.message : "";
  }
}

export function App() {
  const [me, setMe] = useState<Me | null>(null);
  const [why, setWhy] = useState<string | null>(null); // why there is a login; null: not known yet
  useEffect(() => {
    let gone = false;
    void enter().then((got) => {
      if (gone) return;
      if (typeof got === "string") setWhy(got);
      else setMe(got);
    });
    return () => {
      gone = true;
    };
  }, []);
  const leave = useCallback((words: string) => {
    setMe(null);
    setWhy(words);
  }, []);
  if (me) return <Inside key={me.epoch} me={me} leave={leave} />;
  if (why === null) return <p className="sr-only">Opening the control room…</p>;
  return <Login why={why} done={setMe} />;
}

function Inside({ me, leave }: { me: Me; leave: (why: string) => void }) {
  const path = usePath();
  const room = useMemo(() => new Room(() => leave("You were logged out.")), [leave]);
  useEffect(() => {
    room.start();
    return () => room.stop();
  }, [room]);
  const logout = () => {
    room.stop();
    void api.logout().finally(() => leave(""));
  };
  return (
    <RoomContext value={room}>
      <Notices>
        <Header me={me} logout={logout} />
        <DevBanner />
        {path === "/plugins" ? <Plugins me={me} /> : path === "/preview" ? <Preview me={me} /> : <Live me={me} />}
        <Consents />
      </Notices>
    </RoomContext>
  );
}
