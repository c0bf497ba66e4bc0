/**
 * Milliseconds by which the clocks of two machines that are both set right may differ: of two instances, of the service
 * and a VM, of Azure and us. Every comparison of a time that somebody else wrote allows this much and no more.
 */
export const CLOCK_SKEW = 120_000;
