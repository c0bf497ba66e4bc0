import { Plain } from '../parts/text.tsx';

/** The service names no more. */
const MOST = 100;
const SHOWN = 5;

/** The customers that a change reaches, by the ids of their licences. */
export function Touched({ licences }: { readonly licences: readonly string[] }) {
  if (licences.length === 0) return <>No customer has a licence under it.</>;
  const count =
    licences.length >= MOST
      ? `At least ${MOST} customers are`
      : licences.length === 1
        ? '1 customer is'
        : `${licences.length} customers are`;
  const more = licences.length - SHOWN;
  return (
    <>
      {count} touched: <Plain text={licences.slice(0, SHOWN).join(', ')} />
      {more > 0 && ` and ${more} more`}.
    </>
  );
}
