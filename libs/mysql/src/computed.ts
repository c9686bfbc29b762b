/**
 * What a server computes by itself when a row of a table is written, read from SHOW CREATE TABLE: the one text that MySQL and MariaDB print
 * alike, and show to every user who may read the table. Each of these may depend on the session that writes.
 */
export interface Computed {
  readonly what: 'column' | 'index' | 'check' | 'partitions' | 'default';
  /** Of the column, the index, the check; the table's for its partitions. */
  readonly name: string;
  readonly expression: string;
}

/** Something is computed when a row of the table is written. A column that the source has is written, and its default is not asked for. */
export function computes(
  source: { readonly columns: readonly { readonly name: string }[] },
  target: { readonly computed: readonly Computed[]; readonly triggers: number; readonly changesChildren: boolean },
): boolean {
  const replicated = new Set(source.columns.map(({ name }) => name.toLowerCase()));
  const computed = target.computed.some(({ what, name }) => what !== 'default' || !replicated.has(name.toLowerCase()));
  return computed || target.triggers > 0 || target.changesChildren;
}

/** @param definition what SHOW CREATE TABLE printed; null where it may not be read: then it is taken for one that computes something */
export function computedBy(definition: string | null): readonly Computed[] {
  if (definition === null) return [{ what: 'column', name: 'of a definition that may not be read', expression: '' }];
  const lines = definition.split('\n').map((line) => line.trim());
  const partitions = lines.find((line) => /^(?:\/\*!\d+ )?PARTITION BY/.test(line));
  const rest = partitions === undefined ? [] : [{ what: 'partitions', name: 'its partitions', expression: partitions } as const];
  return [...lines.flatMap(ofLine), ...rest];
}

function ofLine(line: string): readonly Computed[] {
  // In names and texts there may be anything; they are told by their places alone.
  const bare = line.replaceAll(/'(?:[^'\\]|''|\\.)*'/gs, (text) => `'${' '.repeat(text.length - 2)}'`);
  const shape = bare.replaceAll(/`(?:[^`]|``)*`/gs, (name) => `\`${' '.repeat(name.length - 2)}\``);
  const name = /`((?:[^`]|``)*)`/s.exec(line)?.[1]?.replaceAll('``', '`') ?? '';
  const of = (what: Computed['what'], at: number): Computed => ({ what, name, expression: line.slice(at) });
  if (/^(?:UNIQUE |FULLTEXT |SPATIAL )?KEY /.test(shape)) {
    const at = shape.indexOf('((');
    return at < 0 ? [] : [of('index', at)];
  }
  const check = shape.search(/\bCHECK \(/);
  if (shape.startsWith('CONSTRAINT ')) return check < 0 ? [] : [of('check', check)];
  if (!shape.startsWith('`')) return [];
  const generated = shape.search(/ GENERATED ALWAYS AS \(| AS \(/);
  if (generated >= 0) return [of('column', generated)];
  const filled = shape.search(/ DEFAULT (?:\(|CURRENT_TIMESTAMP|current_timestamp|[a-z_]+\()| ON UPDATE /);
  return [...(filled < 0 ? [] : [of('default', filled)]), ...(check < 0 ? [] : [of('check', check)])];
}
