import { app } from '@azure/functions';
import { serve } from './adapter/serve.ts';

app.http('challenges', {
  route: 'v1/challenges',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: serve((service) => service.issueChallenge),
});
