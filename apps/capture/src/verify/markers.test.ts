import { describe, expect, it } from 'vitest';
import { leftOut } from './markers.js';

const route = (schema: string, table = '*') => ({ schema, table });
const none = { onlyDatabases: [], neverDatabases: [] };

describe('a database that the binlog leaves out', () => {
  it('is none without filters', () => {
    expect(leftOut(none, [route('shop')], true)).toEqual([]);
  });

  it('is one that a route names or takes in', () => {
    expect(leftOut({ ...none, onlyDatabases: ['crm'] }, [route('shop'), route('crm')], false)).toEqual(['shop']);
    expect(leftOut({ ...none, neverDatabases: ['shop_3', 'other'] }, [route('shop_*')], false)).toEqual(['shop_3']);
  });

  it('is lutra only where copies are written, because there the markers are needed', () => {
    expect(leftOut({ ...none, onlyDatabases: ['shop'] }, [route('shop')], true)).toEqual(['lutra']);
    expect(leftOut({ ...none, neverDatabases: ['lutra'] }, [route('shop')], true)).toEqual(['lutra']);
    expect(leftOut({ ...none, onlyDatabases: ['shop'] }, [route('shop')], false)).toEqual([]);
  });
});
