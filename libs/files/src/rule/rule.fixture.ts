/** Rules and tables for tests. */
import { type ColumnSchema, type FileRule, fileRuleSchema, type TableSchema } from '@lutra/model';

export function fileRule(rule: Partial<FileRule>): FileRule {
  return fileRuleSchema.parse({ root: 'pics', path: '{image}', ...rule });
}

export function productTable(...columns: readonly ColumnSchema[]): TableSchema {
  const id: ColumnSchema = { name: 'id', type: 'bigint', unsigned: true };
  return { database: 'shop', name: 'products', columns: [id, ...columns], primaryKey: ['id'] };
}

export const image: ColumnSchema = { name: 'image', type: 'varchar', length: 800, charset: 'utf8mb4' };
export const document: ColumnSchema = { name: 'doc', type: 'json' };
export const hexHash: ColumnSchema = { name: 'sha', type: 'varchar', length: 4000, charset: 'ascii' };
