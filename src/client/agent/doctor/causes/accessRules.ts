import type { ImdsEvidence } from '../gather/imds.ts';

const NAME = 'Countersign';
const PATHS = { Instance: '/metadata/instance', Attested: '/metadata/attested', Versions: '/metadata/versions' };

/** What an inVMAccessControlProfile (Azure Metadata Security Protocol) needs, so that this program may ask what it asks. */
export function accessRules({ executable, user }: ImdsEvidence['program']): object {
  const privileges = Object.entries(PATHS).map(([name, path]) => ({ name: `${NAME}${name}`, path }));
  return {
    rules: {
      privileges,
      roles: [{ name: NAME, privileges: privileges.map(({ name }) => name) }],
      identities: [{ name: NAME, exePath: executable, userName: user }],
      roleAssignments: [{ role: NAME, identities: [NAME] }],
    },
  };
}
