import { HookError, runHook, runTool, say, tryUntilDone } from './tools.ts';

// `npm run deploy`: azd deploy, tried again while the first upload is refused, because the roles of a new deployment take
// minutes to spread. `node infra/hooks/run.mjs deploy --from-package FILE` deploys a package that exists, an earlier one say.

const REFUSED = /\b403\b|forbidden/i;

await runHook(async () => {
  const args = ['deploy', 'api', '--no-prompt', ...process.argv.slice(2)];
  const { found } = await tryUntilDone(async () => {
    const ended = await runTool('azd', args, true);
    const isRefused = ended.status !== 0 && REFUSED.test(ended.stdout + ended.stderr);
    if (isRefused) say('The upload was refused (403). Roles may still be spreading: trying again.');
    return { done: !isRefused, found: ended };
  });
  if (found.status === 0) return;
  if (!REFUSED.test(found.stdout + found.stderr)) throw new HookError('azd deploy failed: see above.');
  throw new HookError(
    'The upload is still refused (403). If the app is closed to all but its proxies, add your address to DEPLOYER_RANGES and run azd provision. Else check that you may deploy: Contributor, or Website Contributor on the app.',
  );
});
