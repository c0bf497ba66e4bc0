/**
 * `npm run pack [-- --out DIR]`: packs every package that is published, into `dist/packages` unless told otherwise, and
 * checks each tarball as those who install it will find it: with publint, and with "are the types wrong?". Release and CI
 * take the tarballs from there.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PACKAGES, packPackage } from './pack.ts';

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const outDir = resolve(values.out ?? join(import.meta.dirname, '../../../dist/packages'));
mkdirSync(outDir, { recursive: true });
for (const old of readdirSync(outDir).filter((name) => name.endsWith('.tgz'))) rmSync(join(outDir, old));
for (const source of PACKAGES) {
  const { tarball, files, bytes, unpackedBytes, problems } = await packPackage(source, outDir);
  const sizes = `${(bytes / 1024).toFixed(0)} KB, unpacked ${(unpackedBytes / 1024).toFixed(0)} KB`;
  const verdict = problems.length === 0 ? 'no problems' : 'PROBLEMS';
  process.stdout.write(`${tarball}: ${files.length} files, ${sizes}, ${verdict}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
