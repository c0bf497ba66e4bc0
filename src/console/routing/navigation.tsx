import { createContext } from 'preact';
import type { ComponentChildren } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { parsePlace, writePlace } from './place.ts';
import type { Place, Target } from './place.ts';

export interface Navigation {
  readonly place: Place;
  readonly addressOf: (target: Target) => string;
  /** @param options.replace for filters: Back leads to the page before, not to each letter that was typed */
  readonly go: (target: Target, options?: { readonly replace: boolean }) => void;
}

const NavigationContext = createContext<Navigation | null>(null);

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (navigation === null) throw new Error('There is no navigation around this.');
  return navigation;
}

/** @param home path of the console */
export function NavigationProvider({
  home,
  children,
}: {
  readonly home: string;
  readonly children: ComponentChildren;
}) {
  const [address, setAddress] = useState(() => location.pathname + location.search);
  useEffect(() => {
    const follow = () => {
      setAddress(location.pathname + location.search);
    };
    addEventListener('popstate', follow);
    return () => {
      removeEventListener('popstate', follow);
    };
  }, []);
  const navigation = useMemo((): Navigation => {
    const addressOf = (target: Target) => writePlace(home, target);
    return {
      place: parsePlace(home, new URL(address, location.origin)),
      addressOf,
      go: (target, { replace } = { replace: false }) => {
        const next = addressOf(target);
        if (replace) history.replaceState(null, '', next);
        else history.pushState(null, '', next);
        setAddress(next);
        if (!replace) scrollTo(0, 0);
      },
    };
  }, [home, address]);
  return <NavigationContext.Provider value={navigation}>{children}</NavigationContext.Provider>;
}

export interface LinkProps {
  readonly to: Target;
  readonly children: ComponentChildren;
  readonly isCurrent?: boolean;
}

/** A link that opens in a tab of its own as any other does, and otherwise changes the page without loading it. */
export function Link({ to, children, isCurrent = false }: LinkProps) {
  const { addressOf, go } = useNavigation();
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={addressOf(to)} onClick={follow} {...(isCurrent && { 'aria-current': 'page' })}>
      {children}
    </a>
  );
}
