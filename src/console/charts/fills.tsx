import type { CountedCode } from './arrangeBars.ts';

type Filled = Pick<CountedCode, 'isGrant' | 'fill'>;

/** Each fill has a texture of its own beside its colour: plain, slanted, dotted, lined. */
const TEXTURES = ['', 'M-1 1l2-2M0 6l6-6M5 7l2-2', 'M1.5 1.5h1.5v1.5h-1.5zM4.5 4.5h1.5v1.5h-1.5z', 'M0 1.5h6M0 4.5h6'];

const KINDS = ['granted', 'refused'] as const;

const nameOf = ({ isGrant, fill }: Filled) => `${isGrant ? KINDS[0] : KINDS[1]}-${fill}`;

/** What the charts of a page are filled with. */
export function FillPatterns() {
  return (
    <svg width="0" height="0" class="patterns" aria-hidden="true">
      {KINDS.flatMap((kind) =>
        TEXTURES.map((texture, fill) => (
          <pattern key={`${kind}-${fill}`} id={`${kind}-${fill}`} width="6" height="6" patternUnits="userSpaceOnUse">
            <rect class={`${kind}-${fill}`} width="6" height="6" />
            <path class="texture" d={texture} />
          </pattern>
        )),
      )}
    </svg>
  );
}

export function fillOf(filled: Filled): string {
  return `url(#${nameOf(filled)})`;
}

/** Shows in a legend what a code is filled with. */
export function Swatch({ fill }: { readonly fill: Filled }) {
  return (
    <svg class="swatch" width="12" height="12" aria-hidden="true">
      <rect width="12" height="12" rx="2" fill={fillOf(fill)} />
    </svg>
  );
}
