import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDeb } from '../../../../src/dev/agentPackage/deb.ts';
import { buildExecutable } from '../../../../src/dev/buildAgent.ts';
import { Namespace } from '../../../emulator/namespace.ts';
import { BootedVm } from './bootedVm.ts';
import { makeTree } from './debianTree.ts';

/*
 * A real boot: systemd as the first process, the Debian package, a vendor's unit, the service, and IMDS at Azure's address.
 * Each test goes on where the one before has ended.
 */

function prepare(): { readonly tree: string; readonly namespace: Namespace } | string {
  if (process.env['REAL_BOOT'] !== '1') return 'npm run full runs it';
  const made = makeTree();
  if ('missing' in made) return made.missing;
  const namespace = new Namespace('boot');
  return namespace.absent ?? { tree: made.tree, namespace };
}

const prepared = prepare();
if (typeof prepared === 'string') {
  // The reporter shows that tests are skipped, but not why.
  process.stderr.write(`test/client/agent/boot is skipped: ${prepared}. The units are verified, not booted.\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-boot-'));

const VENDOR = `[Unit]
BindsTo=countersign-licensed.target
After=countersign-licensed.target
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=countersign-licensed.target
`;

/** What agent and gate read as the boot-time clock: the machine's, and an hour more after a resume. */
const UPTIME = `#!/bin/sh
while sleep 0.2; do
    read -r up idle < /proc/uptime
    test -e /run/resumed && up=$(( \${up%.*} + 3600 )).00
    echo "$up $idle" 1<> /run/uptime
done
`;
const UPTIME_UNIT = `[Service]
ExecStartPre=/bin/cp /proc/uptime /run/uptime
ExecStart=/bin/sh /etc/uptime.sh
`;
const USES_UPTIME = '[Service]\\nBindReadOnlyPaths=/run/uptime:/proc/uptime\\n';

interface World {
  readonly vm: BootedVm;
  readonly stack: ChildProcessByStdio<Writable, Readable, null>;
  /** The process of the service. */
  readonly service: number;
}

let world: World | undefined;
const theWorld = (): World => {
  if (world === undefined) throw new Error('Nothing was prepared.');
  return world;
};

async function startStack(inside: readonly string[]) {
  const words = [...inside, process.execPath, join(import.meta.dirname, 'startStack.ts'), join(folder, 'stack')];
  const stack = spawn('env', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(stack.stdout, 'data')) as [Buffer];
  const { serviceUrl, rootKeys, processIds } = JSON.parse(line.toString()) as {
    readonly serviceUrl: string;
    readonly rootKeys: readonly string[];
    readonly processIds: readonly [number];
  };
  const configuration = { issuer: serviceUrl, product: 'contoso/gateway', trust: { rootKeys } };
  return { stack, service: processIds[0], configuration };
}

beforeAll(async () => {
  if (typeof prepared === 'string') return;
  const { tree, namespace } = prepared;
  const executable = await buildExecutable(folder);
  const deb = buildDeb({ outDir: folder, executable, compression: 'none' });
  const { stack, service, configuration } = await startStack(namespace.inside);
  const vm = new BootedVm(tree, join(folder, 'disk'), namespace.inside);
  vm.write('etc/systemd/system/vendor.service', VENDOR);
  vm.write('etc/countersign/agent.json', JSON.stringify(configuration));
  vm.write('etc/uptime.sh', UPTIME);
  vm.write('etc/systemd/system/uptime.service', UPTIME_UNIT);
  vm.write('etc/systemd/system/console-getty.service.d/none.conf', '[Unit]\nConditionPathExists=/nowhere\n');
  expect(vm.install(deb)).toContain("Creating user 'countersign'");
  world = { vm, stack, service };
});

afterAll(async () => {
  if (world !== undefined) {
    process.kill(world.service, 'SIGCONT');
    await world.vm.cutPower();
    world.stack.stdin.end();
    await once(world.stack, 'close');
  }
  if (typeof prepared !== 'string') await prepared.namespace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Milliseconds: a licence and its grace last six minutes. */
const SLOW = { interval: 200, timeout: 900_000 };

const isRunning = () => theWorld().vm.show('vendor.service', 'ActiveState') === 'active';
const reach = (running: boolean) => expect.poll(isRunning, SLOW).toBe(running);
const state = () => theWorld().vm.run('cat', '/run/countersign/state');
const statusOf = (member: string) =>
  (JSON.parse(theWorld().vm.run('cat', '/run/countersign/status.json') ?? '{}') as Record<string, unknown>)[member];
/** Tells one start of the vendor's software from the next. */
const vendor = () => theWorld().vm.show('vendor.service', 'MainPID');
const agent = () => theWorld().vm.show('countersign.service', 'MainPID') ?? '';
const inVm = (script: string) => theWorld().vm.run('sh', '-c', script);

const bootTest = test.skipIf(typeof prepared === 'string');

bootTest('plain: the software runs, soon after a boot that the licence does not hold up', async () => {
  const { vm } = theWorld();
  const started = performance.now();
  vm.boot();
  // The enabled unit is wanted by the target from the next reload on, as after an image was built.
  await expect.poll(() => vm.run('systemctl', 'is-system-running')).toBe('running');
  const booted = performance.now() - started;
  inVm('systemctl enable --now vendor.service');
  await reach(true);
  expect(state()).toBe('licensed');
  const memory = Number(/VmRSS:\s+(\d+)/.exec(inVm(`cat /proc/${agent()}/status`) ?? '')?.[1]) / 1024;
  process.stderr.write(
    `real boot: ${(booted / 1000).toFixed(1)} s to "running", ${memory.toFixed(0)} MB of the agent; ${inVm('systemd-analyze time')?.split('\n')[0] ?? ''}\n`,
  );
  expect(booted).toBeLessThanOrEqual(5000);
  expect(memory).toBeLessThanOrEqual(90);
  expect(vm.run('systemctl', '--failed', '--quiet')).toBe('');
});

bootTest('plain, again: an image with the unit enabled runs it by itself', async () => {
  const { vm } = theWorld();
  await vm.shutDown();
  vm.boot();
  await reach(true);
  expect(inVm('journalctl -b -p warning -t countersign-agent --quiet')).toBe('');
});

bootTest('kill -9 of the agent: the software runs on', async () => {
  const before = [vendor(), agent()];
  inVm('systemctl kill --signal=KILL countersign.service');
  await expect.poll(() => theWorld().vm.show('countersign.service', 'NRestarts')).toBe('1');
  await expect.poll(() => theWorld().vm.show('countersign.service', 'ActiveState')).toBe('active');
  expect(agent()).not.toBe(before[1]);
  inVm('systemctl start countersign-gate.service');
  expect(vendor()).toBe(before[0]);
});

bootTest('the agent stopped: the software stops, and nobody starts it by hand', async () => {
  inVm('systemctl stop countersign.service');
  await reach(false);
  expect(inVm('systemctl start vendor.service')).toBeNull();
  expect(isRunning()).toBe(false);
  inVm('systemctl start countersign.service');
  await reach(true);
});

bootTest('the agent hung: it is killed and restarted, and the software runs on', async () => {
  inVm(`mkdir -p /run/systemd/system/countersign.service.d
    printf '[Service]\\nWatchdogSec=6s\\n' > /run/systemd/system/countersign.service.d/watchdog.conf
    systemctl daemon-reload && systemctl restart countersign.service`);
  await expect.poll(state).toBe('licensed');
  const before = [vendor(), agent()];
  inVm(`kill -STOP ${agent()}`);
  await expect.poll(() => [before[1], '0'].includes(agent())).toBe(false);
  expect(inVm('journalctl -b -u countersign.service')).toContain('Watchdog timeout');
  inVm('systemctl start countersign-gate.service');
  expect(vendor()).toBe(before[0]);
  inVm(
    'rm -r /run/systemd/system/countersign.service.d; systemctl daemon-reload; systemctl restart countersign.service',
  );
  await expect.poll(state).toBe('licensed');
});

bootTest('a state file written by somebody else opens nothing', async () => {
  expect(inVm('setpriv --reuid nobody --clear-groups sh -c "echo licensed > /run/countersign/state"')).toBeNull();
  inVm('cp -a /run/countersign /run/kept; systemctl stop countersign.service');
  await reach(false);
  // A word alone, of root and of the agent's user; then all files of an agent that has been silent for too long.
  const gate = 'systemctl start countersign-gate.service';
  expect(inVm(`mkdir /run/countersign; echo licensed > /run/countersign/state; ${gate}`)).toBe('');
  expect(isRunning()).toBe(false);
  expect(inVm(`chown -R countersign: /run/countersign; ${gate}`)).toBe('');
  expect(isRunning()).toBe(false);
  const old = new Date(Date.now() - 31 * 60_000).toISOString();
  const silence = `sed -i -E 's/"nextCheckAt":"[^"]*"/"nextCheckAt":"${old}"/' /run/kept/status.json`;
  expect(inVm(`${silence}; rm -r /run/countersign; cp -a /run/kept /run/countersign; ${gate}`)).toBe('');
  expect(isRunning()).toBe(false);
  inVm('systemctl start countersign.service');
  await reach(true);
});

/*
 * The machine cannot be suspended. What a suspension does to the two clocks is done to them: the file that agent and gate
 * read as the boot-time clock gains an hour on the monotonic clock. That the kernel does so is not shown here.
 */
bootTest('suspend and resume: the target stays as it is until the agent has looked', async () => {
  inVm(`systemctl start uptime.service
    for unit in countersign countersign-gate; do
      mkdir -p /run/systemd/system/$unit.service.d
      printf '${USES_UPTIME}' > /run/systemd/system/$unit.service.d/uptime.conf
    done
    systemctl daemon-reload
    systemctl restart countersign.service`);
  await expect.poll(state).toBe('licensed');
  inVm('systemctl start countersign-gate.service');
  const before = vendor();
  const checkedAt = statusOf('checkedAt');
  inVm('touch /run/resumed; sleep 1; echo refused > /run/countersign/state; systemctl start countersign-gate.service');
  expect(isRunning()).toBe(true);
  await expect.poll(() => statusOf('checkedAt'), { timeout: 60_000 }).not.toBe(checkedAt);
  expect(state()).toBe('licensed');
  inVm('systemctl start countersign-gate.service');
  expect(vendor()).toBe(before);
  inVm(`rm -r /run/systemd/system/countersign*.service.d
    systemctl daemon-reload; systemctl restart countersign.service; systemctl stop uptime.service`);
});

bootTest('the service away and back: the software runs on', async () => {
  const { service } = theWorld();
  const before = vendor();
  process.kill(service, 'SIGSTOP');
  inVm('systemctl restart countersign.service');
  await expect.poll(() => statusOf('code'), SLOW).toBe('service_unreachable');
  inVm('systemctl start countersign-gate.service');
  expect(vendor()).toBe(before);
  process.kill(service, 'SIGCONT');
  // The next check comes at the end of the licence, or before.
  await expect.poll(() => statusOf('code'), SLOW).toBe(null);
  expect(vendor()).toBe(before);
});

bootTest(
  'a reboot in an outage, which outlasts licence and grace: then the software stops, until the service is back',
  async () => {
    const { vm, service } = theWorld();
    process.kill(service, 'SIGSTOP');
    await vm.cutPower();
    vm.boot();
    await reach(true);
    const graceUntil = Date.parse(String(statusOf('graceUntil')));
    await expect.poll(state, SLOW).toBe('grace');
    expect(isRunning()).toBe(true);
    await reach(false);
    expect(Date.now()).toBeGreaterThanOrEqual(graceUntil);
    process.kill(service, 'SIGCONT');
    await reach(true);
    expect(state()).toBe('licensed');
  },
);
