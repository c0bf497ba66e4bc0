import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { AREAS } from '../../../../src/client/agent/doctor/causes/areas.ts';
import type { Area } from '../../../../src/client/agent/doctor/finding.ts';

const PAGE = resolve(import.meta.dirname, '../../../../docs/doctor.md');
const HEADING = '## Causes\n';

function describeArea({ title, causes }: Area<never>): string {
  const rows = Object.entries(causes).map(([name, { means, advice }]) => `| \`${name}\` | ${means} | ${advice} |`);
  return ['', `### ${title}`, '', '| cause | what it means | what to do |', '| --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}

test('docs/doctor.md has every cause, as the doctor tells it', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const head = page.slice(0, page.indexOf(HEADING) + HEADING.length);
  const text = `${head}${Object.values<Area<never>>(AREAS).map(describeArea).join('')}`;
  const options = await resolveConfig(PAGE);
  await expect(await format(text, { ...options, parser: 'markdown' })).toMatchFileSnapshot(PAGE);
});
