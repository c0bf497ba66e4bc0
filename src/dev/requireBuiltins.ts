import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

const NAMESPACE = 'builtin';

/**
 * Node's own modules are required in the bundle and not imported. An import reads every export of a module at once, and
 * that of `node:http` loads Node's client for `fetch`, which a start does not need: a tenth of its time. For the same reason
 * only those exports are read that the bundle uses.
 */
export const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup: (build) => {
    build.onResolve({ filter: /^(?:node:)?[a-z_]/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      return kind === 'require-call' ? { path, external: true } : { path, namespace: NAMESPACE };
    });
    build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({ contents: writeModule(path) }));
  },
};

const NAME = /^[A-Za-z_$][\w$]*$/;

/** Each export is marked as one that may be left out where nobody uses it. */
function writeModule(path: string): string {
  const names = Object.getOwnPropertyNames(process.getBuiltinModule(path)).filter((name) => NAME.test(name));
  const exported = names.filter((name) => name !== 'default');
  return [
    `const builtin = require(${JSON.stringify(path)});`,
    'export default builtin;',
    ...exported.map((name) => `const own_${name} = /* @__PURE__ */ (() => builtin.${name})();`),
    ...exported.map((name) => `export { own_${name} as ${name} };`),
  ].join('\n');
}
