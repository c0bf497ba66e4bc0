import type { ImdsEvidence } from '../gather/imds.ts';

const NAME = 'Countersign';
const PATHS = { Instance: '/metadata/instance', Attested: '/metadata/attested', Versions: '/metadata/versions' };

/** The `rules` of an inVMAccessControlProfile (Azure Metadata Security Protocol) that let this program ask what it asks. */
export function accessRules({ executable, user }: ImdsEvidence['program']): object {
  const privileges = Object.entries(PATHS).map(([name, path]) => ({ name: `${NAME}${name}`, path }));
  return {
    privileges,
    roles: [{ name: NAME, privileges: privileges.map(({ name }) => name) }],
    identities: [{ name: NAME, exePath: executable, userName: user }],
    roleAssignments: [{ role: NAME, identities: [NAME] }],
  };
}
