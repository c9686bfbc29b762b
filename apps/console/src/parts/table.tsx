/** A table that scrolls by itself where the page is narrow; its first column names the row. */
import { useId } from 'react';
import type { ReactNode } from 'react';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** Numbers stand to the right. */
  readonly number?: boolean;
}

interface TableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly columns: readonly Column<T>[];
}

export function Table<T>({ label, rows, keyOf, columns }: TableProps<T>) {
  const id = useId();
  const side = ({ number = false }: Column<T>): string | undefined => (number ? 'number' : undefined);
  return (
    // Who has no pointer scrolls it by its keys.
    <div className="table" role="region" aria-labelledby={id} tabIndex={0}>
      <table>
        <caption id={id} className="unseen">
          {label}
        </caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={side(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, i) => (
                <Cell key={column.title} isName={i === 0} className={side(column)}>
                  {column.cell(row)}
                </Cell>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({
  isName,
  className,
  children,
}: {
  readonly isName: boolean;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}) {
  if (!isName) return <td className={className}>{children}</td>;
  return (
    <th scope="row" className={className}>
      {children}
    </th>
  );
}

/** Names and values, one a line. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
