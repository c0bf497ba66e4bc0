import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { problem } from '../support/licenceService.ts';
import { VM_ID } from '../support/vectors.ts';
import { createAgentScene } from './support/agentScene.ts';
import type { AgentScene } from './support/agentScene.ts';

/** Whatever the agent prints, logs or writes for others is free of tokens, keys, nonces, documents, codes and passwords. */

const CLAIM = 'K7D2X-9QF3M-T4B8W-ZR6HN-J5PV1-C';
const PASSWORD = 'pass-word-of-the-proxy';

interface Said {
  readonly where: string;
  readonly text: string;
}

/** Every secret that went over the wire or lies in the state folder, by name. */
function collectSecrets(scene: AgentScene): readonly (readonly [string, string])[] {
  const own = (name: string) => readFileSync(join(scene.state, VM_ID, name), 'utf8');
  const key = JSON.parse(own('key.jwk')) as Record<string, string>;
  const requests = scene.service.licenceRequests;
  const sent = requests.flatMap(({ challenge, proof = '', document }): [string, string][] => [
    ['challenge', challenge],
    ['challenge id', String(decodeJwt(challenge).jti)],
    ['proof', proof],
    ['document', document.signature],
    ['nonce', scene.service.nonceOf(challenge)],
  ]);
  const { licence, keySet } = JSON.parse(own('licence.json')) as Record<string, string>;
  return [
    ...sent,
    ['private key', key['d'] ?? ''],
    ['licence', licence ?? ''],
    ['signature of the licence', licence?.split('.')[2] ?? ''],
    ['key set', keySet ?? ''],
    ...scene.imds.requests.flatMap((url): [string, string][] => {
      const nonce = new URL(url, scene.imds.url).searchParams.get('nonce');
      return nonce === null ? [] : [['nonce for IMDS', nonce]];
    }),
    ['claim code', CLAIM],
    ['password of the proxy', PASSWORD],
  ];
}

/** Any three base64url parts, which is what a token looks like. */
const TOKEN = /[\w-]{16,}\.[\w-]{16,}\.[\w-]{16,}/;

function filesOf(folder: string, except: readonly string[]): readonly Said[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !except.includes(name)) : [];
  return names.map((name) => ({ where: name, text: readFileSync(join(folder, name), 'utf8') }));
}

test.each(['text', 'json'])('nothing secret is said, with the log as %s', async (log) => {
  const scene = await createAgentScene();
  const env = { COUNTERSIGN_LOG: log, COUNTERSIGN_CLAIM: CLAIM };
  const said: Said[] = [];
  const say = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { stdout, stderr } = await scene.agent(args, { env: { ...env, ...more } });
    said.push({ where: args.join(' '), text: `${stdout}${stderr}` });
  };
  await say(['check', '--json']);
  const agent = scene.spawn(['run'], { env });
  await expect.poll(() => existsSync(join(scene.run, 'state'))).toBe(true);
  const others = [['doctor', '--json'], ['doctor'], ['status'], ['status', '--json'], ['check', '--renew']];
  for (const args of [...others, ['release'], ['help'], ['wipe']]) await say(args);
  said.push(...filesOf(scene.run, ['licence.jwt', 'jwks.jwt']));
  agent.signal('SIGTERM');
  const { stdout, stderr } = await agent.ended;
  said.push({ where: 'run', text: `${stdout}${stderr}` });
  scene.service.answer('/v1/licences', problem(403, 'subscription_not_licensed'));
  await say(['check', '--renew', '--json']);
  await say(['check', '--renew'], { COUNTERSIGN_PROXY: `http://user:${PASSWORD}@127.0.0.1:9` });
  await say(['check'], { COUNTERSIGN_PROXY: `user:${PASSWORD}@127.0.0.1:9`, COUNTERSIGN_CLAIM: `${CLAIM}\n` });
  const bundle = join(scene.root, 'bundle.json');
  await say(['doctor', '--bundle', bundle], { COUNTERSIGN_PROXY: `http://user:${PASSWORD}@127.0.0.1:9` });
  said.push({ where: 'bundle', text: readFileSync(bundle, 'utf8') });
  const secrets = collectSecrets(scene);
  expect(secrets.every(([, secret]) => secret.length > 8)).toBe(true);
  expect(said).toHaveLength(17);
  const found = said.flatMap(({ where, text }) =>
    secrets.filter(([, secret]) => text.includes(secret)).map(([what]) => `${what} in ${where}`),
  );
  expect(found).toEqual([]);
  expect(said.filter(({ text }) => TOKEN.test(text)).map(({ where }) => where)).toEqual([]);
});
