import { expectTypeOf, test } from 'vitest';
import type {
  Answer,
  Compute,
  InstanceMetadata,
  LicenceClient,
  NetworkInterface,
  ScheduledEvent,
  ScheduledEvents,
  StorageProfile,
} from '../../src/client/index.ts';

/** What programs compile against. The compiler is what fails here. */

test('an answer has a licence where the software may run, and a code where it may not', () => {
  type May = Extract<Answer, { state: 'licensed' | 'grace' }>;
  type MayNot = Exclude<Answer, { state: 'licensed' | 'grace' }>;
  expectTypeOf<May['licence']['features']>().toExtend<object>();
  expectTypeOf<MayNot['licence']>().toEqualTypeOf<undefined>();
  expectTypeOf<MayNot['code']>().toEqualTypeOf<string>();
});

test('compute metadata is text, booleans and numbers, and any of it can be missing', () => {
  expectTypeOf<Compute['vmId']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Compute['zone']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Compute['platformFaultDomain']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Compute['isHostCompatibilityLayerVm']>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<NonNullable<Compute['plan']>['product']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<NonNullable<Compute['publicKeys']>[number]['path']>().toEqualTypeOf<string | undefined>();
});

test('a field that is not known is unknown', () => {
  expectTypeOf<Compute['tomorrow']>().toEqualTypeOf<unknown>();
  expectTypeOf<InstanceMetadata['loadbalancer']>().toEqualTypeOf<unknown>();
  expectTypeOf<ScheduledEvent['ResourceType']>().toEqualTypeOf<unknown>();
});

test('network, storage and tags have their own types', () => {
  expectTypeOf<InstanceMetadata['network']['interfaces']>().toEqualTypeOf<readonly NetworkInterface[]>();
  type Ipv4 = NonNullable<NetworkInterface['ipv4']>;
  expectTypeOf<NonNullable<Ipv4['subnet']>[number]['prefix']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<InstanceMetadata['storage']>().toEqualTypeOf<StorageProfile>();
  expectTypeOf<NonNullable<StorageProfile['osDisk']>['diskSizeGB']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<InstanceMetadata['tags']>().toEqualTypeOf<ReadonlyMap<string, string>>();
  expectTypeOf<InstanceMetadata['apiVersion']>().toEqualTypeOf<string>();
});

test('the methods promise these', () => {
  expectTypeOf<LicenceClient['metadata']>().returns.resolves.toEqualTypeOf<InstanceMetadata>();
  expectTypeOf<LicenceClient['scheduledEvents']>().returns.resolves.toEqualTypeOf<ScheduledEvents>();
  expectTypeOf<ScheduledEvents['events'][number]['notBefore']>().toEqualTypeOf<string | undefined>();
});
