/** The app roles of the operators' application registration, each with all that the ones before it may do. */
export const OPERATOR_ROLES = ['Reader', 'Operator', 'Admin'] as const;

/** `Reader` reads; `Operator` writes offers, licences and activations; `Admin` decides on pins and keys too. */
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Whether one of a token's roles reaches as far as the one that is asked for. */
export function hasRole(roles: readonly string[], asked: OperatorRole): boolean {
  return OPERATOR_ROLES.slice(OPERATOR_ROLES.indexOf(asked)).some((role) => roles.includes(role));
}
