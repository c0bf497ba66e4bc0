import { hash } from 'node:crypto';
import { OPERATOR_ROLES } from '../../operators/access/roles.ts';
import type { OperatorRole } from '../../operators/access/roles.ts';

/** What somebody asks for who wants to sign in (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636). */
export interface SignInRequest {
  readonly redirectUri: string;
  readonly scope: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeChallenge: string;
}

export interface SignInReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAY: Readonly<Record<OperatorRole, string>> = {
  Reader: 'sees everything and changes nothing',
  Operator: 'writes offers and licences, and blocks VMs too',
  Admin: 'decides on pins and keys too',
};

const STYLE = [
  ':root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}',
  'body{max-width:30rem;margin:4rem auto;padding:0 1rem}',
  'button{display:block;width:100%;margin:.75rem 0;padding:.75rem 1rem;font:inherit;text-align:start;cursor:pointer}',
  'b{display:block}',
].join('');

/** @param origin of the address to come back to: a form may lead there, and nowhere else */
function headersOf(origin: string): SignInReply['headers'] {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'self'${origin}; frame-ancestors 'none'`,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  };
}

function writePage(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<main>
<h1>${title}</h1>
${main}
</main>
</html>
`;
}

/** @param params of the request, which the form sends along */
export function writeSignInPage(params: URLSearchParams, { redirectUri }: SignInRequest): SignInReply {
  const buttons = OPERATOR_ROLES.map(
    (role) => `<button name="role" value="${role}"><b>Be ${role}</b>${MAY[role]}</button>`,
  );
  const main = `<p>This directory is for this machine alone: there is nothing to type.</p>
<form method="post" action="?${escapeHtml(params.toString())}">
${buttons.join('\n')}
</form>`;
  const headers = headersOf(` ${new URL(redirectUri).origin}`);
  return { status: 200, headers, body: writePage('Sign in to Countersign', main) };
}

export function writeErrorPage(problem: string): SignInReply {
  const main = `<p>${escapeHtml(problem)}</p>\n<p>Open the console’s address again, as “npm start” printed it.</p>`;
  return { status: 400, headers: headersOf(''), body: writePage('You cannot be signed in', main) };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
