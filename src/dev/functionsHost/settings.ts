import { HostStartError } from './hostError.ts';

/** App settings are environment variables: an app reads `process.env`, of which a process has one. */
const held = new Map<string, { value: string; holders: number; before: string | undefined }>();

/**
 * Puts an app's settings into the process's environment until the returned function is called.
 * @throws HostStartError where another host of this process holds another value
 */
export function holdSettings(settings: Readonly<Record<string, string>>): () => void {
  const entries = Object.entries(settings);
  const taken = entries.filter(([name, value]) => (held.get(name)?.value ?? value) !== value);
  if (taken.length > 0) {
    throw new HostStartError([
      `Another host of this process has other values for ${taken.map(([name]) => name).join(', ')}. Run each in a process of its own (main.ts).`,
    ]);
  }
  for (const [name, value] of entries) {
    const holding = held.get(name) ?? { value, holders: 0, before: process.env[name] };
    held.set(name, { ...holding, holders: holding.holders + 1 });
    process.env[name] = value;
  }
  return () => {
    for (const [name] of entries) release(name);
  };
}

function release(name: string): void {
  const holding = held.get(name);
  if (holding === undefined) return;
  if (holding.holders > 1) {
    held.set(name, { ...holding, holders: holding.holders - 1 });
    return;
  }
  held.delete(name);
  if (holding.before === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = holding.before;
}
