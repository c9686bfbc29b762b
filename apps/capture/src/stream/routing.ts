/** What the log holds, as it stands between two transactions: what it announces, and by which routers rows go into it. */
import { announcedPattern, createRouter } from '@lutra/model';
import type { Announced, RevisionMark, Router, Suspension } from '@lutra/model';
import type { CaptureWork } from '../assignments.js';
import type { Here } from './suspended-here.js';

export interface Routes {
  readonly announced: Announced;
  /** Of the endpoint, and what loaders may suspend there. */
  readonly here: Here;
  /** Tables of which what loaders wrote is published too. */
  readonly forwarded: Router;
}

export interface RoutesOptions {
  /** Under which the routes are announced. */
  readonly revision: RevisionMark;
  readonly suspended: readonly Suspension[];
  /** The server has lower_case_table_names=1. */
  readonly foldsNames: boolean;
}

export function routesFor(work: CaptureWork, { revision, suspended, foldsNames }: RoutesOptions): Routes {
  const { routes, forwarded, pipelines, names, writers } = work;
  return {
    announced: { ...revision, tables: routes.map(announcedPattern), pipelines, names, ...(suspended.length > 0 && { suspended }) },
    here: { writers, router: createRouter(routes, suspended), foldsNames },
    forwarded: createRouter(forwarded, suspended),
  };
}

export class Routing {
  #now: Routes;
  #version = 0;

  constructor(first: Routes) {
    this.#now = first;
  }

  get now(): Routes {
    return this.#now;
  }

  /** Another number when other tables may be wanted: see BinlogOptions.filter. */
  get version(): number {
    return this.#version;
  }

  /** Between two transactions. */
  follow(next: Routes): void {
    this.#now = next;
    this.#version += 1;
  }
}
