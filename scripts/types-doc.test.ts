/** docs/types.md is what the matrix of types says, and the matrix has each type and each of the allowlist's cases. */
import { readFileSync } from 'node:fs';
import { columnTypes } from '@lutra/model';
import { expect, it } from 'vitest';
import { typeCases } from '../libs/binlog/src/allowlist.fixture.js';
import { matrix } from '../test/types/matrix.js';
import { typesDocument, typesFile } from './types-doc.js';

it('docs/types.md is up to date: npx tsx scripts/types-doc.ts', () => {
  expect(readFileSync(typesFile, 'utf8')).toBe(typesDocument());
});

it('each case of the allowlist is in the matrix, once', () => {
  const all = matrix.flatMap(({ cases }) => cases.map(({ definition }) => definition));
  for (const { definition } of typeCases)
    expect({ definition, rows: matrix.filter(({ cases }) => cases.some((one) => one.definition === definition)).length }).toEqual({
      definition,
      rows: 1,
    });
  expect(
    columnTypes.filter((type) => !all.some((definition) => new RegExp(`^(?:tiny|medium|long)?${type}\\b`, 'i').test(definition))),
  ).toEqual([]);
});

it('what is replicated has values, and what is refused says what to do or why', () => {
  for (const { type, on, cases, arrives } of matrix) {
    const replicated = Object.values(on).includes('replicated');
    expect({ type, arrives: arrives !== '' }).toEqual({ type, arrives: replicated });
    if (replicated) expect({ type, empty: cases.filter(({ values }) => values.length === 0) }).toEqual({ type, empty: [] });
  }
});
