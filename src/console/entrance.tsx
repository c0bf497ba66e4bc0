import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ConsoleConfig } from '../contract/consolePages.ts';
import { App } from './app.tsx';
import { createApi } from './data/api.ts';
import { NowProvider } from './parts/now.tsx';
import { NavigationProvider } from './routing/navigation.tsx';
import { SessionContext } from './session/context.ts';
import { SignInError, beginSignIn, completeSignIn, readConfig } from './session/signIn.ts';
import type { Session } from './session/signIn.ts';

export interface EntranceProps {
  /** The console's whole address, with a slash at its end; the directory compares it to the letter. */
  readonly home: string;
}

type Stage =
  | { readonly at: 'door'; readonly message: string }
  | { readonly at: 'leaving' }
  | { readonly at: 'inside'; readonly config: ConsoleConfig; readonly session: Session };

const FAILED = 'The service does not answer. Check your network, then try again.';

/** Signs somebody in, and shows the console to whom the directory knows. */
export function Entrance({ home }: EntranceProps) {
  const [stage, setStage] = useState<Stage>({ at: 'leaving' });
  const stayOutside = (error: unknown) => {
    setStage({ at: 'door', message: error instanceof SignInError ? error.message : FAILED });
  };
  const leave = () => {
    setStage({ at: 'leaving' });
    readConfig(home)
      .then((config) => beginSignIn(config, home, location.pathname + location.search))
      .catch(stayOutside);
  };
  useEffect(() => {
    enter(home).then((entered) => {
      if (entered !== null) setStage(entered);
    }, stayOutside);
  }, [home]);
  switch (stage.at) {
    case 'leaving':
      return (
        <main class="door">
          <p role="status">Signing in …</p>
        </main>
      );
    case 'door':
      return <Door message={stage.message} signIn={leave} />;
    case 'inside': {
      const signOut = () => {
        setStage({ at: 'door', message: 'You are signed out of this page.' });
      };
      return <Inside home={home} {...stage} signInAgain={leave} signOut={signOut} />;
    }
  }
}

/** @returns null where the page is being left */
async function enter(home: string): Promise<Stage | null> {
  const config = await readConfig(home);
  const address = new URL(location.href);
  // What came with the address is used once, whatever comes of it, and does not stay in the history.
  if (address.searchParams.has('state')) history.replaceState(null, '', new URL(home).pathname);
  const signedIn = await completeSignIn(config, home, address);
  if (signedIn === null) {
    await beginSignIn(config, home, location.pathname + location.search);
    return null;
  }
  history.replaceState(null, '', signedIn.path);
  return { at: 'inside', config, session: signedIn.session };
}

function Door({ message, signIn }: { readonly message: string; readonly signIn: () => void }) {
  return (
    <main class="door">
      <h1>Countersign</h1>
      <p role="status">{message}</p>
      <button type="button" class="primary" onClick={signIn}>
        Sign in
      </button>
    </main>
  );
}

interface InsideProps extends EntranceProps {
  readonly config: ConsoleConfig;
  readonly session: Session;
  readonly signInAgain: () => void;
  readonly signOut: () => void;
}

function Inside({ home, config, session, signInAgain, signOut }: InsideProps) {
  const value = useMemo(() => {
    const api = createApi(home.slice(0, -'/console/'.length), session.accessToken);
    return { api, operator: session.operator, acceptedClouds: config.acceptedClouds, signInAgain, signOut };
  }, [home, config, session]);
  return (
    <SessionContext.Provider value={value}>
      <NowProvider>
        <NavigationProvider home={new URL(home).pathname}>
          <App />
        </NavigationProvider>
      </NowProvider>
    </SessionContext.Provider>
  );
}
