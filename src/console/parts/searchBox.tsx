import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useNavigation } from '../routing/navigation.tsx';

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
    go({ page: 'search', query: { q: words.trim() } });
    setWords('');
  };
  return (
    <form role="search" onSubmit={search}>
      <label class="unseen" for={id}>
        Search
      </label>
      <input
        {...{ id, ref: field, type: 'search', value: words, autocomplete: 'off', spellcheck: false }}
        placeholder="Search customers, licences, ids"
        aria-describedby={hint}
        onInput={({ currentTarget }) => {
          setWords(currentTarget.value);
        }}
      />
      <span id={hint} class="hint">
        <kbd>/</kbd>
        <span class="unseen"> leads here. Enter searches licences, subscriptions, VMs and decisions.</span>
      </span>
    </form>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}
