/**
 * A schema-change record at its target: intent, statement under a witness, done. Loaders, the server and both captures are killed at any
 * point. Does each statement run once, and does none go back as the target's own? docs/decisions/0034-ddl.md.
 */
import { loaderTurns } from './ddl-loader.js';
import { captureTurns, killTurns, serverTurns } from './ddl-server.js';
import type { At, DdlCase, DdlRules, DdlState } from './ddl-words.js';
import type { Model } from './paths.js';

const record = 's:1';

export function ddlModel(example: DdlCase, rules: DdlRules): Model<DdlState> {
  const { tables, executed, kills } = example;
  const nothing = { checkpoint: 0, intents: [], holder: 0, epoch: 1, running: null, binlog: [], read: 0, seen: [], own: 0 } as const;
  const ran = Array.from({ length: tables }, () => 0);
  const at = { example, rules };
  return {
    first: { ...nothing, log: [record], loaders: [{ session: 1, phase: 'start' }], ran, executed, kills },
    turns: (state) => [
      ...state.loaders.flatMap((loader) => loaderTurns(state, loader, at)),
      ...serverTurns(state, at),
      ...captureTurns(state, at),
      ...killTurns(state, at),
    ],
    verdict: (state) => verdict(state, at),
  };
}

function verdict({ checkpoint, log, loaders, ran, own, kills }: DdlState, { example, rules }: At): string | null {
  const wrong = ran.find((times) => times > 1 && example.kind !== 'repeatable');
  if (wrong !== undefined) return `it ran ${wrong} times`;
  if (rules.bothWays && own > 0) return 'it goes back to where it came from';
  const isUndecided = rules.witness === 'none' && example.kind === 'blind' && kills !== example.kills;
  if (loaders.some(({ phase }) => phase === 'held')) return isUndecided ? null : 'it is held for a person, although it could be known';
  if (checkpoint < log.length) return 'nothing goes on';
  return ran.includes(0) ? 'it never ran' : null;
}
