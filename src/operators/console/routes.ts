import { CONSOLE_PAGES } from '../../contract/consolePages.ts';
import type { ConsoleConfig } from '../../contract/consolePages.ts';
import type { ConsoleEndpoint } from '../../contract/endpoints.ts';
import type { AnonymousRoute } from '../../http/anonymousRoute.ts';
import type { Reply, UseCase } from '../../http/edge.ts';
import { replyJson, replyProblem } from '../../http/problems.ts';
import { ASSETS, PAGE_FILE } from './consoleFile.ts';
import type { ConsoleFile } from './consoleFile.ts';
import { readConsoleFiles } from './readFiles.ts';

export interface ConsoleNeeds {
  readonly issuer: string;
  readonly console: ConsoleConfig;
}

export const CONSOLE_PATH = '/console/';

/** An endpoint that is missing here does not compile. */
export const CONSOLE_ROUTES: Readonly<Record<ConsoleEndpoint, AnonymousRoute<ConsoleNeeds>>> = {
  readConsoleConfig: {
    access: 'counted',
    serve:
      ({ console }) =>
      () =>
        Promise.resolve(secure(replyJson(200, console), console)),
  },
  readConsoleFile: { access: 'counted', serve: serveFile },
};

function serveFile({ issuer, console }: ConsoleNeeds): UseCase {
  let files: ReadonlyMap<string, ConsoleFile> | null = null;
  return ({ params }) => {
    files ??= new Map(readConsoleFiles().map((file) => [file.name, placeFile(file, issuer)]));
    const file = findFile(files, params['file'] ?? '');
    return Promise.resolve(secure(file === null ? replyProblem(issuer, 'not_found') : replyFile(file), console));
  };
}

/** A service behind a proxy may lie below a path of its issuer. */
function placeFile(file: ConsoleFile, issuer: string): ConsoleFile {
  if (file.name !== PAGE_FILE) return file;
  const base = new URL(issuer).pathname.replace(/\/$/, '');
  return { ...file, body: file.body.replaceAll(`"${CONSOLE_PATH}`, () => `"${base}${CONSOLE_PATH}`) };
}

/** A page is told by the first part of its address; the program in it reads the rest. */
function findFile(files: ReadonlyMap<string, ConsoleFile>, name: string): ConsoleFile | null {
  const [page = ''] = name.split('/');
  const isPage = CONSOLE_PAGES.some((known) => known === page);
  return files.get(isPage ? PAGE_FILE : name) ?? null;
}

function replyFile({ name, mediaType, body }: ConsoleFile): Reply {
  const cacheControl = name.startsWith(ASSETS) ? 'public, max-age=31536000, immutable' : 'no-store';
  return { status: 200, headers: { 'Content-Type': mediaType, 'Cache-Control': cacheControl }, body };
}

/** The page may load what lies here, talk to this service and to the directory, and nothing else. */
function secure(reply: Reply, { authority }: ConsoleConfig): Reply {
  const policy = [
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:`,
    `connect-src 'self' ${new URL(authority).origin}`,
    `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    `require-trusted-types-for 'script'; trusted-types 'none'`,
  ].join('; ');
  const headers = {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
  };
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
