// What pkijs accepts of the vectors. Run: npm install pkijs && node pkijs.mjs FOLDER
// Each line of the output is JSON: the id of a vector, and whether pkijs accepts it; null where it comes to no end.
// docs/vectors.md describes the files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import * as pkijs from 'pkijs';

const [folder = '.'] = process.argv.slice(2);
const { vectors } = JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8'));

const SHA_256_WITH_RSA = '1.2.840.113549.1.1.11';
const SHA_256 = '2.16.840.1.101.3.4.2.1';

// Azure writes the signature's algorithm where the digest's belongs, which pkijs does not know there.
function correct(algorithm) {
  if (algorithm.algorithmId === SHA_256_WITH_RSA) algorithm.algorithmId = SHA_256;
}

function readTrusted(file) {
  const blocks = readFileSync(join(folder, file), 'utf8').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g);
  return Array.from(blocks, ([, base64]) => pkijs.Certificate.fromBER(Buffer.from(base64, 'base64')));
}

async function verify({ document, form, trust, at }) {
  const octets = readFileSync(join(folder, document));
  const der = form === 'text' ? Buffer.from(atob(octets.toString('utf8')), 'latin1') : octets;
  const signedData = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(der).content });
  signedData.digestAlgorithms.forEach(correct);
  signedData.signerInfos.forEach(({ digestAlgorithm }) => correct(digestAlgorithm));
  const trusted = readTrusted(trust.certificates);
  const isSelfIssued = (certificate) => certificate.subject.isEqual(certificate.issuer);
  // Paths are built of these, and end at the trusted ones.
  signedData.certificates?.push(...trusted.filter((certificate) => !isSelfIssued(certificate)));
  return signedData.verify({
    ...{ signer: 0, checkChain: true, checkDate: new Date(at) },
    trustedCerts: trusted.filter(isSelfIssued),
  });
}

// A thread that verifies can be stopped.
if (!isMainThread) {
  parentPort.on('message', async (vector) => parentPort.postMessage(await verify(vector).catch(() => false)));
}

const MOST_SECONDS = 10;
let worker;

function ask(vector) {
  worker ??= new Worker(new URL(import.meta.url), { argv: [folder] });
  return new Promise((settle) => {
    const timer = setTimeout(async () => {
      await worker.terminate();
      worker = undefined;
      settle(null);
    }, MOST_SECONDS * 1000);
    worker.once('message', (accepted) => {
      clearTimeout(timer);
      settle(accepted);
    });
    worker.postMessage(vector);
  });
}

if (isMainThread) {
  for (const vector of vectors.filter(({ features }) => features.length === 0)) {
    console.log(JSON.stringify({ id: vector.id, accepted: await ask(vector) }));
  }
  await worker?.terminate();
}
