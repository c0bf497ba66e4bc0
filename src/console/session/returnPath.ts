/**
 * Where to go after signing in. It comes from the session's storage, so it is judged as if anybody had written it: it must
 * be an address of the console itself.
 *
 * @param home of the console, such as https://licences.vendor.example/console/
 * @returns path and query; the first page's for anything else
 */
export function checkReturnPath(text: string, home: string): string {
  const base = new URL(home);
  const target = URL.parse(text, base);
  const isWithin = target?.origin === base.origin && target.pathname.startsWith(base.pathname);
  return target !== null && isWithin ? target.pathname + target.search : base.pathname;
}
