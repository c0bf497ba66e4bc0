import { loadPins } from '../../trust/azurePins.ts';
import { CertificateDirectoryError } from '../../trust/certificateFiles.ts';
import { syncCertificates } from '../../trust/syncCertificates.ts';
import type { SyncOptions, SyncedPin } from '../../trust/syncCertificates.ts';
import { PackagingError } from './packagingError.ts';

export interface CertificateSource extends Pick<SyncOptions, 'at' | 'from' | 'nodeRoots'> {
  /** The clouds that are deployed: no current pin of theirs may be without its certificate. */
  readonly clouds: readonly string[];
  /** Those of Azure unless given. */
  readonly manifests?: SyncOptions['manifests'];
}

/**
 * Fills an empty folder with the certificates of the pins. It is empty each time, so that what an earlier run found is not
 * packaged in a later one.
 *
 * @returns the pins without a certificate, all of clouds that are not deployed or of another time
 * @throws PackagingError where a certificate that is needed is missing
 */
export async function bringCertificates(source: CertificateSource, outDir: string): Promise<readonly SyncedPin[]> {
  const { clouds, manifests = loadPins(), ...options } = source;
  const { pins } = await syncCertificates({ ...options, manifests, outDir, acceptedClouds: clouds }).catch(
    (error: unknown) => {
      if (!(error instanceof CertificateDirectoryError)) throw error;
      throw new PackagingError(`The certificates cannot be read: ${error.message}. Check what TRUST_SYNC_FROM names.`);
    },
  );
  const without = pins.filter(({ reason }) => reason !== null);
  const needed = without.filter(({ required }) => required);
  if (needed.length > 0) throw new PackagingError(describeMissing(needed, source));
  return without;
}

function describeMissing(pins: readonly SyncedPin[], source: CertificateSource): string {
  const what = pins.length === 1 ? '1 pin that is' : `${pins.length} pins that are`;
  const lines = pins.map(({ name, sha256, reason }) => `  ${name} (SHA-256 ${sha256}): ${reason ?? ''}`);
  const advice = adviseMissing(pins, source);
  return [`There is no certificate for ${what} current for ${source.clouds.join(', ')}:`, ...lines, advice].join('\n');
}

const FROM_FOLDER =
  'set TRUST_SYNC_FROM to a folder with the certificates (PEM or DER files of any name), and package again.';

function adviseMissing(pins: readonly SyncedPin[], { from }: CertificateSource): string {
  if (from !== undefined) {
    const which = pins.length === 1 ? 'the certificate' : 'the certificates';
    const form = pins.length === 1 ? 'a PEM or DER file' : 'PEM or DER files';
    return `Put ${which} into ${from} as ${form} of any name, and package again.`;
  }
  // Of a network that is there, each address would at least be found.
  const isUnreached = pins.every(({ reason }) => reason?.split('; ').every((each) => each.includes('not reached')));
  return isUnreached
    ? `This machine reached none of these addresses. Check its network; behind a proxy, set NODE_USE_ENV_PROXY=1 and HTTP_PROXY. Or ${FROM_FOLDER}`
    : `Try again later, or ${FROM_FOLDER}`;
}
