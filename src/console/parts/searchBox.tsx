import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useNavigation } from '../routing/navigation.tsx';
import type { Target } from '../routing/place.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Where words lead; an id can be a VM's, a subscription's or a decision's, so that the VM is only the first guess. */
function targetOf(words: string): Target {
  return UUID.test(words) ? { page: 'vms', id: words.toLowerCase() } : { page: 'customers', query: { words } };
}

/** Stands on every page; the key `/` leads to it. */
export function SearchBox() {
  const { go } = useNavigation();
  const [words, setWords] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const [id, hint] = [useId(), useId()];
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => {
      removeEventListener('keydown', focus);
    };
  }, []);
  const search = (event: Event) => {
    event.preventDefault();
    if (words.trim() === '') return;
    go(targetOf(words.trim()));
    setWords('');
  };
  return (
    <form role="search" onSubmit={search}>
      <label class="unseen" for={id}>
        Search
      </label>
      <input
        {...{ id, ref: field, type: 'search', value: words, autocomplete: 'off', spellcheck: false }}
        placeholder="Customer, licence or vmId"
        aria-describedby={hint}
        onInput={({ currentTarget }) => {
          setWords(currentTarget.value);
        }}
      />
      <span id={hint} class="hint">
        <kbd>/</kbd>
        <span class="unseen"> leads here. Enter searches customers, or opens the VM with this id.</span>
      </span>
    </form>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}
