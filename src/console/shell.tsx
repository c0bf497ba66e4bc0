import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ConsolePage } from '../contract/consolePages.ts';
import { Link, useNavigation } from './routing/navigation.tsx';
import { useMay, useSession } from './session/context.ts';
import { SearchBox } from './parts/searchBox.tsx';
import { Plain } from './parts/text.tsx';

const PAGES: readonly (readonly [page: ConsolePage, title: string, also: readonly ConsolePage[]])[] = [
  ['', 'Overview', []],
  ['customers', 'Customers', ['licences', 'vms']],
  ['decisions', 'Decisions', []],
  ['offers', 'Offers', []],
  ['import', 'Import', []],
  ['trust', 'Trust', []],
  ['keys', 'Keys', []],
  ['changes', 'Changes', []],
];

/** What stands around every page. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <header>
        <p class="brand">
          <Link to={{ page: '' }}>Countersign</Link>
        </p>
        <SearchBox />
        <Person />
      </header>
      <Navigation />
      <Main>{children}</Main>
    </>
  );
}

function Navigation() {
  const { place } = useNavigation();
  const mayWrite = useMay('Operator');
  return (
    <nav aria-label="Pages">
      <ul>
        {PAGES.filter(([page]) => page !== 'import' || mayWrite).map(([page, title, also]) => (
          <li key={page}>
            <Link to={{ page }} isCurrent={place.page === page || also.some((other) => other === place.page)}>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Person() {
  const { operator, signOut } = useSession();
  return (
    <p class="person">
      <span title={`Object id ${operator.id}`}>
        <Plain text={operator.name} />
        {operator.role !== null && <span class="quiet"> {operator.role}</span>}
      </span>{' '}
      <button type="button" onClick={signOut}>
        Sign out
      </button>
    </p>
  );
}

/** After another page was chosen, the keyboard and what reads aloud go on at its beginning. */
function Main({ children }: { readonly children: ComponentChildren }) {
  const { place } = useNavigation();
  const main = useRef<HTMLElement>(null);
  const where = `${place.page ?? ''}/${place.id}/${place.page === 'search' ? (place.query['q'] ?? '') : ''}`;
  const before = useRef(where);
  useEffect(() => {
    if (before.current !== where) main.current?.focus({ preventScroll: true });
    before.current = where;
  }, [where]);
  return (
    <main id="page" ref={main} tabIndex={-1}>
      {children}
    </main>
  );
}
