import * as z from 'zod';
import { refuse, type Reply } from '../protocol/reply.ts';

const address = z.string().max(64);
const port = z.int().min(0).max(65_535);
const pair = z.strictObject({ frontendIpAddress: address, privateIpAddress: address });
const inboundRule = z.strictObject({
  ...{ frontendIpAddress: address, protocol: z.enum(['tcp', 'udp', 'all']), frontendPort: port },
  ...{ backendPort: port, privateIpAddress: address },
});

/** What IMDS says of the load balancer in front of a VM, as files state it (Retrieve load balancer metadata by using IMDS). */
export const loadBalancer = z.strictObject({
  publicIpAddresses: z.array(pair).max(100).default([]),
  inboundRules: z.array(inboundRule).max(100).default([]),
  outboundRules: z.array(pair).max(100).default([]),
});

export type LoadBalancer = Readonly<z.output<typeof loadBalancer>>;

/** Answers `/metadata/loadbalancer`. Throws a refusal where there is none. */
export function readLoadBalancer(balancer: LoadBalancer | undefined): Reply {
  if (balancer) return { status: 200, body: { loadbalancer: balancer } };
  throw refuse(
    404,
    'No load balancer metadata is found. Please check if your VM is using any non-basic SKU load balancer',
  );
}
