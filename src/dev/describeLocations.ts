import type { CheckedLocation, LocationReport } from '../trust/checkLocations.ts';

/** What `npm run locations` prints: each location that does not have the certificate of its pin, and what to do. */
export function describeLocations({ ok, locations }: LocationReport): string {
  const wrong = locations.filter(({ reason }) => reason !== null);
  const lines = [true, false].flatMap((required) =>
    wrong.filter((location) => location.required === required).map(describeLocation),
  );
  const sum = `${locations.length - wrong.length} of ${locations.length} locations have the certificate of their pin.\n`;
  return `${lines.join('')}${sum}${ok ? '' : ADVICE}`;
}

const describeLocation = ({ required, name, sha256, url, reason }: CheckedLocation): string =>
  `${required ? 'FAILED  ' : 'historic'} ${name} (SHA-256 ${sha256})\n         ${url} ${reason ?? ''}\n`;

const ADVICE =
  'A current pin is not published where it says. Run it again; if it fails again, look where its CA publishes the certificate now, and change publishedAt in src/trust/pins.\n';
