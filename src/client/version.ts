/** A test holds it to package.json. */
export const VERSION = '0.1.0';

/** Told to the service, for operators. */
export const CLIENT_NAME = `@countersign/client/${VERSION}`;
