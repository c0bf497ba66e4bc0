export const WRITABLE_BY_OTHERS = 0o022;

/** As `ls` and `chmod` know it in numbers: `755`. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
