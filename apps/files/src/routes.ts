/** Which request is answered by which room, and what must be so before. */
import type { FilesKeys } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { FetchRoom, PlaceRoom, RoomParts } from './handlers.js';
import { requestOf } from './requests.js';
import type { RequestName } from './requests.js';
import type { Route } from './serve/https-server.js';
import { manifestOf } from './serve/manifest.js';
import type { NamedRows } from './serve/named.js';
import type { Packs } from './serve/packs.js';
import type { Root } from './serve/root.js';

export interface RouteDeps {
  readonly parts: RoomParts;
  readonly packs: Packs;
  readonly named: NamedRows;
  readonly fetch: FetchRoom | null;
  readonly place: PlaceRoom | null;
  /** This process places files in the root. */
  isPlacing(root: string): boolean;
}

export function routesOf({ parts, packs, named, fetch, place, isPlacing }: RouteDeps): ReadonlyMap<string, Route> {
  const { roots, hashes, secretKey } = parts;
  const keys: FilesKeys = secretKey;
  const region = parts.environment.region;
  const served = (name: string): Root => {
    const root = roots.get(name);
    if (root) return root;
    throw new SyncError('FILE_ROOT_UNKNOWN', `the files app that was asked in region ${region} has no root ${name}`, {
      details: { region, root: name },
    });
  };
  /** Another one does, or none: whoever asks looks again. */
  const placing = (name: string): void => {
    if (!isPlacing(served(name).name))
      throw new SyncError('FILES_UNAVAILABLE', `the files app that was asked in region ${region} does not place files in root ${name}`, {
        details: { region, root: name },
      });
  };
  const room = <R>(there: R | null): R => {
    if (there) return there;
    throw new SyncError('FILES_UNAVAILABLE', 'this build of the files app does not do that');
  };
  const one = <N extends RequestName>(name: N, answer: (request: ReturnType<typeof requestOf<N>>) => Promise<unknown>): [N, Route] => [
    name,
    {
      kind: 'one',
      answer: async (body) => {
        parts.documents();
        return answer(requestOf(name, body));
      },
    },
  ];
  const atHolder = <N extends Exclude<keyof PlaceRoom, 'hold' | 'close'>>(name: N): [N, Route] =>
    one(name, async (request) => {
      placing(request.root);
      return (room(place)[name] as (asked: typeof request) => Promise<unknown>).call(place, request);
    });
  return new Map<string, Route>([
    one('manifest', (request) => manifestOf({ keys, hashes }, served(request.root), request)),
    one('pack', (request) => packs.make(served(request.root), request)),
    one('named', (request) => named(request)),
    one('compare', (request) => {
      served(request.root);
      return room(fetch).compare(request);
    }),
    [
      'stage',
      {
        kind: 'lines',
        answer: async function* (body, signal) {
          parts.documents();
          const request = requestOf('stage', body);
          for (const root of new Set(request.files.map((file) => file.root))) placing(root);
          yield* room(fetch).stage(request, signal);
        },
      },
    ],
    atHolder('place'),
    atHolder('unplace'),
    atHolder('settle'),
    atHolder('fence'),
    atHolder('delete'),
    atHolder('list'),
  ]);
}
