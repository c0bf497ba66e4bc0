import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';

app.http('jwks', {
  route: '.well-known/jwks.json',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readKeySet),
});

app.http('signedJwks', {
  route: '.well-known/jwks.jwt',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readSignedKeySet),
});

app.http('discovery', {
  route: '.well-known/countersign',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readDiscovery),
});

app.http('problems', {
  route: 'problems/{code}',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readProblemPage),
});
