import { app } from '@azure/functions';
import { service } from '../src/app/instance.ts';
import { writeTo } from './adapter/serve.ts';

// Once a day, at an hour when few VMs start. The platform runs it on one instance only.
app.timer('cleaning', {
  schedule: '0 17 3 * * *',
  handler: (_, context) => service.cleanStore(writeTo(context)),
});

// Each minute: lists of decisions read what is not projected yet from the log.
app.timer('projection', {
  schedule: '30 * * * * *',
  handler: (_, context) => service.projectViews(writeTo(context)),
});

// Each hour: what ends, how old keys are, who runs out of seats, unknown issuers.
app.timer('watch', {
  schedule: '0 43 * * * *',
  handler: (_, context) => service.watchState(writeTo(context)),
});

// Every five minutes: whether the service is ready, for the alert.
app.timer('readiness', {
  schedule: '15 */5 * * * *',
  handler: (_, context) => service.tellReadiness(writeTo(context)),
});
