// What openssl's command accepts of the vectors. Run: node openssl.mjs FOLDER
// Each line of the output is JSON: the id of a vector, and whether openssl accepts it. docs/vectors.md describes the files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const { vectors } = JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'vectors-'));
const decoded = join(work, 'document.der');

const openssl = (...args) => spawnSync('openssl', args).status === 0;

// Self-signed certificates are anchors; the others must lead to one of them, because -partial_chain is not asked for.
function verify({ document, form, trust, at }) {
  const file = join(folder, document);
  if (form === 'text' && !openssl('base64', '-d', '-A', '-in', file, '-out', decoded)) return false;
  const what = ['-inform', 'DER', '-in', form === 'text' ? decoded : file, '-binary', '-out', join(work, 'content')];
  const trusted = ['-CAfile', join(folder, trust.certificates), '-no-CApath', '-no-CAstore'];
  const rules = ['-purpose', 'any', '-attime', String(Date.parse(at) / 1000)];
  return openssl('cms', '-verify', ...what, ...trusted, ...rules);
}

for (const vector of vectors.filter(({ features }) => features.length === 0)) {
  console.log(JSON.stringify({ id: vector.id, accepted: verify(vector) }));
}
rmSync(work, { recursive: true });
