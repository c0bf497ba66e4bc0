import type { Fault } from './fault.ts';

/** A Linux that another publisher hardens and sells. */
export const FOREIGN_PLAN = { name: 'server-2404', product: 'hardened-linux', publisher: 'fabrikam' };

const HOUR = 60 * 60 * 1000;

/** Authentic documents that say something wrong, or too little. */
export const CONTENT_FAULTS = {
  expired: {
    does: 'answers with a document that ended six hours ago',
    leadsTo: 'document_expired',
    content: (content) => ({ ...content, createdOn: content.createdOn - 12 * HOUR }),
  },
  future: {
    does: 'answers with a document that begins in an hour',
    leadsTo: 'document_not_yet_valid',
    content: (content) => ({ ...content, createdOn: content.createdOn + HOUR }),
  },
  'too-old': {
    does: 'answers with a document that is valid, but an hour old',
    leadsTo: 'document_too_old',
    content: (content) => ({ ...content, createdOn: content.createdOn - HOUR }),
  },
  'backward-times': {
    does: 'answers with a document that ends before it begins',
    leadsTo: 'document_malformed',
    content: (content) => ({ ...content, lifetime: -HOUR }),
  },
  'long-lifetime': {
    does: 'answers with a document that is valid for more than a day',
    leadsTo: 'document_malformed',
    content: (content) => ({ ...content, lifetime: 25 * HOUR }),
  },
  'old-nonce': {
    does: 'answers the first request with each nonce with the nonce before it, from its cache',
    leadsTo: 'nonce_mismatch',
  },
  'empty-plan': {
    does: 'attests no plan, as for an image that is not from the Marketplace',
    leadsTo: 'plan_missing',
    content: (content) => ({ ...content, vm: { ...content.vm, plan: { name: '', product: '', publisher: '' } } }),
  },
  'foreign-plan': {
    does: 'attests the plan of another publisher, a hardened Linux that somebody else sells',
    leadsTo: 'plan_unknown',
    content: (content) => ({ ...content, vm: { ...content.vm, plan: FOREIGN_PLAN, sku: FOREIGN_PLAN.name } }),
  },
  'missing-fields': {
    does: 'answers as api-version 2018-10-01, without subscriptionId, sku and licenseType',
    leadsTo: 'claim_missing',
    content: (content) => ({ ...content, apiVersion: '2018-10-01' }),
  },
  'repeated-key': {
    does: 'attests two values of vmId',
    leadsTo: 'document_malformed',
    text: (json) => json.replace('{', '{"vmId":"00000000-0000-4000-8000-000000000000",'),
  },
} as const satisfies Record<string, Fault>;
