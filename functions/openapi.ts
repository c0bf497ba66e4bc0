import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';

app.http('openapi', {
  route: 'openapi.json',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: serve((service) => service.readOpenApi),
});
