import type * as z from 'zod';
import { INSTANT_TEXT, UUID_TEXT } from '../../contract/operators/fields.ts';

type Issue = z.core.$ZodRawIssue;

/** What a value must be, where its schema has no words of its own: the library's are for programmers. */
export function tellRule(issue: Issue): string {
  const rule = describeRule(issue);
  return issue.input === undefined ? `is missing: it must ${rule}` : `must ${rule}`;
}

const AS_DESCRIBED = 'be in the form that /openapi.json describes';

const TYPES: Readonly<Record<string, string>> = {
  ...{ string: 'be a text', number: 'be a number', int: 'be a whole number', boolean: 'be true or false' },
  ...{ array: 'be a list', object: 'be an object', record: 'be an object' },
};

const FORMATS: Readonly<Record<string, string>> = {
  guid: UUID_TEXT,
  datetime: INSTANT_TEXT,
};

function describeRule(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? AS_DESCRIBED;
    case 'invalid_format':
      return FORMATS[issue.format] ?? AS_DESCRIBED;
    case 'invalid_value':
      return `be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return describeBound('at least', issue.minimum, issue.origin);
    case 'too_big':
      return describeBound('at most', issue.maximum, issue.origin);
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_element':
    // What these two say is told by their places, in fieldProblems.ts.
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'custom':
      return AS_DESCRIBED;
  }
}

const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

function describeBound(bound: string, number: number | bigint, origin: string): string {
  const counted = COUNTED[origin];
  return counted === undefined ? `be ${bound} ${number}` : `have ${bound} ${number} ${counted}`;
}
