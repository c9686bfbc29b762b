/** docs/07-monitoring.md, the Grafana dashboard and the alerts speak of the metrics that there are, with labels that they have. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { declaredMetrics, monitoringDocument, monitoringFile } from './metrics-doc.js';
import { readQuery } from './promql.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[] };
}

/** Metrics of ours that no panel shows. Each needs a reason. */
const unshown: Readonly<Record<string, string>> = {};

/** What Prometheus adds to every series, and our registry. */
const everywhere = ['app', 'instance', 'job'];
const ownMetrics = declaredMetrics();
const metrics = new Map(declaredMetrics({ processMetrics: true }).map((metric) => [metric.name, metric]));
metrics.set('up', { name: 'up', help: "Prometheus's own", type: 'gauge', labels: [] });

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../docker/${file}`, import.meta.url)), 'utf8');
const dashboard = JSON.parse(read('grafana/dashboards/lutra.json')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));
const alerts = [...read('prometheus-alerts.yml').matchAll(/^ +expr: (.+)$/gm)].map(([, expr = '']) => expr);

/** A metric by the name of one of its series: those of a histogram have an ending. */
function metricOf(series: string): { readonly name: string; readonly labels: readonly string[] } | undefined {
  const exact = metrics.get(series);
  if (exact) return exact.type === 'histogram' ? undefined : exact;
  const [, name = '', ending] = /^(.+)_(bucket|sum|count)$/.exec(series) ?? [];
  const histogram = metrics.get(name);
  if (histogram?.type !== 'histogram') return undefined;
  return { name, labels: ending === 'bucket' ? [...histogram.labels, 'le'] : histogram.labels };
}

/** Numbers for what Grafana puts in itself. */
const withoutVariables = (expr: string): string => expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h');

function expectSound(expr: string): void {
  for (const { metric, labels } of readQuery(withoutVariables(expr)).asked) {
    const found = metricOf(metric);
    expect(found, `${metric} in ${expr}`).toBeDefined();
    expect([...everywhere, ...(found?.labels ?? [])], `labels of ${metric} in ${expr}`).toEqual(expect.arrayContaining([...labels]));
  }
}

it('the table in docs/07-monitoring.md is up to date: npx tsx scripts/metrics-doc.ts', () => {
  const text = readFileSync(monitoringFile, 'utf8');
  expect(text).toBe(monitoringDocument(text));
});

it('every metric has a name with its unit and says what it is', () => {
  for (const { name, help, type, labels } of ownMetrics) {
    expect(name).toMatch(/^lutra_[a-z0-9_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help, name).toMatch(/^\S.{5,}/);
    expect(labels).not.toContain('le');
  }
});

describe('an expression', () => {
  it('that is no PromQL, or names what is not there, is found out', () => {
    expect(() => expectSound('sum(rate(lutra_rows_total[1m])')).toThrow('no PromQL');
    expect(() => expectSound('{name="a"}')).toThrow('without a metric');
    for (const wrong of [
      'lutra_row_total',
      'lutra_hop_seconds',
      'lutra_lag_seconds_bucket',
      'lutra_lag_seconds{op="c"}',
      'sum by (op) (lutra_lag_seconds)',
      'sum by (le) (lutra_hop_seconds_sum)',
    ])
      expect(() => expectSound(wrong), wrong).toThrow(wrong);
    for (const right of ['lutra_rows_total{op=~"c|$name"}', 'sum by (le, hop) (rate(lutra_hop_seconds_bucket[$__rate_interval]))', 'up'])
      expect(() => expectSound(right), right).not.toThrow();
  });
});

describe('the dashboard', () => {
  it('is one of Grafana 10 or newer, with Prometheus and the work to be chosen', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(38);
    const [datasource, name] = dashboard.templating.list;
    expect(datasource).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(name).toMatchObject({ name: 'name', type: 'query', definition: 'label_values(lutra_state, name)' });
    for (const { type, title, datasource } of dashboard.panels) if (type !== 'row') expect(datasource?.uid, title).toBe('${datasource}');
  });

  it('has each panel once, and none over another', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x},${y}`), `${title} at ${x},${y}`).toBeUndefined();
          taken.set(`${x},${y}`, title);
        }
    }
  });

  it('asks for metrics that there are, with labels that they have, and shows labels that are left', () => {
    expect(queries.length).toBeGreaterThan(0);
    for (const { title, expr, legendFormat } of queries) {
      expectSound(expr);
      const { asked, left } = readQuery(withoutVariables(expr));
      const known = left ?? new Set([...everywhere, ...asked.flatMap(({ metric }) => metricOf(metric)?.labels ?? [])]);
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(known, `${title}: ${legendFormat}`).toContain(label);
    }
  });

  it('shows every metric of ours', () => {
    const shown = queries.flatMap(({ expr }) => readQuery(withoutVariables(expr)).asked.map(({ metric }) => metricOf(metric)?.name));
    expect(ownMetrics.map(({ name }) => name).filter((name) => !shown.includes(name))).toEqual(Object.keys(unshown));
  });
});

it('the alerts ask for metrics that there are', () => {
  expect(alerts.length).toBe(read('prometheus-alerts.yml').split('- alert:').length - 1);
  for (const expr of alerts) expectSound(expr);
});

it('the table of alerts in docs/07-monitoring.md has all of them, in their order', () => {
  const page = readFileSync(monitoringFile, 'utf8').split('## Alerts')[1] ?? '';
  const named = [...page.matchAll(/^\| `(Lutra\w+)` \|/gm)].map(([, alert]) => alert);
  expect(named).toEqual([...read('prometheus-alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, alert]) => alert));
});
