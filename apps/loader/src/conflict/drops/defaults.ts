/** Which columns an ALTER TABLE adds or gives another default, by its text. Pure. */
import { clauses, keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { isOther, nameIn } from './column-names.js';
import type { ColumnDefault } from './drops.js';

export function defaultsOf(found: readonly (readonly Token[])[], sql: string): readonly ColumnDefault[] {
  return found.flatMap(([verb, ...rest]): readonly ColumnDefault[] => {
    const isChange = keyword(verb) === 'CHANGE';
    if (keyword(verb) === 'ADD') return added(rest).flatMap((each) => of(each, nameIn(each)[0], { sql, isNew: true }));
    if (keyword(verb) === 'MODIFY' || isChange) return of(rest, nameIn(rest)[isChange ? 1 : 0], { sql, isNew: false });
    const isDefault = keyword(verb) === 'ALTER' && rest.some((token) => keyword(token) === 'DEFAULT');
    return isDefault ? of(rest, nameIn(rest)[0], { sql, isNew: false }) : [];
  });
}

/** `ADD (a INT, b INT)` adds several. */
function added(rest: readonly Token[]): readonly (readonly Token[])[] {
  const list = keyword(rest[0]) === 'COLUMN' ? rest.slice(1) : rest;
  return list[0]?.kind === 'mark' && list[0].text === '(' ? clauses(list.slice(1, -1)) : [rest];
}

interface In {
  readonly sql: string;
  readonly isNew: boolean;
}

function of(clause: readonly Token[], name: string | undefined, { sql, isNew }: In): readonly ColumnDefault[] {
  return name === undefined || isOther(clause) ? [] : [{ name, text: textOf(clause, sql), isNew }];
}

/** A value, with its sign; one in parentheses to the end. DROP DEFAULT leaves nothing. */
function textOf(clause: readonly Token[], sql: string): string | null {
  const at = clause.findIndex((token, i) => keyword(token) === 'DEFAULT' && keyword(clause[i - 1]) !== 'DROP');
  const [first, second] = at === -1 ? [] : clause.slice(at + 1);
  if (first === undefined || keyword(first) === 'NULL') return null;
  const last = first.kind !== 'mark' ? first : first.text === '(' ? clause.at(-1)! : (second ?? first);
  return sql.slice(first.at, last.end);
}
