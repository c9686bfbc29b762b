/**
 * What information_schema is asked about tables; the same on MySQL 8.0, 9.7 and MariaDB. Column names are given, for MySQL's are in
 * capitals.
 */

export function columnsQuery(where: string): string {
  return `SELECT TABLE_NAME AS tbl, COLUMN_NAME AS name, DATA_TYPE AS data_type, COLUMN_TYPE AS column_type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS column_default, EXTRA AS extra, GENERATION_EXPRESSION AS expression, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation, CHARACTER_OCTET_LENGTH AS bytes, CHARACTER_MAXIMUM_LENGTH AS characters, NUMERIC_PRECISION AS number_precision, NUMERIC_SCALE AS number_scale, DATETIME_PRECISION AS fraction FROM information_schema.COLUMNS WHERE ${where} ORDER BY TABLE_NAME, ORDINAL_POSITION`;
}

export function keysQuery(where: string): string {
  return `SELECT TABLE_NAME AS tbl, INDEX_NAME AS name, COLUMN_NAME AS col, NULLABLE AS nullable, SUB_PART AS prefix FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND ${where} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`;
}

/**
 * `keys` and `rules` name the same tables, of k and of r: MariaDB opens every table of the server for a view that is only joined by their
 * names. CAST: as text, the names of two tables may be equal.
 */
export function referencesQuery({ keys, rules }: { readonly keys: string; readonly rules: string }): string {
  const same = (name: string): string => `CAST(r.${name} AS BINARY) = CAST(k.${name} AS BINARY)`;
  const join = `r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND ${same('CONSTRAINT_SCHEMA')} AND ${same('TABLE_NAME')}`;
  return `SELECT k.TABLE_NAME AS tbl, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS col, k.REFERENCED_TABLE_SCHEMA AS parent_database, k.REFERENCED_TABLE_NAME AS parent, k.REFERENCED_COLUMN_NAME AS parent_col, r.DELETE_RULE AS on_delete, r.UPDATE_RULE AS on_update FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON ${join} WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND ${keys} AND ${rules} ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`;
}

/** In one view: MySQL 8.0 reads all keys of the server for the other one, and MariaDB opens all its tables for each. */
export function referencedQuery(where: string): string {
  return `SELECT REFERENCED_TABLE_NAME AS tbl, CONSTRAINT_NAME AS name, DELETE_RULE AS on_delete, UPDATE_RULE AS on_update FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE ${where} ORDER BY REFERENCED_TABLE_NAME, CONSTRAINT_NAME`;
}

export function triggersQuery(where: string): string {
  return `SELECT EVENT_OBJECT_TABLE AS tbl, TRIGGER_NAME AS name, ACTION_TIMING AS timing, EVENT_MANIPULATION AS event, ACTION_STATEMENT AS body, ACTION_ORDER AS place FROM information_schema.TRIGGERS WHERE ${where} ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME`;
}
