/**
 * What gh-ost and pt-online-schema-change do to a server, done by a plain client: the statements of recorded/, and copies of rows by the
 * same rules. For MySQL 8.0.15, where neither gets to its end, and for tests that are to be quick.
 */
import { createConnection } from 'mysql2/promise';
import { names, type OnlineChange, type OnlineTool, type RunningChange } from './online-tool.js';
import { ghOstSteps } from './play-gh-ost.js';
import { ptOscSteps } from './play-pt-osc.js';
import { Player, type Steps } from './player.js';

export const playedGhOst: OnlineTool = { ...names['gh-ost'], begin: (change) => play(change, ghOstSteps) };
export const playedPtOsc: OnlineTool = { ...names['pt-osc'], begin: (change) => play(change, ptOscSteps) };

async function play(change: OnlineChange, stepsOf: (player: Player) => Steps): Promise<RunningChange> {
  const { host, port, user, password } = change.server;
  const connection = await createConnection({ host, port, user, password, database: change.database });
  const steps = stepsOf(new Player(change, connection));
  const end = async (): Promise<void> => connection.destroy();
  try {
    await steps.begin();
    return { finish: () => steps.finish(), end };
  } catch (error) {
    await end();
    throw error;
  }
}
