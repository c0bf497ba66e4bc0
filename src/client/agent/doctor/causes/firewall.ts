import type { Area, Found } from '../finding.ts';
import type { FirewallEvidence } from '../gather/firewall.ts';
import type { Block } from '../network/firewallRules.ts';
import { findIptablesBlocks, findIptablesPolicy } from '../network/iptablesRules.ts';
import { findNftBlocks, findNftPolicy } from '../network/nftRules.ts';
import { isCutOff } from './imdsAnswers.ts';

export const FIREWALL = {
  title: 'Firewall of this machine',
  describe: ({ nft, iptables }) =>
    `No rule of ${[...(nft === null ? [] : ['nft']), ...(iptables === null ? [] : ['iptables'])].join(' and ')} turns requests for IMDS away.`,
  causes: {
    firewall_rule_blocks_imds: {
      means: 'A rule of the firewall on this machine turns requests for IMDS away.',
      advice:
        'Delete the rule, and also where it is kept for the next boot. If it is to keep other users out, allow the agent’s user before it.',
      explains: 'imds_unreachable',
      judge: ({ nft, iptables }, all) =>
        isCutOff(all)
          ? findBlock([...findIptablesBlocks(iptables ?? ''), ...findNftBlocks(nft ?? '', iptables)])
          : null,
    },
    firewall_policy_blocks_imds: {
      means: 'The firewall on this machine drops outgoing packets that no rule allows, and no rule allows IMDS.',
      advice: 'Allow 169.254.169.254 port 80, and also where the rules are kept for the next boot.',
      explains: 'imds_unreachable',
      judge: ({ nft, iptables }, all) =>
        isCutOff(all)
          ? findBlock([...findIptablesPolicy(iptables ?? ''), ...findNftPolicy(nft ?? '', iptables)])
          : null,
    },
  },
} as const satisfies Area<FirewallEvidence>;

/** One after the other: each run tells of the first. */
function findBlock([first, ...others]: readonly Block[]): Found | null {
  if (first === undefined) return null;
  return { evidence: [first, ...others].map(({ text }) => text), command: first.command };
}
