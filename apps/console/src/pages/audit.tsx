/** Who did what, with filters in the address; an entry opens to what it changed. */
import type { Answer } from '@lutra/client';
import { useState } from 'react';
import { useRead } from '../api/client.js';
import { useRefusal } from '../api/me.js';
import { given, useFilters } from '../parts/address.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

type Entry = Answer<'GET /api/v1/audit'>['entries'][number];

export function Audit() {
  const { t } = useWords();
  const refusal = useRefusal('audit.read');
  return (
    <Page title={t.nav.audit} about={t.audit.about}>
      {refusal === null ? <Search /> : <Empty text={refusal} />}
    </Page>
  );
}

function Search() {
  const { t } = useWords();
  const words = t.audit;
  const [filters, setFilters] = useFilters({ by: '', action: '', subject: '', q: '', after: '' });
  const query = {
    by: given(filters.by),
    action: given(filters.action),
    subject: given(filters.subject),
    q: given(filters.q),
    after: given(filters.after),
    limit: 50,
  };
  const found = useRead('GET /api/v1/audit', { query });
  const set = (changes: Partial<typeof filters>): void => setFilters({ after: '', ...changes });
  return (
    <Section title={t.nav.audit}>
      <div className="filters">
        <TextField label={words.by} value={filters.by} onChange={(by) => set({ by })} />
        <TextField label={words.action} value={filters.action} onChange={(action) => set({ action })} placeholder="channel.run" />
        <TextField label={words.subject} value={filters.subject} onChange={(subject) => set({ subject })} placeholder="channels/shop" />
        <TextField label={words.text} type="search" value={filters.q} onChange={(q) => set({ q })} />
      </div>
      <Loaded from={found}>
        {({ entries, after, complete }) => (
          <>
            {!complete && <p className="soft">{words.incomplete}</p>}
            {entries.length === 0 ? <Empty text={words.none} /> : <Entries entries={entries} />}
            {after !== null && <Button onPress={() => setFilters({ after })}>{t.common.more}</Button>}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  const { t, format } = useWords();
  const words = t.audit;
  const [open, setOpen] = useState<Entry | null>(null);
  return (
    <>
      <Table
        label={t.nav.audit}
        rows={entries}
        keyOf={({ id }) => id}
        columns={[
          {
            title: words.when,
            cell: (entry) => (
              <button type="button" className="button quiet" onClick={() => setOpen(entry)}>
                {format.time(entry.at)}
              </button>
            ),
          },
          { title: words.by, cell: ({ by, token }) => (token === null ? by : `${by} (${token})`) },
          { title: words.action, cell: ({ action }) => action },
          { title: words.subject, cell: ({ subject }) => subject ?? '' },
          { title: words.status, cell: ({ status }) => status, number: true },
          { title: words.why, cell: ({ reason }) => reason },
          { title: words.from, cell: ({ from }) => from },
        ]}
      />
      {open && (
        <Dialog title={`${open.action} ${open.subject ?? ''}`} onClose={() => setOpen(null)}>
          <Change id={open.id} />
          <div className="row end">
            <Button onPress={() => setOpen(null)}>{t.common.close}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Change({ id }: { readonly id: string }) {
  const { t } = useWords();
  const words = t.audit;
  const entry = useRead('GET /api/v1/audit/{id}', { path: { id } });
  const text = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));
  return (
    <Loaded from={entry}>
      {({ request, change }) => (
        <>
          <p>
            <code>{request}</code>
          </p>
          {change === null ? (
            <p className="soft">{words.noChange}</p>
          ) : (
            <Table
              label={words.change}
              rows={change.diff}
              keyOf={({ pointer }) => pointer}
              columns={[
                { title: t.conflicts.column, cell: ({ pointer }) => <code>{pointer}</code> },
                { title: '−', cell: ({ before }) => <del>{text(before)}</del> },
                { title: '+', cell: ({ after }) => <ins>{text(after)}</ins> },
              ]}
            />
          )}
        </>
      )}
    </Loaded>
  );
}
