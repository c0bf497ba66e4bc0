/**
 * The one place of trust that loads `@peculiar/x509`. The package throws on import unless a reflect polyfill was loaded
 * before it, so the order of these two lines matters.
 */
import 'reflect-metadata';
export { X509Certificate } from '@peculiar/x509';
