/** What gh-ost 1.1.8 and pt-online-schema-change 3.2.1 leave in the binlog of a source, in its order, without their rows: as records. */
import type { DdlClause, DdlRecord } from '@lutra/model';
import type { Place } from './ddl-record.fixture.js';
import type { Made } from './ddl-record.fixture.js';

export type RecordOf = (sql: string, places: readonly Place[], more?: Made) => DdlRecord;

export interface ToolRun {
  readonly table: string;
  /** What is asked of the tool. */
  readonly alter: string;
  readonly clauses: readonly DdlClause[] | null;
}

/** Each is another statement of the source. */
export function numbered(of: RecordOf): RecordOf {
  let n = 0;
  return (sql, places, more = {}) => of(sql, places, { id: `tool:${(n += 1)}`, ...more });
}

/** Up to the cut-over. */
export function ghostBegins(of: RecordOf, { table: t, alter, clauses }: ToolRun): readonly DdlRecord[] {
  const statement = 'DROP TABLE';
  return [
    of(`drop /* gh-ost */ table if exists _${t}_gho`, [['subject', `_${t}_gho`]], { statement }),
    of(`drop /* gh-ost */ table if exists _${t}_del`, [['subject', `_${t}_del`]], { statement }),
    of(
      `create /* gh-ost */ table _${t}_gho like ${t}`,
      [
        ['subject', `_${t}_gho`],
        ['like', t],
      ],
      { statement: 'CREATE TABLE' },
    ),
    of(`alter /* gh-ost */ table _${t}_gho ${alter}`, [['subject', `_${t}_gho`]], { statement: 'ALTER TABLE', clauses }),
    of(`alter /* gh-ost */ table _${t}_gho AUTO_INCREMENT=7`, [['subject', `_${t}_gho`]], { statement: 'ALTER TABLE' }),
  ];
}

/** The sentry that keeps the name, and the rename. */
export function ghostCutsOver(of: RecordOf, { table: t }: ToolRun): readonly DdlRecord[] {
  const sentry = `create /* gh-ost */ table _${t}_del (id int auto_increment primary key) engine=InnoDB comment='ghost-cut-over-sentry'`;
  return [
    of(sentry, [['subject', `_${t}_del`]], { statement: 'CREATE TABLE' }),
    of(`drop /* gh-ost */ table if exists _${t}_del`, [['subject', `_${t}_del`]], { statement: 'DROP TABLE' }),
    of(
      `rename /* gh-ost */ table ${t} to _${t}_del, _${t}_gho to ${t}`,
      [
        ['from', t],
        ['to', `_${t}_del`],
        ['from', `_${t}_gho`],
        ['to', t],
      ],
      { statement: 'RENAME TABLE' },
    ),
  ];
}

/** --cut-over=two-step */
export function ghostInTwoSteps(of: RecordOf, { table: t }: ToolRun): readonly DdlRecord[] {
  const statement = 'ALTER TABLE';
  return [
    of(
      `alter /* gh-ost */ table ${t} rename _${t}_del`,
      [
        ['subject', t],
        ['to', `_${t}_del`],
      ],
      { statement },
    ),
    of(
      `alter /* gh-ost */ table _${t}_gho rename ${t}`,
      [
        ['subject', `_${t}_gho`],
        ['to', t],
      ],
      { statement },
    ),
  ];
}

export function ptOscBegins(of: RecordOf, { table: t, alter, clauses }: ToolRun): readonly DdlRecord[] {
  return [
    of(`CREATE TABLE _${t}_new (id int primary key, v int) ENGINE=InnoDB`, [['subject', `_${t}_new`]]),
    of(`ALTER TABLE _${t}_new ${alter}`, [['subject', `_${t}_new`]], { clauses }),
  ];
}

export function ptOscSwaps(of: RecordOf, { table: t }: ToolRun): readonly DdlRecord[] {
  return [
    of(`RENAME TABLE ${t} TO _${t}_old, _${t}_new TO ${t}`, [
      ['from', t],
      ['to', `_${t}_old`],
      ['from', `_${t}_new`],
      ['to', t],
    ]),
    of(`DROP TABLE IF EXISTS _${t}_old`, [['subject', `_${t}_old`]]),
  ];
}
