import { useCallback, useState } from 'preact/hooks';
import type { OfferItemJson } from '../../contract/operators/records.ts';
import { paramsOf } from '../changes/offerChange.ts';
import { useData } from '../data/useData.ts';
import { usePages } from '../data/usePages.ts';
import { OfferEditor } from '../offers/offerEditor.tsx';
import { DeletedOffer, OfferState, OfferView } from '../offers/offerView.tsx';
import { Listed, Loaded } from '../parts/loaded.tsx';
import { Ago } from '../parts/now.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { OfferName } from '../parts/text.tsx';
import { Link, useNavigation } from '../routing/navigation.tsx';
import { useMay, useSession } from '../session/context.ts';
import { describeDuration } from '../text/time.ts';

const COLUMNS: readonly Column<OfferItemJson>[] = [
  {
    title: 'Offer',
    cell: ({ offer }) => (
      <Link to={{ page: 'offers', query: { offer: offer.offer } }}>
        <OfferName name={offer.offer} />
      </Link>
    ),
  },
  { title: 'State', cell: ({ offer }) => <OfferState status={offer.status} /> },
  { title: 'Mode', cell: ({ offer }) => offer.mode },
  { title: 'Clouds', cell: ({ offer }) => (offer.clouds === '*' ? 'every cloud' : offer.clouds.join(', ')) },
  { title: 'Lifetime', cell: ({ offer }) => describeDuration(offer.lifetime) },
  { title: 'Grace', cell: ({ offer }) => describeDuration(offer.grace) },
  { title: 'Lease', cell: ({ offer }) => describeDuration(offer.lease) },
  { title: 'Changed', cell: ({ changedAt }) => <Ago at={changedAt} /> },
];

/** All offers, one of them, or a new one: `offer`, `edit` and `new` of the address say which. */
export function OffersPage() {
  const { offer, edit, new: name } = useNavigation().place.query;
  const mayWrite = useMay('Operator');
  const [said, setSaid] = useState('');
  if (name !== undefined && mayWrite) return <NewOffer name={name} tell={setSaid} />;
  if (offer === undefined) return <OfferList />;
  return <OneOffer key={offer} name={offer} isEdited={edit !== undefined && mayWrite} said={said} tell={setSaid} />;
}

function OfferList() {
  const { api } = useSession();
  const { go } = useNavigation();
  const mayWrite = useMay('Operator');
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listOffers', { query: { continuation }, ...(signal && { signal }) }),
    [api],
  );
  return (
    <>
      <h1>Offers</h1>
      {mayWrite && (
        <div class="actions unprinted">
          <button
            type="button"
            class="primary"
            onClick={() => {
              go({ page: 'offers', query: { new: 'publisher/product/plan' } });
            }}
          >
            New offer …
          </button>
        </div>
      )}
      <Listed list={usePages('offers', read)} empty="There is no offer yet.">
        {(items) => <Table caption="Offers" columns={COLUMNS} items={items} keyOf={({ offer }) => offer.offer} />}
      </Listed>
    </>
  );
}

interface NewOfferProps {
  readonly name: string;
  readonly tell: (said: string) => void;
}

function NewOffer({ name, tell }: NewOfferProps) {
  const { go } = useNavigation();
  return (
    <>
      <h1>New offer</h1>
      <OfferEditor
        item={null}
        name={name}
        close={() => {
          go({ page: 'offers' });
        }}
        finish={(created, said) => {
          tell(said);
          go({ page: 'offers', query: { offer: created } });
        }}
      />
    </>
  );
}

interface OneOfferProps extends NewOfferProps {
  readonly isEdited: boolean;
  readonly said: string;
}

function OneOffer({ name, isEdited, said, tell }: OneOfferProps) {
  const { api } = useSession();
  const { go } = useNavigation();
  const [isGone, setGone] = useState(false);
  const data = useData(`offer ${name}`, (signal) => api.read('readOffer', { params: paramsOf(name), signal }));
  const show = (edit?: string) => {
    go({ page: 'offers', query: { offer: name, edit } });
  };
  if (isGone) return <DeletedOffer name={name} said={said} />;
  return (
    <>
      <h1>
        <OfferName name={name} />
      </h1>
      <Loaded data={data}>
        {(item) =>
          isEdited ? (
            <OfferEditor
              item={item}
              name={name}
              close={show}
              finish={(_, done) => {
                tell(done);
                data.reload();
                show();
              }}
            />
          ) : (
            <OfferView
              item={item}
              said={said}
              reload={data.reload}
              edit={() => {
                tell('');
                show('1');
              }}
              finish={(done, isDeleted) => {
                tell(done);
                setGone(isDeleted);
                if (!isDeleted) data.reload();
              }}
            />
          )
        }
      </Loaded>
    </>
  );
}
