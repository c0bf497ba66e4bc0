import { useCallback, useState } from 'preact/hooks';
import type { ListedLicenceJson } from '../../contract/operators/licenceList.ts';
import { usePages } from '../data/usePages.ts';
import { useSettled } from '../data/useSettled.ts';
import { Dialogue } from '../parts/dialogue.tsx';
import { Listed } from '../parts/loaded.tsx';
import { LicenceState } from '../parts/states.tsx';
import { Plain } from '../parts/text.tsx';
import { useSession } from '../session/context.ts';
import { TextField } from './fields.tsx';

export interface AttachChooserProps {
  readonly offer: string;
  readonly choose: (item: ListedLicenceJson) => void;
  readonly close: () => void;
}

/** The licences of an offer, of which one is chosen. */
export function AttachChooser({ offer, choose, close }: AttachChooserProps) {
  const { api } = useSession();
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState<ListedLicenceJson | null>(null);
  const query = useSettled(words.trim());
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listLicences', { query: { offer, query, continuation }, ...(signal && { signal }) }),
    [api, offer, query],
  );
  const list = usePages(`licences of ${offer} ${query}`, read);
  return (
    <Dialogue title="Add the subscription to which licence?" close={close}>
      <TextField label="Words of the customer, id or note" value={words} change={setWords} />
      <div class="choices">
        <Listed list={list} empty="The offer has no such licence. Grant one instead.">
          {(items) => (
            <fieldset>
              <legend class="unseen">Licences</legend>
              {items.map((item) => (
                <Choice
                  key={item.licence.id}
                  item={item}
                  isChosen={chosen?.licence.id === item.licence.id}
                  choose={() => {
                    setChosen(item);
                  }}
                />
              ))}
            </fieldset>
          )}
        </Listed>
      </div>
      <div class="buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="primary"
          disabled={chosen === null}
          onClick={() => {
            if (chosen !== null) choose(chosen);
          }}
        >
          Continue
        </button>
      </div>
    </Dialogue>
  );
}

interface ChoiceProps {
  readonly item: ListedLicenceJson;
  readonly isChosen: boolean;
  readonly choose: () => void;
}

function Choice({ item: { licence, effective }, isChosen, choose }: ChoiceProps) {
  const { id, customer, seats } = licence;
  return (
    <label class="choice">
      <input type="radio" name="licence" checked={isChosen} onChange={choose} />
      <span>
        <strong>
          <Plain text={customer?.name ?? id} />
        </strong>{' '}
        {customer !== null && <span class="quiet">{id}</span>}
        <br />
        <span class="quiet">{seats} seats</span> <LicenceState licence={licence} effective={effective} />
      </span>
    </label>
  );
}
