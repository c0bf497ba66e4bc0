/** As in the access token; the roles reach further from left to right. */
const ROLES = ['Reader', 'Operator', 'Admin'] as const;

export type Role = (typeof ROLES)[number];

/** Who signed in. It is for display and for leaving out what cannot be used: the service checks every request itself. */
export interface Operator {
  readonly id: string;
  readonly name: string;
  /** The furthest-reaching one; null where the token has none that the service knows. */
  readonly role: Role | null;
}

/** @param accessToken of the service's own API, in the form of Entra ID: a JWT */
export function readOperator(accessToken: string): Operator {
  const { oid, name, preferred_username: user, roles } = readClaims(accessToken);
  const id = typeof oid === 'string' ? oid : '';
  const shown = [name, user, id].find((text): text is string => typeof text === 'string' && text !== '');
  const role = ROLES.findLast((one) => Array.isArray(roles) && roles.includes(one)) ?? null;
  return { id, name: shown ?? 'an operator', role };
}

export function reachesAsFar(role: Role | null, asked: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(asked);
}

function readClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const octets = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    return (JSON.parse(new TextDecoder().decode(octets)) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
