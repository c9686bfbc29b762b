/** What a pipeline is told to do with schema changes: what it may not be told where something flows both ways, and what counts. Pure. */
import { comesBack, ddlPolicy, isMesh } from '@lutra/model';
import type { ChannelInput, DdlPolicy, DdlSettings } from '@lutra/model';
import type { DdlUse } from '@lutra/mysql';
import { flowsOf } from '../channels/flow.js';
import type { Flow } from '../channels/flow.js';
import type { FlowProblem } from '../channels/pipeline.rules.js';
import { homeless } from './schema-home.rules.js';

/** What counts, also where the document leaves it out. */
export interface EffectiveDdl {
  readonly default: DdlPolicy;
  readonly drop: DdlPolicy;
  readonly truncate: DdlPolicy;
  /** s; null: no bound. */
  readonly maxSeconds: number | null;
}

export function effectiveDdl(settings: DdlSettings | undefined, bothWays: boolean): EffectiveDdl {
  const of = (statement: string): DdlPolicy => ddlPolicy(settings, statement, bothWays);
  return {
    default: of('ALTER TABLE'),
    drop: of('DROP TABLE'),
    truncate: of('TRUNCATE TABLE'),
    maxSeconds: settings?.maxSeconds ?? null,
  };
}

/** As GET shows it: what it does not name of its own goes by `default`, and does so after an edit too. */
export function shownDdl(settings: DdlSettings | undefined, bothWays: boolean): DdlSettings {
  return { ...settings, default: effectiveDdl(settings, bothWays).default };
}

/** What a target needs for it; null: nothing. */
export function ddlUse(settings: DdlSettings | undefined, bothWays: boolean): DdlUse | null {
  const { maxSeconds: _, ...effective } = effectiveDdl(settings, bothWays);
  const policies = Object.values(effective);
  if (policies.every((one) => one === 'ignore')) return null;
  const { default: all, drop, truncate } = settings ?? {};
  return { applies: policies.includes('apply'), asked: [all, drop, truncate].includes('apply'), bothWays };
}

/** One that follows from `default` is said once, by it. */
export function ddlRuleProblems(channel: ChannelInput): readonly FlowProblem[] {
  const flows = flowsOf(channel);
  return channel.pipelines.flatMap((pipeline, index) => {
    const { ddl = {} } = pipeline;
    if (!comesBack(pipeline, channel.pipelines)) return [];
    const flow = flows[index]!;
    const error = (id: string, what: string, fix: string): FlowProblem => ({
      id,
      severity: 'error',
      what: `pipeline ${flow.id}: ${what}`,
      fix,
      flows: [flow.id],
    });
    const field = (['default', 'drop'] as const).find((one) => ddl[one] === 'apply');
    return [
      ...(field ? applied(channel, flow, `ddl.${field} is apply`).map(({ id, why, fix }) => error(id, why, fix)) : []),
      ...(ddl.truncate === 'apply' ? [error('ddl-truncate-both-ways', `ddl.truncate is apply: ${truncated}`, insteadOfTruncate)] : []),
    ];
  });
}

const truncated =
  'TRUNCATE cannot be applied where something flows both ways: rows that the other side has inserted before it hears of it would stay on one side alone';
const insteadOfTruncate = 'Choose "stop" or "ignore", or leave it out; DELETE FROM does the same and is replicated as rows.';
const held = 'Choose "stop" (each one holds until you answer it) or "ignore"';

interface Refused {
  readonly id: string;
  readonly why: string;
  readonly fix: string;
}

/** What schema changes need to be applied where something comes back. */
function applied(channel: ChannelInput, flow: Flow, what: string): readonly Refused[] {
  const refused: Refused[] = [];
  if (isMesh(flow, channel.pipelines)) {
    const why = `${what}, but other endpoints write at ${flow.target} past ${flow.source}, or what comes back takes another way: nobody could tell what their rows had seen of a schema change`;
    const fix = `${held}, or leave it out; or let one region be a hub that forwards ("forwards": true).`;
    refused.push({ id: 'ddl-mesh', why, fix });
  }
  const table = homeless(channel, flow);
  if (table !== null) {
    const why = `${what}, but no region is at home of ${table}: each side would run what the other one runs`;
    refused.push({ id: 'ddl-home-missing', why, fix: `Name a region in conflicts.home, or for these tables in schemaHomes. Or: ${held}.` });
  }
  return refused;
}
