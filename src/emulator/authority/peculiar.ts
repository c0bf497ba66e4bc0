/**
 * The one place of the emulator that loads `@peculiar/x509`. The package throws on import unless a reflect polyfill was
 * loaded before it, so the order of these two lines matters.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(globalThis.crypto);

export { x509 };
