/** A page has one heading, its actions beside it, and says when what it shows cannot be had. */
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useWords } from '../text/context.js';
import { Failure } from './failure.js';

interface PageProps {
  readonly title: string;
  /** One sentence on what the page is for. */
  readonly about?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Lutra`;
  }, [title]);
  return (
    <>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {about !== undefined && <p className="about">{about}</p>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Section({
  title,
  actions,
  children,
}: {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="section">
      <header className="section-head">
        <h2>{title}</h2>
        {actions !== undefined && <div className="row">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export function Empty({ text, children }: { readonly text: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{text}</p>
      {children}
    </div>
  );
}

/** What was read before stays while it is read again. */
export function Loaded<T>({ from, children }: { readonly from: UseQueryResult<T>; readonly children: (answer: T) => ReactNode }) {
  const { t } = useWords();
  if (from.data !== undefined) return <>{children(from.data)}</>;
  if (from.error) return <Failure error={from.error} onRetry={() => void from.refetch()} />;
  return (
    <p className="loading" role="status">
      {t.common.loading}
    </p>
  );
}
