import { readConfig } from '../../src/app/config.ts';
import { createService } from '../../src/app/service.ts';
import type { Service, ServiceSeams } from '../../src/app/service.ts';
import type { EdgeRequest, Reply } from '../../src/http/edge.ts';
import { serveInProcess } from './serveInProcess.ts';
import type { Scene } from './serviceScene.ts';

/** Settings over the scene's; null takes one away. */
export type Settings = Readonly<Record<string, string | null>>;

/** Instances of the service behind one address, which is their issuer. Requests go to each in turn. */
export interface Cluster {
  readonly url: string;
  /** Every answer that was no success so far, as `METHOD path status code`. */
  readonly refusals: readonly string[];
  /** How many requests were answered so far. */
  readonly answered: () => number;
  /**
   * Replaces each instance by one with these settings, one after the other, as a rolling restart does. What an instance
   * has begun to answer it answers to the end.
   *
   * @param meanwhile is going on while each instance is replaced
   */
  readonly deploy: (settings: Settings, meanwhile: () => Promise<void>) => Promise<void>;
}

export interface ClusterOptions extends Omit<ServiceSeams, 'now'> {
  readonly size: number;
  readonly settings: Settings;
}

/** @param scene whose store, emulator and clock the instances have; its own instances take no part */
export async function startCluster(scene: Scene, { size, settings, ...seams }: ClusterOptions): Promise<Cluster> {
  const services: Service[] = [];
  const create = (url: string, given: Settings) =>
    createService(readConfig(withoutNulls({ ...scene.env, ...given, ISSUER: url })), { now: scene.now, ...seams });
  const refusals: string[] = [];
  let turns = 0;
  const answer = async (place: number, request: EdgeRequest): Promise<Reply> => {
    turns += 1;
    const route = services[turns % size]?.routes[place];
    if (route === undefined) throw new Error('All instances have the same routes.');
    const reply = await route.useCase(request);
    if (reply.status >= 400) refusals.push(`${request.method} ${request.path} ${reply.status} ${codeOf(reply)}`);
    return reply;
  };
  const { url } = await serveInProcess(async (ownUrl) => {
    for (let started = 0; started < size; started += 1) services.push(await create(ownUrl, settings));
    const [first] = services;
    if (first === undefined) throw new Error('A cluster has instances.');
    return {
      ...first,
      routes: first.routes.map((route, place) => ({ ...route, useCase: (request) => answer(place, request) })),
    };
  });
  const deploy: Cluster['deploy'] = async (given, meanwhile) => {
    for (const place of services.keys()) {
      const going = meanwhile();
      services[place] = await create(url, given);
      await going;
    }
  };
  return { url, refusals, answered: () => turns, deploy };
}

function withoutNulls(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)) as Record<string, string>;
}

function codeOf({ body }: Reply): string {
  return (JSON.parse(body) as { readonly code: string }).code;
}
