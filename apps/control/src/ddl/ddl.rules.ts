/** What a pipeline is told to do with schema changes: what it may not be told where something flows both ways, and what counts. Pure. */
import { comesBack, ddlPolicy, pipelineName } from '@lutra/model';
import type { ChannelInput, DdlPolicy, DdlSettings } from '@lutra/model';
import type { DdlUse } from '@lutra/mysql';
import type { FlowProblem } from '../channels/pipeline.rules.js';

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
  return { applies: policies.includes('apply'), asked: [all, drop, truncate].includes('apply') };
}

const held = {
  id: 'ddl-both-ways',
  why: 'schema changes are not applied where something flows both ways yet: they hold',
  fix: 'Choose "stop" (each one holds until you answer it) or "ignore", or leave it out.',
};
const refused = {
  default: held,
  drop: held,
  truncate: {
    id: 'ddl-truncate-both-ways',
    why: 'TRUNCATE cannot be applied where something flows both ways: rows that the other side has inserted before it hears of it would stay on one side alone',
    fix: 'Choose "stop" or "ignore", or leave it out; DELETE FROM does the same and is replicated as rows.',
  },
};

/** One that follows from `default` is said once, by it. */
export function ddlRuleProblems(channel: ChannelInput): readonly FlowProblem[] {
  return channel.pipelines.flatMap((pipeline) => {
    const { name, ddl = {} } = pipeline;
    if (!comesBack(pipeline, channel.pipelines)) return [];
    const id = pipelineName(channel.name, name);
    return (['default', 'drop', 'truncate'] as const)
      .filter((field) => ddl[field] === 'apply')
      .map((field): FlowProblem => {
        const { id: problem, why, fix } = refused[field];
        return { id: problem, severity: 'error', what: `pipeline ${id}: ddl.${field} is apply: ${why}`, fix, flows: [id] };
      });
  });
}
