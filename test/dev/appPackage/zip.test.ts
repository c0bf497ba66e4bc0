import { unzipSync } from 'fflate';
import { afterEach, expect, test } from 'vitest';
import { createZip } from '../../../src/dev/appPackage/zip.ts';

const TZ = process.env['TZ'];
const FILES = { 'trust/b.pem': Buffer.from('second'), 'host.json': Buffer.from('{}') };

afterEach(() => {
  if (TZ === undefined) delete process.env['TZ'];
  else process.env['TZ'] = TZ;
});

/** The central directory's entries, by their fields (APPNOTE 4.3.12). */
function readDirectory(zip: Buffer) {
  const entries = [];
  for (let at = zip.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4, 'latin1')) {
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)),
      madeOn: zip.readUInt8(at + 5),
      time: zip.readUInt32LE(at + 12),
      mode: zip.readUInt32LE(at + 38) >>> 16,
    });
  }
  return entries;
}

test('what is unpacked is what was packed', () => {
  expect(unzipSync(createZip(FILES))).toEqual({
    'host.json': new Uint8Array(Buffer.from('{}')),
    'trust/b.pem': new Uint8Array(Buffer.from('second')),
  });
});

test('the order of the files and the time zone change no octet', () => {
  const zips = ['UTC', 'America/New_York', 'Pacific/Auckland'].flatMap((zone) => {
    process.env['TZ'] = zone;
    return [createZip(FILES), createZip(Object.fromEntries(Object.entries(FILES).reverse()))];
  });
  expect(new Set(zips.map((zip) => zip.toString('base64'))).size).toBe(1);
});

test('every entry is a file of Unix that all may read, of 1 January 1980', () => {
  const time = ((((0 << 4) | 1) << 5) | 1) * 0x1_0000;
  expect(readDirectory(createZip(FILES))).toEqual(
    ['host.json', 'trust/b.pem'].map((name) => ({ name, madeOn: 3, time, mode: 0o100644 })),
  );
});
