export { primitives } from './avro-schema.js';
export { RecordDecoder, type RawRecord } from './decoder.js';
export type { CopiesWriter } from './copied-rows.js';
export type { RowsRun, RunWriter } from './compiled-rows.js';
export { RecordEncoder, type EncodedRecord, type TableEncoder } from './encoder.js';
export type { SchemaIds } from './schema-ids.js';
export { tableToAvro } from './table-schema.js';
