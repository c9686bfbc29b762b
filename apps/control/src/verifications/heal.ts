/** After a hole in the log of a source: the verification and the repair that follow, and what they mean for people. Pure. */
import { randomUUID } from 'node:crypto';
import { pipelineName } from '@lutra/model';
import type { ChannelDocument, PipelineDocument, VerificationOrder } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';
import { shareOfFollowUp } from './follow-up.service.js';

export interface HealedPipeline {
  readonly channel: ChannelDocument;
  readonly pipeline: PipelineDocument;
}

export interface HealOf {
  /** Of the restart: in lutra.unequal, and the id of the repair. */
  readonly request: string;
  /** Who ordered it, and why. */
  readonly by: string;
  /** Names in the channel. */
  readonly pipelines: readonly string[];
  /** Endpoints whose restart is carried out first. */
  readonly restarts: readonly string[];
  /** ms since 1970: when the last commit before the hole was made. */
  readonly since: number;
}

const everything = ['*.*'];

/** The side whose log was lost wins, home or not: what it committed in the hole is nowhere else (docs/decisions/0032, rule 30). */
export function healOrder({ request, by, pipelines, restarts, since }: HealOf): VerificationOrder {
  const at = Date.now();
  const repair = { id: request, tables: everything, winner: 'source', extra: [], spareChangedSince: since, untilEqual: true, by, at };
  return {
    id: randomUUID(),
    tables: everything,
    pipelines,
    after: { seeds: [], restarts },
    repair,
    repeat: 'once',
    share: shareOfFollowUp,
    state: 'running',
    by,
    at,
  };
}

/** A repair that a person orders has no such time: it may be of a part of the tables, and gives way by name. */
export function isHeal({ repair, pipelines, after }: VerificationOrder): boolean {
  return repair?.spareChangedSince !== undefined && repair.untilEqual && pipelines !== undefined && after !== undefined;
}

/**
 * A channel has one verification, and two restarts may follow each other. Counter-example without: the second one's order takes the place
 * of the first one's, whose pipelines nobody compares.
 */
export function mergedHeal(before: VerificationOrder, now: HealOf, existing: ReadonlySet<string>): HealOf {
  const both = (one: readonly string[], other: readonly string[]): readonly string[] => [...new Set([...one, ...other])];
  return {
    ...now,
    pipelines: both(
      (before.pipelines ?? []).filter((name) => existing.has(name)),
      now.pipelines,
    ),
    restarts: both(before.after?.restarts ?? [], now.restarts),
    since: Math.min(before.repair?.spareChangedSince ?? 0, now.since),
  };
}

/** A restart that is taken back leaves no hole: its pipelines need no verification, others that were merged into the order do. */
export function withoutRestart(order: VerificationOrder, endpoint: string, own: ReadonlySet<string>): VerificationOrder {
  const pipelines = (order.pipelines ?? []).filter((name) => !own.has(name));
  if (pipelines.length === 0) return { ...order, state: 'cancelled' };
  const { seeds = [], restarts = [] } = order.after ?? {};
  return { ...order, pipelines, after: { seeds, restarts: restarts.filter((name) => name !== endpoint) } };
}

/** @param replaced channels whose verification is under way and gives way */
export function healConsequences(healed: readonly HealedPipeline[], replaced: readonly string[]): readonly Problem[] {
  if (healed.length === 0) return [];
  const ids = healed.map(({ channel, pipeline }) => pipelineName(channel.name, pipeline.name)).join(', ');
  const targets = [...new Set(healed.map(({ pipeline }) => pipeline.target))].join(', ');
  const compared = `all tables of ${ids} are compared then, and rows that differ become as they are at the source, also where home would win`;
  const spared = `rows that ${targets} changed since the last commit that arrived there are left to you (GET …/verify/differences)`;
  const entries = `until a table is found equal it stands in lutra.unequal at ${targets}`;
  const whole = 'a row there that differs, and that nobody there changed, becomes what the log brings: it is no conflict and stops nothing';
  return [
    warning('heal-compares', `${compared}; ${spared}`, null),
    warning('heal-not-known-equal', `${entries}: ${whole}`, null),
    ...replaced.map((channel) => {
      return warning('heal-replaces', `the verification of channel ${channel} that is under way is cancelled`, 'order it again afterwards');
    }),
  ];
}

/** An endpoint begins a log of another id, which no pipeline follows by itself. */
export function healAfterReset(healed: readonly HealedPipeline[]): readonly Problem[] {
  const paths = healed.map(({ channel, pipeline }) => `POST /api/v1/channels/${channel.name}/pipelines/${pipeline.name}/restart`);
  if (paths.length === 0) return [];
  const what = 'the comparison begins when each pipeline is restarted, and not with this reset';
  return [warning('heal-with-restart', what, `${paths.join(', ')}, each with "then": "verify-and-repair"`)];
}

function warning(id: string, what: string, fix: string | null): Problem {
  return { id, severity: 'warning', what, fix };
}
