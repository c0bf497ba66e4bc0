import * as z from 'zod';

/* What comes from a VM with its evidence: in its own request, or in a file that an operator sends for it. */

export const documentSchema = z.object({
  encoding: z.literal('pkcs7'),
  signature: z
    .string()
    .min(1)
    .max(32 * 1024),
});

export const token = z
  .string()
  .min(1)
  .max(16 * 1024);

/** Many languages write an absent member as null. */
export const absentAsNull = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

/** Longer ones are no codes of ours; what else is none is found out where it is looked at. */
const CLAIM = z
  .string()
  .min(1)
  .max(128)
  .transform((text) => text.toWellFormed());

/** The client's own word, for operators: what is not a short text is left out, and refuses nothing. */
const clientName = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? value.slice(0, 128).toWellFormed() : undefined))
  .describe('A text such as "gateway/2.1": its first 128 characters are shown to operators.');

/** Letters with their marks, digits, punctuation, symbols and spaces: no line ends, no control or formatting characters. */
const LABEL = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{1,64}$/u;
const MAX_LABEL_UNITS = 128;

/** The VM's own word, for people: what cannot be used is dropped, and refuses nothing. In NFC, equal names are equal texts. */
const label = z
  .unknown()
  .optional()
  .transform((value) => (isLabel(value) ? value : undefined))
  .describe('A name of the machine for people: one line in NFC, at most 64 characters. Anything else is dropped.');

function isLabel(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_LABEL_UNITS) return false;
  return LABEL.test(value) && value.trim() !== '' && value === value.normalize('NFC');
}

/** What a VM asks for, and what it says of itself. */
export const wishes = {
  offer: absentAsNull(
    z
      .string()
      .min(1)
      .max(512)
      .transform((text) => text.toWellFormed()),
  ),
  claim: absentAsNull(CLAIM).describe(
    'A claim code; looked at only where the subscription has no licence for the offer.',
  ),
  client: clientName,
  label,
};
