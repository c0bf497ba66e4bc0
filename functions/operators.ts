import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';
import { service } from '../src/app/instance.ts';

// The token is checked in the app, by the one way that all of these go: the host's own keys would be a second secret.
for (const { name, method, path, useCase } of service.operatorRoutes) {
  app.http(name, {
    route: path.slice(1),
    methods: [method],
    authLevel: 'anonymous',
    handler: serve(() => useCase),
  });
}
