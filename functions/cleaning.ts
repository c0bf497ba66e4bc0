import { app } from '@azure/functions';
import { service } from '../src/app/instance.ts';
import { writeTo } from './adapter/serve.ts';

// Once a day, at an hour at which few VMs start; the platform sees to it that one instance does it.
app.timer('cleaning', {
  schedule: '0 17 3 * * *',
  handler: (_, context) => service.cleanStore(writeTo(context)),
});
