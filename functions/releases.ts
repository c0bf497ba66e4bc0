import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';

app.http('releases', {
  route: 'v1/releases',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: serve((service) => service.releaseLicence),
});
