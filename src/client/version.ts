/** Told to the service, for operators. A test holds it to package.json. */
export const CLIENT_NAME = '@countersign/client/0.1.0';
