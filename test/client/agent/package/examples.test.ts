import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseOptions } from '../../../../src/client/options.ts';
import type { ClientOptions } from '../../../../src/client/options.ts';
import { problem } from '../../support/licenceService.ts';
import { createAgentScene, MAIN } from '../support/agentScene.ts';

/** The examples of `docs/examples`, as far as they run here. cloud-init reads its own in `guestAgents.test.ts`. */

const ROOT = resolve(import.meta.dirname, '../../../..');
const EXAMPLES = join(ROOT, 'docs/examples');
const read = (path: string) => readFileSync(join(EXAMPLES, path), 'utf8');

const PACKAGED = JSON.parse(readFileSync(join(ROOT, 'src/client/agent/package/agent.json'), 'utf8')) as ClientOptions;

interface UserData {
  readonly write_files: readonly { readonly path: string; readonly content: string }[];
}

interface Compose {
  readonly services: { readonly gateway: { readonly environment: Readonly<Record<string, string>> } };
}

test('every example has the configuration of the package, and that one is sound', () => {
  const settings = parseOptions({ ...PACKAGED, folder: '/var/lib/countersign' });
  expect(settings.fault).toBeUndefined();
  expect(JSON.parse(read('packer/agent.json'))).toEqual(PACKAGED);
  const [file] = (parse(read('cloud-init/user-data')) as UserData).write_files;
  expect(file?.path).toBe('/etc/countersign/agent.json');
  expect(JSON.parse(file?.content ?? '')).toEqual(PACKAGED);
  const { environment } = (parse(read('container/compose.yaml')) as Compose).services.gateway;
  expect(environment).toEqual({
    COUNTERSIGN_ISSUER: PACKAGED.issuer,
    COUNTERSIGN_PRODUCT: PACKAGED.product,
    COUNTERSIGN_TRUST: JSON.stringify(PACKAGED.trust),
  });
});

test('the unit of the image is the one of the page', () => {
  const unit = read('packer/gateway.service').replace('Description=Contoso gateway\n', '');
  expect(readFileSync(join(ROOT, 'docs/systemd.md'), 'utf8')).toContain(`\`\`\`ini\n${unit}\`\`\``);
});

test('the entry point of the container starts the software with a licence, and with none ends as the agent does', async () => {
  const scene = await createAgentScene();
  const bin = join(scene.root, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'countersign-agent'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, LICENCE_WAIT: '0s' };
  const start = () => scene.agent(['echo', 'runs'], { env, program: [join(EXAMPLES, 'container/entrypoint.sh')] });
  scene.service.answer('/v1/licences', problem(403, 'subscription_not_licensed'));
  expect(await start()).toMatchObject({ code: 11, stdout: '' });
  scene.service.alter.clear();
  expect(await start()).toMatchObject({ code: 0, stdout: 'runs\n' });
});
