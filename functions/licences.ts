import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';

app.http('licences', {
  route: 'v1/licences',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: serve((service) => service.issueLicence),
});
