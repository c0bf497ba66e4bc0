import { app } from '@azure/functions';
import { service } from '../src/app/instance.ts';
import { serve } from './adapter/serve.ts';

/** The platform takes no empty route, and this one matches nothing else. */
const EMPTY_ROUTE = '{ignored:maxlength(0)?}';

// The app checks access tokens itself, in one place for all routes: the host's own keys would be a second secret.
for (const { name, method, path, useCase } of service.routes) {
  app.http(name, {
    route: path === '/' ? EMPTY_ROUTE : path.slice(1),
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    authLevel: 'anonymous',
    handler: serve(useCase),
  });
}
