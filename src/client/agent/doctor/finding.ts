import type { AreaName, Evidence } from './evidence.ts';

/** A cause that was found. */
export interface Finding {
  readonly cause: string;
  readonly area: AreaName;
  /** What happened. */
  readonly summary: string;
  /** The lines that show it. */
  readonly evidence: readonly string[];
  /** What to do. */
  readonly advice: string;
  /** Does it, or looks further where nothing more is known. Quoted for the shell; null where no command does it. */
  readonly command: string | null;
  /** What is to be put into a file or a form, where that is the cure. */
  readonly snippet?: string;
}

/** What a judge says of its cause. Without words of its own the finding has the cause's. */
export interface Found {
  readonly summary?: string;
  readonly evidence: readonly string[];
  readonly advice?: string;
  readonly command: string | null;
  readonly snippet?: string;
}

/** What more than one cause can explain. */
export type Symptom = 'imds_unreachable';

/** One thing that can be wrong. */
export interface Cause<Own> {
  /** What the cause means, for docs/doctor.md; and the finding's summary. */
  readonly means: string;
  /** What to do about it: as above. */
  readonly advice: string;
  /** Where it is found, the symptom's last resort is not told. */
  readonly explains?: Symptom;
  /** The cause that is told of a symptom that no other cause explains. */
  readonly lastResortFor?: Symptom;
  /**
   * Pure, and of recorded evidence too.
   *
   * @param own what was seen in the cause's own area
   * @returns null where it is not the case
   */
  judge(own: Own, all: Evidence): Found | null;
}

/** What is looked at together, and every cause that it can show. */
export interface Area<Own> {
  /** As in a list of what was looked at. */
  readonly title: string;
  /** What was seen where nothing is wrong, in a few words. */
  describe(own: Own): string;
  readonly causes: Readonly<Record<string, Cause<Own>>>;
}
