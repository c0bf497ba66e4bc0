import { useId, useState } from 'preact/hooks';
import { MAX_BODY } from '../../contract/bodySize.ts';

export interface DropZoneProps {
  readonly take: (name: string, octets: Uint8Array) => void;
}

/** Takes a file that is dropped on it, or chosen. */
export function DropZone({ take }: DropZoneProps) {
  const id = useId();
  const [isOver, setOver] = useState(false);
  const read = (file: File | undefined) => {
    if (file === undefined) return;
    file.arrayBuffer().then(
      (octets) => {
        take(file.name, new Uint8Array(octets));
      },
      () => {
        // The file went away, or is a folder.
        take(file.name, new Uint8Array());
      },
    );
  };
  return (
    <div
      class={`drop${isOver ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        read(event.dataTransfer?.files[0]);
      }}
    >
      <p>
        <label for={id}>Drop a file of licences here, or choose it</label>
        <input
          id={id}
          type="file"
          accept=".csv,.json,text/csv,application/json"
          aria-describedby={`${id}-help`}
          onChange={({ currentTarget }) => {
            read(currentTarget.files?.[0]);
            // The same file can be chosen again, after it was corrected.
            currentTarget.value = '';
          }}
        />
      </p>
      <p class="help quiet" id={`${id}-help`}>
        CSV or JSON of licences, or a JSON catalogue with offers and licences; at most {MAX_BODY / 1024} KB. Nothing is
        written before you have seen what changes.
      </p>
    </div>
  );
}
