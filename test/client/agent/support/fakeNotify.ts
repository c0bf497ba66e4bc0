import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A `systemd-notify` that writes down its arguments, one line a call. */
export function fakeNotify(root: string): { readonly env: Readonly<Record<string, string>>; readonly told: string } {
  const bin = join(root, 'bin');
  const told = join(root, 'told');
  mkdirSync(bin);
  writeFileSync(told, '');
  writeFileSync(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`, { mode: 0o755 });
  return { told, env: { NOTIFY_SOCKET: '/run/notify', PATH: `${bin}:${process.env['PATH'] ?? ''}` } };
}
