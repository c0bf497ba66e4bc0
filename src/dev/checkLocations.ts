import { loadPins } from '../trust/azurePins.ts';
import { checkLocations } from '../trust/checkLocations.ts';
import { describeLocations } from './describeLocations.ts';

/* `npm run locations`, once a week: whether every certificate is still published where its pin says. Needs the network. */

const report = await checkLocations({ manifests: loadPins(), at: Date.now() });
process.stdout.write(describeLocations(report));
process.exitCode = report.ok ? 0 : 1;
