import { AREA_NAMES, AREAS } from './causes/areas.ts';
import type { AreaName, Evidence } from './evidence.ts';
import type { Area, Cause, Finding, Symptom } from './finding.ts';
import { isLookedAt } from './notLookedAt.ts';

/** One area, and how it looks. */
export interface Checked {
  readonly area: AreaName;
  readonly outcome: 'ok' | 'found' | 'not_looked_at';
  /** What was seen, or why nothing was. */
  readonly detail: string;
}

/** Every cause that the evidence shows. Pure. What nothing explains is told by its last resort alone. */
export function diagnose(evidence: Evidence): readonly Finding[] {
  const candidates = AREA_NAMES.flatMap((area) => judgeArea(area, evidence));
  const explained = candidates.map(({ cause }) => cause.explains);
  return candidates
    .filter(({ cause: { lastResortFor } }) => lastResortFor === undefined || !explained.includes(lastResortFor))
    .map(({ finding }) => finding);
}

interface Candidate {
  readonly cause: Cause<unknown>;
  readonly finding: Finding;
}

function judgeArea(area: AreaName, evidence: Evidence): readonly Candidate[] {
  const own = evidence[area];
  if (!isLookedAt(own)) return [];
  const causes: Area<unknown>['causes'] = (AREAS[area] as Area<unknown>).causes;
  return Object.entries(causes).flatMap(([name, cause]) => {
    const found = cause.judge(own, evidence);
    if (found === null) return [];
    const { means: summary, advice } = cause;
    return [{ cause, finding: { cause: name, area, summary, advice, ...found } }];
  });
}

export function listChecked(evidence: Evidence, findings: readonly Finding[]): readonly Checked[] {
  return AREA_NAMES.map((area) => {
    const own = evidence[area];
    if (!isLookedAt(own)) return { area, outcome: 'not_looked_at', detail: own.notLookedAt };
    const found = findings.filter((finding) => finding.area === area);
    if (found.length > 0) return { area, outcome: 'found', detail: found.map(({ cause }) => cause).join(', ') };
    const [symptom] = judgeArea(area, evidence).map(({ cause }) => cause.lastResortFor);
    if (symptom !== undefined) return { area, outcome: 'found', detail: `explained by ${explain(symptom, findings)}` };
    return { area, outcome: 'ok', detail: (AREAS[area] as Area<unknown>).describe(own) };
  });
}

/** The causes that were found for a symptom. */
function explain(symptom: Symptom, findings: readonly Finding[]): string {
  const explains = ({ area, cause }: Finding) => (AREAS[area] as Area<unknown>).causes[cause]?.explains === symptom;
  return findings
    .filter(explains)
    .map(({ cause }) => cause)
    .join(', ');
}
