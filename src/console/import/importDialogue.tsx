import { useMemo } from 'preact/hooks';
import type { ApplyReportJson } from '../../contract/operators/records.ts';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { Notice } from '../parts/notices.tsx';
import { useSession } from '../session/context.ts';
import { describeCounts, importCommand, takesAway } from './importFile.ts';
import type { ImportFile } from './importFile.ts';

export interface ImportDialogueProps {
  readonly file: ImportFile;
  readonly report: ApplyReportJson;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

/** Writes a file that was judged: whole, or not at all. */
export function ImportDialogue({ file, report, close, finish }: ImportDialogueProps) {
  const { api } = useSession();
  const losing = useMemo(() => (report.rows ?? []).filter(takesAway).length, [report]);
  // The page has asked the service already.
  const trial = { old: null, new: {}, effect: { vms: null, licences: [] } };
  return (
    <ChangeDialogue
      title="Apply this file?"
      verb="Apply the file"
      isEnding={losing > 0}
      asked={file.name}
      describe={() => (
        <>
          {describeCounts(report)} What the file does not name stays as it is.
          {losing > 0 &&
            ` ${losing === 1 ? '1 row takes' : `${losing} rows take`} something away: VMs that it leaves out are denied at their next renewal.`}
        </>
      )}
      command={(reason) => importCommand(file, reason)}
      attempt={() => Promise.resolve(trial)}
      apply={async ({ reason, key }) => {
        await api.write(file.endpoint, { file, key, query: { reason } });
      }}
      close={close}
      finish={() => {
        finish(`The file is applied. ${describeCounts(report)}`);
      }}
      showVersions={() => (
        <>
          <Notice title="Somebody was writing the same rows">
            <p>Nothing was written. Choose the file again, and look at what it changes now.</p>
          </Notice>
          <div class="buttons">
            <button type="button" onClick={close}>
              Close
            </button>
          </div>
        </>
      )}
    />
  );
}
