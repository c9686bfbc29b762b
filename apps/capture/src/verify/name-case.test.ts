import { describe, expect, it } from 'vitest';
import { requireNameCase } from './name-case.js';

const start =
  (lowerCaseTableNames: number, ...tables: readonly string[]) =>
  () =>
    requireNameCase(
      'a',
      { lowerCaseTableNames },
      tables.map((table) => ({ schema: 'shop', table })),
    );

describe('a capture whose source has lower_case_table_names', () => {
  it('0 takes routes as they are', () => expect(start(0, 'Parcel')).not.toThrow());

  it('1 starts with routes in lower case only, patterns too', () => {
    expect(start(1, 'parcel', '*', 'straße')).not.toThrow();
    const refused = expect.objectContaining({ code: 'SOURCE_SETTINGS', message: expect.stringContaining('write it shop.parcel, shop.o*') });
    expect(start(1, 'Parcel', 'x', 'O*')).toThrow(refused);
  });

  it('1 starts with excludes in lower case only: others would leave out nothing', () => {
    const excluding = (exclude: string) => () =>
      requireNameCase('a', { lowerCaseTableNames: 1 }, [{ schema: 'shop', table: '*', exclude: [exclude] }]);
    expect(excluding('tmp_*')).not.toThrow();
    expect(excluding('shop.Tmp')).toThrow('write it shop.tmp');
  });

  it('2 does not start', () => expect(start(2)).toThrow(expect.objectContaining({ code: 'SOURCE_SETTINGS' })));
});
