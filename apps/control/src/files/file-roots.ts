/** Whether the regions of a channel have the roots that its file rules name, by the files apps that live. Pure. */
import type { ChannelInput, EndpointDocument } from '@lutra/model';
import type { Worker } from '@lutra/registry';
import type { Problem } from '../configuration/problem.js';

/** A region that must have a root: to send from it, or to place in it too. */
interface Needed {
  readonly region: string;
  readonly root: string;
  readonly places: boolean;
}

export function rootProblems(
  { pipelines }: Pick<ChannelInput, 'pipelines'>,
  { endpoints, workers }: { readonly endpoints: readonly Pick<EndpointDocument, 'name' | 'region'>[]; readonly workers: readonly Worker[] },
): readonly Problem[] {
  const regionOf = (name: string): string | undefined => endpoints.find((endpoint) => endpoint.name === name)?.region;
  const needed = new Map<string, Needed>();
  for (const { source, target, routes } of pipelines) {
    for (const { root } of routes.flatMap(({ files = [] }) => files)) {
      for (const [region, places] of [
        [regionOf(source), false],
        [regionOf(target), true],
      ] as const) {
        // An endpoint that is missing has a problem of its own.
        if (region === undefined) continue;
        const key = `${region} ${root}`;
        needed.set(key, { region, root, places: places || needed.get(key)?.places === true });
      }
    }
  }
  return [...needed.values()].flatMap((one) => problemOf(one, workers));
}

type Rules = Pick<ChannelInput, 'name' | 'pipelines'>;

/** An endpoint whose rows name files of a root. */
interface Use {
  readonly channel: string;
  readonly endpoint: string;
  readonly region: string;
  readonly root: string;
  /** Its loader lets files go. */
  readonly deletes: boolean;
}

/**
 * Before a file goes its database is asked who names it. Counter-example: a root takes the files of two databases of its region, rows of
 * both name one file, and that of one is deleted.
 *
 * @param all with the channel as it is or is going to be; told is what it has a part in
 */
export function sharedRootProblems(
  { name }: Pick<ChannelInput, 'name'>,
  { endpoints, all }: { readonly endpoints: readonly Pick<EndpointDocument, 'name' | 'region'>[]; readonly all: readonly Rules[] },
): readonly Problem[] {
  const regions = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint.region]));
  const uses = all.flatMap((channel) => usesOf(channel, regions));
  const told = new Map<string, Problem>();
  for (const one of uses.filter(({ deletes }) => deletes)) {
    const other = uses.find((use) => use.root === one.root && use.region === one.region && use.endpoint !== one.endpoint);
    if (!other || (one.channel !== name && other.channel !== name)) continue;
    const { root, region, endpoint } = one;
    const what = `root ${root} of region ${region} has files of rows of ${endpoint} and of ${other.endpoint}: one that no row of ${endpoint} names any more would go, though rows of ${other.endpoint} may name it`;
    const fix = `give each database a root of its own, or say "deletes": "keep" in the rules of ${root} that lead to ${endpoint}`;
    told.set(`${root} ${endpoint}`, { id: 'file-root-shared', severity: 'error', what, fix });
  }
  return [...told.values()];
}

function usesOf({ name: channel, pipelines }: Rules, regions: ReadonlyMap<string, string>): readonly Use[] {
  return pipelines.flatMap(({ source, target, routes }) =>
    routes
      .flatMap(({ files = [] }) => files)
      .flatMap(({ root, deletes }) =>
        [source, target].flatMap((endpoint): readonly Use[] => {
          const region = regions.get(endpoint);
          return region === undefined ? [] : [{ channel, endpoint, region, root, deletes: endpoint === target && deletes !== 'keep' }];
        }),
      ),
  );
}

function problemOf({ region, root, places }: Needed, workers: readonly Worker[]): readonly Problem[] {
  const apps = workers.filter((worker) => worker.files && worker.region === region);
  const having = apps.filter(({ files }) => files?.roots.includes(root));
  if (having.length === 0) {
    const what =
      apps.length === 0
        ? `region ${region} has no files app that lives, and file rules name root ${root}`
        : `no files app of region ${region} has root ${root}: they have ${[...new Set(apps.flatMap(({ files }) => files?.roots ?? []))].join(', ') || 'none'}`;
    const fix = `start a files app there with ${root}=<folder> in its LUTRA_ROOTS, or correct the rule`;
    return [{ id: 'file-root-unknown', severity: 'error', what, fix }];
  }
  if (!places || having.some(({ files }) => files?.places.includes(root))) return [];
  const what = `root ${root} of region ${region} is served, and no files app places files in it`;
  const fix = 'take ?serve from the root in LUTRA_ROOTS of one files app; if it has just been started, ask again in a minute';
  return [{ id: 'file-root-not-placed', severity: 'warning', what, fix }];
}
