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
