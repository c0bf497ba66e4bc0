import { createAuthority, type Authority, type LeafChange } from '../authority/authority.ts';
import { documentContent, type ContentRequest } from '../documents/documentContent.ts';
import { createDocumentTemplate } from '../documents/documentTemplate.ts';
import type { Fault, LeafSource } from '../faults/fault.ts';
import { FAULTS, type FaultName } from '../faults/faults.ts';
import type { IssuedCertificate } from '../authority/issueCertificate.ts';
import { signDocument, type DocumentDescription } from '../documents/signDocument.ts';
import type { Vm } from '../vms/vms.ts';

const DAY = 24 * 60 * 60 * 1000;

interface DocumentRequest extends ContentRequest {
  /** Azure region, the first label of the signing certificate's longer name. */
  readonly region: string;
  readonly faults: readonly FaultName[];
}

/** Makes the DER of one attested document. */
export type DocumentMaker = (request: DocumentRequest) => Promise<Uint8Array<ArrayBuffer>>;

/** What a VM's documents say of it, and the region that signs them. */
export function attestedFacts(vm: Vm): Pick<DocumentRequest, 'vm' | 'region'> {
  return { vm: vm.classic ? classicVm(vm) : vm.compute, region: regionOf(vm) };
}

/** Of a classic VM the vmId alone is sure to be filled. */
function classicVm({ compute }: Vm) {
  const plan = { name: '', product: '', publisher: '' };
  return { vmId: compute.vmId, subscriptionId: '', sku: '', licenseType: '', plan };
}

/** As it stands in a host name. */
function regionOf({ compute }: Vm): string {
  return compute.location.toLowerCase().replaceAll(/[^a-z0-9-]/g, '') || 'eastus';
}

/** Documents under one authority; their signing certificates are made when first needed, one a region and fault. */
export function createDocumentMaker(authority: Authority): DocumentMaker {
  const leafFor = createLeafCache(authority);
  const templates = new WeakMap<IssuedCertificate, ReturnType<typeof createDocumentTemplate>>();
  return async ({ region, faults, ...request }) => {
    const changes = faults.map((name) => FAULTS[name]);
    const asked = changes.reduce<ContentRequest>((before, { content }) => content?.(before) ?? before, request);
    const json = JSON.stringify(documentContent(asked));
    const content = changes.reduce((before, { text }) => text?.(before) ?? before, json);
    const leaf = await leafFor(region, request.createdOn, faults);
    const template = templates.get(leaf) ?? createDocumentTemplate(leaf);
    templates.set(leaf, template);
    const isUsual = changes.every(({ document }) => document === undefined);
    const der = isUsual ? template(Buffer.from(content)) : signChanged({ content, leaf }, changes);
    return changes.reduce((before, { form }) => form?.(before) ?? before, der);
  };
}

function signChanged(valid: DocumentDescription, changes: readonly Fault[]): Uint8Array<ArrayBuffer> {
  return signDocument(changes.reduce((before, { document }) => document?.(before) ?? before, valid));
}

type LeafFor = (region: string, at: number, faults: readonly FaultName[]) => Promise<IssuedCertificate>;

function createLeafCache(authority: Authority): LeafFor {
  const leaves = new Map<string, Promise<IssuedCertificate>>();
  let other: Promise<Authority> | undefined;
  const stranger = () => (other ??= createStranger(authority));
  return (region, at, faults) => {
    const fault = faults.find((name) => FAULTS[name].leaf);
    const month = Math.floor((at - authority.at) / (30 * DAY));
    const key = `${region}/${fault ?? ''}/${month}`;
    const usual = { region, ...validity(authority.at + month * 30 * DAY) };
    const made = leaves.get(key) ?? makeLeaf({ authority, stranger, usual, at }, fault);
    leaves.set(key, made);
    return made;
  };
}

/** Keys of its own, from the ring that all others come from. */
function createStranger({ domain, at, keys }: Authority): Promise<Authority> {
  return createAuthority({ domain, at, names: STRANGERS, keys: (label, kind) => keys(`stranger's ${label}`, kind) });
}

function makeLeaf(source: LeafSource, fault: FaultName | undefined): Promise<IssuedCertificate> {
  return (fault && FAULTS[fault].leaf?.(source)) ?? source.authority.issueLeaf(source.usual);
}

/** 180 days around the month that begins then, so that a document's leaf is never new and never about to end. */
function validity(month: number): Pick<LeafChange, 'notBefore' | 'notAfter'> {
  return { notBefore: month - 60 * DAY, notAfter: month + 120 * DAY };
}

const STRANGERS = {
  root: 'Another Emulator Root',
  secondRoot: 'Another Emulator Second Root',
  intermediate: 'Another Emulator Issuing CA 01',
};
