import { useState } from 'preact/hooks';
import type { ApplyReportJson } from '../../contract/operators/records.ts';
import { useData } from '../data/useData.ts';
import { DropZone } from '../import/dropZone.tsx';
import { ImportDialogue } from '../import/importDialogue.tsx';
import { describeCounts, readImport } from '../import/importFile.ts';
import type { ImportFile } from '../import/importFile.ts';
import { ImportProblems, ImportRows } from '../import/importTables.tsx';
import { Done, Loading, Notice, TroubleNotice } from '../parts/notices.tsx';
import { Plain } from '../parts/text.tsx';
import { useMay, useSession } from '../session/context.ts';

/** Offers and licences from a file: judged first, then written whole or not at all. */
export function ImportPage() {
  const [file, setFile] = useState<ImportFile | string | null>(null);
  const [said, setSaid] = useState('');
  const [round, setRound] = useState(0);
  if (!useMay('Operator')) {
    return (
      <>
        <h1>Import</h1>
        <p>Your role cannot import. An Operator or an Admin can.</p>
      </>
    );
  }
  const take = (name: string, octets: Uint8Array) => {
    setSaid('');
    setRound(round + 1);
    setFile(readImport(name, octets));
  };
  return (
    <>
      <h1>Import</h1>
      <DropZone take={take} />
      <Done said={said} />
      {typeof file === 'string' && (
        <Notice title="This file cannot be sent">
          <p>{file}</p>
        </Notice>
      )}
      {file !== null && typeof file !== 'string' && (
        <Judged
          key={round}
          file={file}
          finish={(done) => {
            setFile(null);
            setSaid(done);
          }}
        />
      )}
    </>
  );
}

interface JudgedProps {
  readonly file: ImportFile;
  readonly finish: (said: string) => void;
}

/** What the service says of the file: its problems, or what it would write. */
function Judged({ file, finish }: JudgedProps) {
  const { api } = useSession();
  const data = useData('import', async (signal) => {
    const query = { dryRun: 'true', rows: 'true' };
    return (await api.write(file.endpoint, { file, query, signal })) as ApplyReportJson;
  });
  const { value, trouble } = data;
  return (
    <section>
      <h2>
        <Plain text={file.name} />
      </h2>
      {trouble?.kind === 'refused' && trouble.errors.length > 0 && (
        <ImportProblems file={file} problems={trouble.errors} />
      )}
      {trouble !== null && !(trouble.kind === 'refused' && trouble.errors.length > 0) && (
        <TroubleNotice trouble={trouble} retry={data.reload} />
      )}
      {value === null && trouble === null && <Loading />}
      {value !== null && <Report file={file} report={value} finish={finish} />}
    </section>
  );
}

interface ReportProps extends JudgedProps {
  readonly report: ApplyReportJson;
}

function Report({ file, report, finish }: ReportProps) {
  const [isAsking, setAsking] = useState(false);
  const { rows = [] } = report;
  return (
    <>
      <p role="status">{describeCounts(report)}</p>
      {rows.length > 0 && (
        <div class="actions unprinted">
          <button
            type="button"
            class="primary"
            onClick={() => {
              setAsking(true);
            }}
          >
            Apply the file …
          </button>
        </div>
      )}
      <ImportRows rows={rows} />
      {isAsking && (
        <ImportDialogue
          file={file}
          report={report}
          close={() => {
            setAsking(false);
          }}
          finish={finish}
        />
      )}
    </>
  );
}
