/** Values of columns as text in the path of a file: the digits or the text that the server shows in every session. */
import type { ColumnSchema, ColumnType, Value } from '@lutra/model';
import { pad } from './types/temporal.js';

type PathText = (value: Exclude<Value, null>) => string;

const digits: PathText = String;
const bytes = 'bytes are no text';
const rounded = 'a number with a floating point is not shown the same everywhere';

/** A text: why it cannot stand in a path. */
const texts: Readonly<Record<ColumnType, PathText | string>> = {
  tinyint: digits,
  smallint: digits,
  mediumint: digits,
  int: digits,
  bigint: digits,
  decimal: digits,
  float: rounded,
  double: rounded,
  year: (value) => pad(Number(value), 4),
  bit: bytes,
  char: String,
  varchar: String,
  text: String,
  binary: bytes,
  varbinary: bytes,
  blob: bytes,
  enum: String,
  set: 'its members may be in another order elsewhere',
  json: 'a document is no text; the rule may say which of its texts ("json")',
  date: String,
  time: String,
  datetime: String,
  timestamp: 'it is another text in each time zone',
  geometry: bytes,
  vector: bytes,
};

/** A text instead of a function: why values of this type cannot stand in a path. */
export function pathTextOf({ type }: Pick<ColumnSchema, 'type'>): PathText | string {
  return texts[type];
}
