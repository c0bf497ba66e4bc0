import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';

app.http('healthz', {
  route: 'healthz',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readHealth),
});

app.http('readyz', {
  route: 'readyz',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readReadiness),
});
