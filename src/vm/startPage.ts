import { hash } from 'node:crypto';
import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { UseCase } from '../http/edge.ts';
import type { ReadReadiness, Readiness } from './readiness.ts';

export interface StartPageNeeds {
  readonly readReadiness: ReadReadiness;
  /** Where the operators' console is; null where there are no operators. */
  readonly consolePath: string | null;
}

const STYLE = [
  ':root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}',
  'body{max-width:34rem;margin:4rem auto;padding:0 1rem}',
  'a{color:light-dark(#0a58ca,#8ab4f8)}',
].join('');

const SECURITY_POLICY = [
  `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
].join('; ');

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

const STATES: Readonly<Record<Readiness['state'], string>> = {
  ok: 'It is ready.',
  degraded: 'It is ready, but something needs attention.',
  failed: 'It is not ready.',
};

/** `GET /`. It says no more than `/readyz` tells everybody, and nothing in it comes from a request. */
export function readStartPage({ readReadiness, consolePath }: StartPageNeeds): UseCase {
  return async ({ log }) => {
    const { state } = await readReadiness(log);
    return { status: 200, headers: HEADERS, body: writePage(state, consolePath) };
  };
}

function writePage(state: Readiness['state'], consolePath: string | null): string {
  const { readReadiness, readOpenApi } = VM_ENDPOINTS;
  const console =
    consolePath === null
      ? ''
      : `<p>Operators: <a href="${consolePath.slice(1)}">open the operators’ console</a>.</p>\n`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Countersign</title>
<style>${STYLE}</style>
<main>
<h1>Countersign</h1>
<p>This service verifies that a request comes from a virtual machine in Azure, and answers with a licence for it.</p>
<p>${STATES[state]} <a href="${readReadiness.path.slice(1)}">Read what was checked</a>.</p>
${console}<p>Developers: <a href="${readOpenApi.path.slice(1)}">read the description of the API</a>.</p>
</main>
</html>
`;
}
