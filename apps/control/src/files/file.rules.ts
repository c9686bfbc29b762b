/**
 * What must hold for file rules by the documents alone (docs/11-files.md). Pure; returns every problem. What they ask of tables is asked of
 * the servers (check-files.ts in libs/mysql), what they ask of regions is in file-roots.ts.
 */
import { templateColumns } from '@lutra/model';
import type { FileRule } from '@lutra/model';
import { goesOn } from '../channels/flow.js';
import type { Flow, Replicated } from '../channels/flow.js';
import type { FlowProblem } from '../channels/pipeline.rules.js';

/** One route of a pipeline, and its rules. */
interface FileRoute {
  readonly flow: Flow;
  readonly replicated: Replicated;
  readonly files: readonly FileRule[];
}

/** @param flows that may share tables */
export function fileProblems(flows: readonly Flow[]): readonly FlowProblem[] {
  if (!flows.some(({ routes }) => routes.some(({ files }) => files))) return [];
  const all = flows.flatMap((flow) => flow.routes.map(({ files = [] }, i) => ({ flow, replicated: flow.replicates[i]!, files })));
  return all.flatMap((there) => {
    const backs = all.filter((back) => isBack(there, back) && tableOf(there, back) !== null);
    return [
      ...(backs.length === 0 ? [] : there.files.filter(isMutable)).map((file) =>
        mutable(there, file, 'the table flows both ways, and both sides may write the path'),
      ),
      ...backs.flatMap((back) => notMirrored(there, back)),
      ...(there.flow.forwards && there.files.length > 0 ? all.flatMap((first) => notBrought(first, there)) : []),
    ];
  });
}

/**
 * Of all channels: one that shares no table with another may share its root.
 *
 * @param flows all
 */
export function rootPathProblems(flows: readonly Flow[]): readonly FlowProblem[] {
  const rules = flows.flatMap((flow) =>
    flow.routes.flatMap(({ files = [] }, i) => files.map((file) => ({ file, route: { flow, replicated: flow.replicates[i]!, files } }))),
  );
  return [...Map.groupBy(rules, ({ file, route }) => JSON.stringify([route.flow.target, file.root])).values()].flatMap((shared) =>
    shared.flatMap(({ file, route }) => {
      const isBeside = (other: (typeof shared)[number]): boolean => other.route.flow.id !== route.flow.id && mayMeet(file, other.file);
      const other = isMutable(file) && !flowsBack(route, flows) ? shared.find(isBeside) : undefined;
      return other ? [mutable(route, file, `${other.route.flow.id} brings files of this root to ${route.flow.target}, too`)] : [];
    }),
  );
}

/** It is told already. */
function flowsBack(there: FileRoute, flows: readonly Flow[]): boolean {
  return flows.some((flow) =>
    flow.replicates.some((replicated) => {
      const back = { flow, replicated, files: [] };
      return isBack(there, back) && tableOf(there, back) !== null;
    }),
  );
}

function isBack({ flow: there }: FileRoute, { flow: back }: FileRoute): boolean {
  return back.channel === there.channel && back.source === there.target && back.target === there.source;
}

/** One that the first route brings and the second carries on, by its name at the first source. */
function tableOf(first: FileRoute, second: FileRoute): string | null {
  return goesOn(first.replicated, second.replicated, []);
}

function nameOf({ flow, replicated: { pattern } }: FileRoute, { root, path }: FileRule): string {
  return `route ${pattern.schema}.${pattern.table} of pipeline ${flow.id}: file rule ${root}:${path}`;
}

/** The text before their first columns does not tell their paths apart. */
function mayMeet(one: FileRule, other: FileRule): boolean {
  const [begin, second] = [one, other].map(({ path }) => path.slice(0, path.indexOf('{'))) as [string, string];
  return begin.startsWith(second) || second.startsWith(begin);
}

/** A hash beside the path does not tell: which bytes are at the path is decided when they are placed, and not with the row. */
function isMutable({ immutable, ...rule }: FileRule): boolean {
  return !immutable && !hasHashInPath(rule);
}

function hasHashInPath({ path, hash, split, json }: Pick<FileRule, 'path' | 'hash' | 'split' | 'json'>): boolean {
  const columns = templateColumns(path).map((name) => name.toLowerCase());
  const whole = split === undefined && json === undefined ? columns : columns.slice(0, -1);
  return hash !== undefined && whole.includes(hash.toLowerCase());
}

/**
 * Counter-example, with a hash beside the path: the application renames its file over the path, and its UPDATE waits for the row that we
 * hold; the other side's bytes are placed over its own, and committed; then the UPDATE commits.
 */
function mutable(route: FileRoute, file: FileRule, why: string): FlowProblem {
  const what = `${nameOf(route, file)}: ${why}, so a row could have the bytes of another one`;
  const fix =
    'Let each write make a new path, with a UUID or the region in it, and say "immutable": true; or let the path contain the column of "hash".';
  return { id: 'file-path-mutable', severity: 'error', what, fix, flows: [route.flow.id] };
}

/** Told once, by the first of the two. */
function notMirrored(there: FileRoute, back: FileRoute): readonly FlowProblem[] {
  if (there.flow.id > back.flow.id || rulesText(there) === rulesText(back)) return [];
  const what = `${tableOf(there, back)} flows both ways, with other file rules by ${there.flow.id} than by ${back.flow.id}: a row that wins a conflict would come without its file, or lose it`;
  const fix = 'Give both routes the same "files"; deletes, missing and waitSeconds may differ.';
  return [{ id: 'file-rules-not-mirrored', severity: 'error', what, fix, flows: [there.flow.id, back.flow.id] }];
}

function rulesText({ files }: FileRoute): string {
  const texts = files.map(({ root, path, strip, split, json, hash, immutable }) =>
    JSON.stringify([root, path, strip, split, json, hash, immutable]),
  );
  return texts.toSorted().join('\n');
}

/** Each region asks the region of its own source: what is carried on must be there. */
function notBrought(first: FileRoute, { flow, replicated, files }: FileRoute): readonly FlowProblem[] {
  if (first.flow.target !== flow.source || first.flow.source === flow.target) return [];
  const table = tableOf(first, { flow, replicated, files });
  const lacking = files.find(({ root }) => !first.files.some((known) => known.root === root));
  if (table === null || !lacking) return [];
  const what = `${flow.id} carries ${table} on with files of root ${lacking.root}, and ${first.flow.id}, which brings its rows to ${flow.source}, brings no files of it`;
  const fix = `Give the route of ${first.flow.id} the same "files"; without them they must be there before the rows by a way of your own.`;
  return [{ id: 'file-not-brought', severity: 'warning', what, fix, flows: [first.flow.id, flow.id] }];
}
