/**
 * What is sold, as the Marketplace names it. Publisher, product and plan are compared without regard to ASCII case:
 * templates spell them freely.
 */
export interface PlanName {
  readonly publisher: string;
  readonly product: string;
  /** The plan; an offer for every plan of a product has {@link ANY}. */
  readonly name: string;
}

/** Stands for every plan, sku, cloud or VM. */
export const ANY = '*';

/** Either everything, or what the list names; an empty sku is named explicitly, as `""`. */
export type Allowed = typeof ANY | readonly string[];

/** Lower case for A to Z alone: other letters have case rules in which different names become equal. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function isSameName(left: string, right: string): boolean {
  return foldCase(left) === foldCase(right);
}

export function isSamePlan(left: PlanName, right: PlanName): boolean {
  return foldCase(formatPlanName(left)) === foldCase(formatPlanName(right));
}

/** `publisher/product/plan` */
export function formatPlanName(plan: PlanName): string {
  return `${plan.publisher}/${plan.product}/${plan.name}`;
}

const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';

/** A publisher or a product, as the Marketplace names them. */
export const PRODUCT_NAME = new RegExp(`^${NAME}$`);
/** `publisher/product/plan`, the plan perhaps {@link ANY}. */
export const PLAN_NAME = new RegExp(`^(${NAME})/(${NAME})/(${NAME}|\\*)$`);

/** The three parts of `publisher/product/plan`; `null` if it is nothing that the Marketplace could name. */
export function parsePlanName(text: string): PlanName | null {
  const [, publisher, product, name] = PLAN_NAME.exec(text) ?? [];
  if (publisher === undefined || product === undefined || name === undefined) return null;
  return { publisher, product, name };
}

/** Whether `allowed` names `value`, without regard to ASCII case. */
export function isAllowed(allowed: Allowed, value: string): boolean {
  return allowed === ANY || allowed.some((one) => isSameName(one, value));
}
