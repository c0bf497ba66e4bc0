import type { Area } from '../finding.ts';
import type { ConfigurationEvidence } from '../gather/configuration.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { formatMode, WRITABLE_BY_OTHERS } from './modes.ts';

/** What a file needs at least. */
const EXAMPLE = `{
  "issuer": "https://licences.contoso.com",
  "product": "contoso/widget",
  "trust": { "rootKeys": ["<thumbprint>"] }
}`;

export const CONFIGURATION = {
  title: 'Configuration',
  describe: ({ file, path, members }) => `${file === null ? 'environment' : path}: ${members.join(', ')}`,
  causes: {
    configuration_missing: {
      means: 'The agent has no configuration.',
      advice: 'Write the configuration file with the values of the vendor of the software. The command reads it.',
      judge(own) {
        const { path } = own;
        if (!isMissing(own)) return null;
        return {
          ...{ evidence: [`${path}: there is no such file.`], snippet: EXAMPLE },
          command: quoteForSh('install', '-D', '-m', '644', '/dev/stdin', path),
        };
      },
    },
    configuration_owner: {
      means: 'The configuration file does not belong to root, so nothing in it counts.',
      advice: 'Make root its owner. Read what stands in it before: another user could have changed it.',
      judge({ file, owners, path }) {
        if (file?.kind !== 'file' || owners === null || owners.includes(file.uid)) return null;
        return { evidence: [`${path} belongs to user ${file.uid}.`], command: quoteForSh('chown', 'root', path) };
      },
    },
    configuration_mode: {
      means: 'Other users can write the configuration file, so nothing in it counts.',
      advice: 'Remove their write access. Read what stands in it before: another user could have changed it.',
      judge({ file, owners, path }) {
        if (file?.kind !== 'file' || owners === null || (file.mode & WRITABLE_BY_OTHERS) === 0) return null;
        return { evidence: [`${path} has mode ${formatMode(file.mode)}.`], command: quoteForSh('chmod', 'go-w', path) };
      },
    },
    configuration_twice: {
      means: 'COUNTERSIGN_CONFIG names another file although the usual one is there. Neither counts.',
      advice: 'Unset the variable, or remove the usual file.',
      judge: ({ path, rival }) =>
        rival === null
          ? null
          : { evidence: [`${path} is there.`, `COUNTERSIGN_CONFIG=${rival}`], command: 'unset COUNTERSIGN_CONFIG' },
    },
    configuration_unreadable: {
      means: 'The configuration file cannot be read.',
      advice: 'Correct what the line says. The file must be a regular file with one JSON object.',
      judge(own) {
        const { broken, path, rival } = own;
        const isOther = rival !== null || isUntrusted(own);
        return broken === null || isOther ? null : { evidence: [broken], command: quoteForSh('ls', '-l', path) };
      },
    },
    configuration_invalid: {
      means: 'A member of the configuration is wrong.',
      advice:
        'Correct each member that is named, in the file or in its variable. The command says whether it is right.',
      judge: (own) =>
        own.faults.length === 0 || isMissing(own)
          ? null
          : { evidence: own.faults, command: 'countersign-agent status' },
    },
    environment_ignored: {
      means: 'Variables of the environment do not count, because the configuration file decides whom to believe.',
      advice: 'Set these members in the configuration file, and unset the variables.',
      judge: ({ ignored }) =>
        ignored.length === 0 ? null : { evidence: ignored, command: quoteForSh('unset', ...ignored) },
    },
  },
} as const satisfies Area<ConfigurationEvidence>;

function isMissing({ broken, file, members }: ConfigurationEvidence): boolean {
  return broken === null && file === null && !members.includes('issuer') && !members.includes('product');
}

function isUntrusted({ file, owners }: ConfigurationEvidence): boolean {
  if (file?.kind !== 'file' || owners === null) return false;
  return !owners.includes(file.uid) || (file.mode & WRITABLE_BY_OTHERS) !== 0;
}
