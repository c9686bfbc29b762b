/** What a check found: what is wrong, and the statement that fixes it, to copy. */
import { useWords } from '../text/context.js';
import { Copyable } from './act.js';
import { Badge } from './state.js';

export interface Problem {
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
  readonly fix: string | null;
  readonly table?: string;
}

export function Problems({ problems, none }: { readonly problems: readonly Problem[]; readonly none?: string }) {
  const { t } = useWords();
  if (problems.length === 0) return none === undefined ? null : <p className="good-line">✓ {none}</p>;
  return (
    <ul className="problems">
      {problems.map(({ id, severity, what, fix, table }) => (
        <li key={`${id} ${table ?? ''} ${what}`}>
          <div className="row">
            <Badge tone={severity === 'error' ? 'bad' : 'warn'} text={t.common[severity]} />
            <code>{id}</code>
            {table !== undefined && <code>{table}</code>}
          </div>
          <p>{what}</p>
          {fix !== null && <Copyable text={fix} />}
        </li>
      ))}
    </ul>
  );
}
