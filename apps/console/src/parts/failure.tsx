/** What went wrong, and what to do: the code, the words and the help of the API. */
import { ApiError, UnansweredError } from '@lutra/client';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useWords } from '../text/context.js';
import { Button } from './button.js';

export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { t } = useWords();
  if (error instanceof UnansweredError) return <Report title={t.away.control} onRetry={onRetry} />;
  if (!(error instanceof ApiError)) return <Report title={error instanceof Error ? error.message : String(error)} onRetry={onRetry} />;
  return (
    <Report title={error.message} code={error.code} help={error.help} onRetry={onRetry}>
      {error.errors.length > 0 && (
        <ul>
          {error.errors.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              <code>{pointer}</code> {detail}
            </li>
          ))}
        </ul>
      )}
    </Report>
  );
}

interface ReportProps {
  readonly title: string;
  readonly code?: string;
  readonly help?: string;
  readonly onRetry?: (() => void) | undefined;
  readonly children?: ReactNode;
}

export function Report({ title, code, help, onRetry, children }: ReportProps) {
  const { t } = useWords();
  return (
    <div className="report bad" role="alert">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
      {help !== undefined && help !== '' && (
        <p>
          <span className="label">{t.common.whatToDo}</span> {help}
        </p>
      )}
      <div className="row">
        {code !== undefined && (
          <Link href={`/help?q=${encodeURIComponent(code)}`} className="code-link">
            {code}
          </Link>
        )}
        {onRetry && <Button onPress={onRetry}>{t.common.retry}</Button>}
      </div>
    </div>
  );
}
