/**
 * Octets: the longest body that the service takes; one VM's request has 6 KB, and the longest licence 200 KB in UTF-8:
 * 500 skus of 64 characters, as many VM ids and subscriptions, and texts. The deployment
 * sets the platform's own limit a little higher, which is one for the whole app: longer bodies never reach the service.
 */
export const MAX_BODY = 256 * 1024;
