/** Why the service was not packaged: what happened, then what to do. */
export class PackagingError extends Error {
  override readonly name = 'PackagingError';
}
