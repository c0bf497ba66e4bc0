import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { readBounded } from '../../contract/readBounded.ts';
import { parsePlainJson } from '../../contract/plainJson.ts';
import { describeProblems } from '../input/describeProblems.ts';
import type { RunningEmulator } from './emulator.ts';
import { Refusal, refuse, type Reply } from '../protocol/reply.ts';
import { parseScenario } from '../scenario/scenario.ts';
import { scheduledEvent, type EventList } from '../vms/scheduledEvents.ts';
import type { Vm } from '../vms/vms.ts';

/*
 * The control API: faults and events of a running emulator, on a port of its own. Whoever is on this machine may use it;
 * web pages that somebody visits there may not, so it wants a loopback name in Host, and a header that no page can send.
 */

const HOST = '127.0.0.1';
const HEADER = 'countersign-control';
const MAX_BODY = 1024 * 1024;

export interface ControlledEmulator extends Pick<RunningEmulator, 'url' | 'control'> {
  readonly vms: readonly Vm[];
}

export interface ControlServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * @param port 0 takes any free one
 * @throws the system's own error, such as EADDRINUSE for a port that is taken
 */
export async function startControlServer(emulator: ControlledEmulator, port: number): Promise<ControlServer> {
  const server = createServer((request, response) => void respond(emulator, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, HOST, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return { url: `http://${HOST}:${(server.address() as AddressInfo).port}`, close };
}

async function respond(emulator: ControlledEmulator, request: IncomingMessage, response: ServerResponse) {
  const { status, body, headers } = await answer(emulator, request).catch(replyTo);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}

/** What was thrown while a body was read or used says what is wrong with it. */
function replyTo(error: unknown): Reply {
  if (error instanceof Refusal) return error.reply;
  return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
}

type Action = (
  emulator: ControlledEmulator,
  request: IncomingMessage,
  query: URLSearchParams,
) => Reply | Promise<Reply>;

const ACTIONS: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  '/status': { GET: showStatus },
  '/scenario': {
    GET: showStatus,
    PUT: async (emulator, request) => {
      await emulator.control.setScenario(parseScenario(await readBody(request), 'the body'));
      return showStatus(emulator);
    },
    DELETE: (emulator) => {
      emulator.control.clearScenario();
      return showStatus(emulator);
    },
  },
  '/events': {
    GET: (emulator, _, query) => showEvents(findEvents(emulator, query)),
    PUT: async (emulator, request, query) => {
      const list = findEvents(emulator, query);
      list.replace(parseEvents(await readBody(request)));
      return showEvents(list);
    },
    DELETE: (emulator, _, query) => {
      const list = findEvents(emulator, query);
      list.replace([]);
      return showEvents(list);
    },
  },
};

async function answer(emulator: ControlledEmulator, request: IncomingMessage): Promise<Reply> {
  checkCaller(request);
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
  const actions = Object.hasOwn(ACTIONS, pathname) ? ACTIONS[pathname] : undefined;
  if (!actions) throw refuse(404, `There are ${Object.keys(ACTIONS).join(', ')}`);
  const { method = '' } = request;
  const action = Object.hasOwn(actions, method) ? actions[method] : undefined;
  if (!action) throw refuse(405, 'Method not allowed', {}, { allow: Object.keys(actions).join(', ') });
  return action(emulator, request, searchParams);
}

/** A page that has this machine's address under a name of its own sends that name. */
function checkCaller({ headers }: IncomingMessage): void {
  if (!/^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?$/i.test(headers.host ?? '')) {
    throw refuse(403, 'The Host must be a loopback address or localhost');
  }
  if (headers[HEADER] !== 'true') throw refuse(403, 'Send the header Countersign-Control: true');
}

function showStatus({ url, vms, control }: ControlledEmulator): Reply {
  return { status: 200, body: { url, vms: vms.map(({ name }) => name), scenario: control.scenario() } };
}

function showEvents(list: EventList): Reply {
  return { status: 200, body: { events: list.events() } };
}

function findEvents({ control, vms }: ControlledEmulator, query: URLSearchParams): EventList {
  const name = query.get('vm') ?? vms[0]?.name ?? '';
  const list = control.events(name);
  if (!list) throw refuse(404, `There is no VM ${name}`);
  return list;
}

const eventsBody = z.strictObject({ events: z.array(scheduledEvent).max(100) });

function parseEvents(text: string) {
  const parsed = eventsBody.safeParse(parsePlainJson(text));
  if (parsed.success) return parsed.data.events;
  throw refuse(400, `the body has no events:\n${describeProblems(parsed.error)}`);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const octets = await readBounded(request, MAX_BODY);
  if (octets === null) throw refuse(413, `The body may have at most ${MAX_BODY} octets`);
  return octets.toString('utf8');
}
