/** What a caller may choose about a stack and its channel. */
import type { z } from 'zod';
import type { conflictsSchema, DdlSettings, endpointInputSchema, routeSchema } from '@lutra/model';
import type { Network } from '../network/index.js';
import type { MysqlVersion } from '../servers/index.js';
import type { Secured } from './secured.js';
import type { Letter } from './sides.js';

export type Log = (line: string) => void;

export interface StackOptions {
  readonly mysql?: MysqlVersion;
  /** Side b's, where it differs. */
  readonly mysqlB?: MysqlVersion;
  /** Names of the regions of sides a and b. */
  readonly regions?: readonly [string, string];
  /** Name of a third region, with a capture and a loader of its own. Each region then serves both others. */
  readonly third?: string | undefined;
  /** Told what is going on, a line each. */
  readonly log?: Log;
  /** mysqld options of both sides. */
  readonly mysqlExtra?: readonly string[];
  /** server.properties. */
  readonly kafkaExtra?: Readonly<Record<string, string>>;
  /** A key file, and a Kafka that wants SCRAM over TLS; an external one stays as it is. */
  readonly secured?: Secured;
  /** zoo.cfg. */
  readonly zooKeeperExtra?: Readonly<Record<string, string>>;
  /** More environment variables of the apps. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Folder of the build that the apps start from; this one if absent. */
  readonly build?: string;
  /** Two captures and two loaders in each region instead of one. */
  readonly standbys?: boolean;
  /** Nothing is prepared at the database servers, and nothing is configured. */
  readonly bare?: boolean;
  /** Between apps and servers; whoever opened it closes it. The servers must be ours. */
  readonly network?: Network;
  /** A files app in each region, with roots of these names: Site.files. */
  readonly roots?: readonly string[];
  /** Over what is sent to /api/v1/endpoints. */
  readonly endpoint?: Partial<z.input<typeof endpointInputSchema>>;
}

export interface ChannelOptions {
  readonly name?: string;
  /** Whole databases; the lutra user gets its rights on them. */
  readonly databases?: readonly string[];
  /** Instead of one route for each database. */
  readonly routes?: readonly z.input<typeof routeSchema>[];
  /** From which sides rows are replicated; all if absent. */
  readonly from?: readonly Letter[];
  /** Has a pipeline to and from each other side, which have none to each other: it forwards. Absent: each side to each other one. */
  readonly hub?: Letter | undefined;
  /** Who wins where both sides change a row. */
  readonly conflicts?: z.input<typeof conflictsSchema>;
  /** Of each pipeline. */
  readonly ddl?: DdlSettings;
  /** What is there when it is started first is copied through the log. */
  readonly seed?: boolean;
}
