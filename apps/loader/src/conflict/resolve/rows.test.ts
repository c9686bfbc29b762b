import { expect, test } from 'vitest';
import type { Row } from '@lutra/model';
import type { RowPlan } from '@lutra/mysql';
import { keyText } from './rows.js';

test('two keys of several columns have two texts, whatever is in them', () => {
  const plan = { table: { key: [{ name: 'a' }, { name: 'b' }] } } as unknown as RowPlan;
  const text = (a: string, b: string): string => keyText(plan, { a, b } satisfies Row);
  expect(text('x', 'y')).toBe('a=x, b=y');
  expect(text('x, b=y', 'z')).not.toBe(text('x', 'y, b=z'));
  expect(text('"x, b=y"', 'z')).not.toBe(text('x, b=y', 'z'));
  expect(text('x,', ' b=y')).not.toBe(text('x', ', b=y'));
});
