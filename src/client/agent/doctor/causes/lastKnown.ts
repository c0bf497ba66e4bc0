import type { Area, Found } from '../finding.ts';
import type { LastKnownEvidence } from '../gather/lastKnown.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { isSilent } from '../../statusFile.ts';
import { formatMode, WRITABLE_BY_OTHERS } from './modes.ts';

const RESTART = 'systemctl restart countersign';
const KEY_CHANGED = 'key_changed';

export const LAST_KNOWN = {
  title: 'Running agent',
  describe: ({ runFolder, status }) =>
    status === null ? `${runFolder} has no status.json.` : `${describeState(status)}, next check ${status.nextCheckAt}`,
  causes: {
    run_folder_distrusted: {
      means: 'The run folder belongs to another user than the agent, or others can write it: nothing in it counts.',
      advice: 'Correct owner and mode, then start the agent again.',
      judge({ distrusted, files, runFolder, user }) {
        const folder = files.find(({ name }) => name === '');
        if (distrusted === null || folder === undefined) return null;
        const isOpen = folder.uid === user && (folder.mode & WRITABLE_BY_OTHERS) !== 0;
        const cure = isOpen ? ['chmod', 'go-w'] : ['chown', String(user)];
        const evidence = [`${runFolder}: user ${folder.uid}, mode ${formatMode(folder.mode)}`];
        return { evidence, command: quoteForSh(...cure, runFolder) };
      },
    },
    agent_silent: {
      means: 'No agent runs: the next check that it announced is more than 30 minutes past.',
      advice: 'Start the agent, and read its log (journalctl -u countersign) if it ends again.',
      judge({ now, status }) {
        if (status === null || !isSilent(status, Date.parse(now))) return null;
        return { evidence: [`nextCheckAt: ${status.nextCheckAt}`, `now: ${now}`], command: RESTART };
      },
    },
    agent_outdated: {
      means: 'The agent that runs is of another version than this program.',
      advice: 'Start the agent again, so that the version that is installed runs.',
      judge({ agent, now, status }) {
        if (status === null || status.agent === agent || isSilent(status, Date.parse(now))) return null;
        return { evidence: [`running: ${status.agent}`, `this program: ${agent}`], command: RESTART };
      },
    },
    licence_denied: {
      means: 'The service has denied this VM a licence, and has signed that.',
      advice: 'Do what the reason says. The agent asks again by itself; the command asks at once.',
      judge: judgeState('denied'),
    },
    licence_refused: {
      means: 'The service gives this VM no licence.',
      advice: 'Do what the reason says. The agent asks again by itself; the command asks at once.',
      judge: judgeState('refused'),
    },
    key_changed: {
      means: 'The service gives no licence, because this VM came with too many new keys.',
      advice:
        'After reimaging or replacing the disk of the operating system a VM has a new key. Ask the vendor to run the command, or to raise keyChanges of the offer.',
      judge({ now, status }) {
        if (status?.code !== KEY_CHANGED || isSilent(status, Date.parse(now))) return null;
        const vm = status.vmId === null ? null : quoteForSh('countersign', 'activations', 'release-key', status.vmId);
        return { evidence: told(status), command: vm };
      },
    },
  },
} as const satisfies Area<LastKnownEvidence>;

type Status = NonNullable<LastKnownEvidence['status']>;

function judgeState(state: 'denied' | 'refused'): (own: LastKnownEvidence) => Found | null {
  return ({ now, status }) => {
    if (status?.state !== state || status.code === KEY_CHANGED || isSilent(status, Date.parse(now))) return null;
    return { evidence: told(status), command: 'countersign-agent check --renew' };
  };
}

function told(status: Status): readonly string[] {
  return [`${describeState(status)} since ${status.since}`, ...(status.reason === null ? [] : [status.reason])];
}

function describeState({ code, state }: Status): string {
  return code === null ? state : `${state} (${code})`;
}
