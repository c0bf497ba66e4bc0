import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createKeyRing } from '../authority/keys.ts';
import { VECTOR_COUNT, makeVectors } from './makeVectors.ts';
import { createVectorScene } from './scene.ts';
import { FEATURES, SCHEMA_FILE, VECTORS_FILE, createVectorJsonSchema } from './vectorFile.ts';
import type { Vector, VectorFile } from './vectorFile.ts';

interface WriteOptions {
  /** Told after each vector. */
  readonly tell?: (done: number, total: number) => void;
  /** Where each party's keys come from: new ones, unless given. */
  readonly keysOf?: Parameters<typeof createVectorScene>[0];
}

/**
 * Writes the vectors into a folder, which is created where it is absent. The list of the vectors comes last: a folder that
 * has it is complete.
 */
export async function writeVectors(folder: string, options: WriteOptions = {}): Promise<readonly Vector[]> {
  const { tell, keysOf = () => createKeyRing() } = options;
  const vectors: Vector[] = [];
  const written = new Set<string>();
  for await (const { vector, files } of makeVectors(await createVectorScene(keysOf))) {
    for (const [name, contents] of Object.entries(files)) {
      if (!written.has(name)) await writeInto(folder, name, contents);
      written.add(name);
    }
    vectors.push(vector);
    tell?.(vectors.length, VECTOR_COUNT);
  }
  const list: VectorFile = { $schema: SCHEMA_FILE, version: 1, features: FEATURES, vectors };
  await writeInto(folder, SCHEMA_FILE, writeJson(createVectorJsonSchema()));
  await writeInto(folder, VECTORS_FILE, writeJson(list));
  return vectors;
}

async function writeInto(folder: string, name: string, contents: Uint8Array | string): Promise<void> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, contents);
}

function writeJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
