/**
 * Makes the table of docs/07-monitoring.md from the metrics. usage: npx tsx scripts/metrics-doc.ts. A unit test sees to it that it is up to
 * date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Metrics } from '@lutra/telemetry';

export const monitoringFile = fileURLToPath(new URL('../docs/07-monitoring.md', import.meta.url));

export interface MetricFacts {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
}

const begin = '<!-- made by scripts/metrics-doc.ts from libs/telemetry/src/metrics.ts: change it there -->';
const end = '<!-- end -->';

/** What an app declares: its own, and with `processMetrics` those of its process too. */
export function declaredMetrics({ processMetrics = false } = {}): readonly MetricFacts[] {
  // prom-client has the labels and does not type them.
  const declared = new Metrics('capture', { processMetrics }).registry.getMetricsAsArray() as unknown as (Omit<MetricFacts, 'labels'> & {
    readonly labelNames: readonly string[];
  })[];
  return declared.map(({ name, help, type, labelNames }) => ({ name, help, type, labels: labelNames }));
}

/** The document with a table that is up to date. */
export function monitoringDocument(text: string): string {
  const [before, rest = ''] = text.split(begin);
  const after = rest.split(end)[1];
  if (after === undefined) throw new Error('docs/07-monitoring.md has no position for the table');
  const head = '| metric | type | unit | labels | meaning |\n|---|---|---|---|---|';
  return `${before}${begin}\n\n${head}\n${declaredMetrics().map(rowOf).join('\n')}\n\n${end}${after}`;
}

function rowOf({ name, type, labels, help }: MetricFacts): string {
  const names = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${unitOf(name)} | ${names} | ${help.replaceAll('|', '\\|')} |`;
}

function unitOf(name: string): string {
  if (name.endsWith('_timestamp_seconds')) return 's since 1970';
  if (name.endsWith('_seconds')) return 's';
  if (/_bytes(_total)?$/.test(name)) return 'bytes';
  return '';
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(monitoringFile, monitoringDocument(readFileSync(monitoringFile, 'utf8')));
