/** The rows that a verification found to differ, with both versions. */
import { useState } from 'react';
import { useRead } from '../api/client.js';
import { given } from '../parts/address.js';
import { Button } from '../parts/button.js';
import { Loaded } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import { keyText, rowText } from './row-text.js';
import { Unreachable } from './unreachable.js';

export function Differences({ channel }: { readonly channel: string }) {
  const { t } = useWords();
  const words = t.equality;
  const [after, setAfter] = useState('');
  const query = { limit: 50, after: given(after) };
  const differences = useRead('GET /api/v1/channels/{channel}/verify/differences', { path: { channel }, query });
  return (
    <>
      <h3>{words.differences}</h3>
      <Loaded from={differences}>
        {({ differences: rows, next, unreachable }) => (
          <>
            <Unreachable at={unreachable} />
            {rows.length === 0 ? (
              <p className="soft">{words.noDifferences}</p>
            ) : (
              <Table
                label={words.differences}
                rows={rows}
                keyOf={({ pipeline, schema, table, key, outcome, file }) =>
                  [pipeline, schema, table, keyText(key), outcome, file?.path ?? ''].join(' ')
                }
                columns={[
                  { title: t.conflicts.key, cell: ({ schema, table, key }) => `${schema}.${table} ${keyText(key)}` },
                  { title: words.outcome, cell: ({ outcome, columns }) => `${outcome} ${(columns ?? []).join(', ')}` },
                  { title: words.here, cell: ({ here }) => (here ? <pre tabIndex={0}>{rowText(here)}</pre> : t.conflicts.gone) },
                  { title: words.there, cell: ({ there }) => (there ? <pre tabIndex={0}>{rowText(there)}</pre> : t.conflicts.gone) },
                ]}
              />
            )}
            {next !== null && <Button onPress={() => setAfter(next)}>{t.common.more}</Button>}
          </>
        )}
      </Loaded>
    </>
  );
}
