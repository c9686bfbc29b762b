/** Both versions of a row side by side by column, the row as it is now on both sides, and the other decision. */
import type { Answer } from '@lutra/client';
import { Link } from 'wouter';
import { useRead, write } from '../api/client.js';
import { Act } from '../parts/act.js';
import { Loaded, Section } from '../parts/page.js';
import { Facts, Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import { keyText, rowText, valueText } from './row-text.js';

type Conflict = Answer<'GET /api/v1/channels/{channel}/conflicts/{pipeline}/{id}'>;

interface OneConflictProps {
  readonly channel: string;
  readonly pipeline: string;
  readonly id: string;
}

export function OneConflict(path: OneConflictProps) {
  const { t } = useWords();
  const conflict = useRead('GET /api/v1/channels/{channel}/conflicts/{pipeline}/{id}', { path: { ...path } });
  return (
    <>
      <p>
        <Link href={`/conflicts?channel=${encodeURIComponent(path.channel)}`}>← {t.conflicts.back}</Link>
      </p>
      <Loaded from={conflict}>{(found) => <Shown channel={path.channel} conflict={found} />}</Loaded>
    </>
  );
}

function Shown({ channel, conflict }: { readonly channel: string; readonly conflict: Conflict }) {
  const { t, format } = useWords();
  const words = t.conflicts;
  const { schema, table, key, type, policy, winner, transaction, decidedAt, reason, diff, now, pipeline, id } = conflict;
  const path = { channel, pipeline, id: String(id) };
  const actions = (['incoming', 'existing'] as const).map((one) => (
    <Act
      key={one}
      name={words.redecide(words.winners[one])}
      right="channel.seed"
      needsReason
      danger
      about={<p>{words.redecideAbout}</p>}
      onDo={(why) =>
        write('POST /api/v1/channels/{channel}/conflicts/{pipeline}/{id}/redecide', { path, body: { winner: one, reason: why } })
      }
    />
  ));
  return (
    <>
      <Section title={`${schema}.${table} ${keyText(key)}`} actions={actions}>
        <Facts
          rows={[
            [words.type, type],
            [words.policy, policy],
            [words.winner, winner],
            [words.when, format.time(decidedAt)],
            ['GTID', transaction.gtid ?? t.common.unknown],
            [t.common.reason, reason ?? t.common.none],
          ]}
        />
        <Versions diff={diff} />
      </Section>
      <Section title={words.now}>
        <div className="beside">
          {[now.source, now.target].map(({ endpoint, row, problem }) => (
            <div key={endpoint} className="stack">
              <h3>{endpoint}</h3>
              {problem !== null && <p className="report warn">{problem}</p>}
              {problem === null && (row ? <pre tabIndex={0}>{rowText(row)}</pre> : <p className="soft">{words.gone}</p>)}
            </div>
          ))}
        </div>
      </Section>
    </>
  );
}

function Versions({ diff }: Pick<Conflict, 'diff'>) {
  const { t } = useWords();
  const words = t.conflicts;
  const shown = (value: unknown): string => (value === undefined ? words.columnAbsent : valueText(value));
  const differs = ({ incoming, existing }: Conflict['diff'][number]): boolean => JSON.stringify(incoming) !== JSON.stringify(existing);
  return (
    <Table
      label={words.open}
      rows={diff}
      keyOf={({ column }) => column}
      columns={[
        {
          title: words.column,
          cell: (row) => (
            <>
              <code>{row.column}</code> {differs(row) && <span className="badge warn">≠ {words.changed}</span>}
            </>
          ),
        },
        { title: words.before, cell: ({ before }) => shown(before) },
        { title: words.incoming, cell: (row) => <span className={differs(row) ? 'differs' : undefined}>{shown(row.incoming)}</span> },
        { title: words.existing, cell: (row) => <span className={differs(row) ? 'differs' : undefined}>{shown(row.existing)}</span> },
        { title: words.result, cell: ({ result }) => shown(result) },
      ]}
    />
  );
}
