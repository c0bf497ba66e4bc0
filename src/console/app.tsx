import { useEffect } from 'preact/hooks';
import { ChangesPage } from './pages/changes.tsx';
import { CustomersPage } from './pages/customers.tsx';
import { DecisionsPage } from './pages/decisions.tsx';
import { ExplainPage } from './pages/explain.tsx';
import { ImportPage } from './pages/import.tsx';
import { KeysPage } from './pages/keys.tsx';
import { LicencePage } from './pages/licence.tsx';
import { OffersPage } from './pages/offers.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { SearchPage } from './pages/search.tsx';
import { TrustPage } from './pages/trust.tsx';
import { VmPage } from './pages/vm.tsx';
import { useNavigation } from './routing/navigation.tsx';
import type { Place } from './routing/place.ts';
import { Shell } from './shell.tsx';

export function App() {
  const { place } = useNavigation();
  useEffect(() => {
    document.title = [place.id, titleOf(place), 'Countersign'].filter((part) => part !== '').join(' · ');
  }, [place]);
  return (
    <Shell>
      <CurrentPage place={place} />
    </Shell>
  );
}

function titleOf({ page }: Place): string {
  if (page === null) return 'Not found';
  const name = page === '' ? 'overview' : page;
  return name === 'vms' ? 'VM' : `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

function CurrentPage({ place: { page, id, query } }: { readonly place: Place }) {
  switch (page) {
    case '':
      return <OverviewPage />;
    case 'customers':
      return <CustomersPage />;
    case 'licences':
      return id === '' ? <CustomersPage /> : <LicencePage key={id} id={id} />;
    case 'vms':
      return id === '' ? <NoPage /> : <VmPage key={id} id={id} pool={query['pool'] ?? ''} />;
    case 'decisions':
      return id === '' ? <DecisionsPage /> : <ExplainPage key={id} id={id} />;
    case 'offers':
      return <OffersPage />;
    case 'import':
      return <ImportPage />;
    case 'changes':
      return <ChangesPage />;
    case 'search':
      return <SearchPage words={query['q']?.trim() ?? ''} />;
    case 'trust':
      return <TrustPage />;
    case 'keys':
      return <KeysPage />;
    case null:
      return <NoPage />;
  }
}

function NoPage() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>Choose one of the pages above, or search.</p>
    </>
  );
}
