/**
 * Gives each pipeline of a body its uid. Pure. A pipeline keeps its uid for as long as its channel has one of that name; one that was
 * removed and comes again is another pipeline, with another uid. Counter-example for going on by name: p carries shop, and is removed. It
 * comes again with crm too, which the topic has held for another pipeline all the time. Its loader goes on at the old checkpoint: the rows
 * of crm before that are missing for good, and nothing tells.
 *
 * `adopt` is the only way back to an old position. What can be told from ZooKeeper is told here: nobody else has it, and the pipeline has
 * the ends and routes that it had. That the log is the same and has held its tables ever since is the loader's to prove, when it starts. Of
 * a uid that ZooKeeper has lost the loader proves all: without its row it stops, and the row names the log.
 */
import { newPipelineUid, pipelineName, replicationFingerprint } from '@lutra/model';
import type { ChannelInput, PipelineDocument, PipelineInput, PipelineUid } from '@lutra/model';
import type { UidEntry } from '@lutra/registry';
import type { Problem } from '../configuration/problem.js';

export interface UidsKnown {
  /** Of the channel, as it is stored. */
  readonly existing: readonly PipelineDocument[];
  /** Of all channels. */
  readonly inUse: ReadonlySet<PipelineUid>;
  /** Of those that the body adopts. */
  readonly entries: ReadonlyMap<PipelineUid, UidEntry>;
}

export interface WithUids {
  readonly pipelines: PipelineDocument[];
  readonly problems: readonly Problem[];
}

export function withUids({ name: channel, pipelines }: Pick<ChannelInput, 'name' | 'pipelines'>, known: UidsKnown): WithUids {
  const taken = new Set(known.inUse);
  const problems: Problem[] = [];
  const given = pipelines.map(({ adopt, uid, ...pipeline }): PipelineDocument => {
    const stored = known.existing.find(({ name }) => name === pipeline.name)?.uid;
    const found = problemOf({ ...pipeline, uid, adopt }, { stored, entry: adopt && known.entries.get(adopt), taken });
    if (found) problems.push({ severity: 'error', ...found, what: `pipeline ${pipelineName(channel, pipeline.name)}: ${found.what}` });
    const own = stored ?? (found ? undefined : adopt) ?? newPipelineUid();
    taken.add(own);
    return { ...pipeline, uid: own };
  });
  return { pipelines: given, problems };
}

interface Own {
  readonly stored: PipelineUid | undefined;
  readonly entry: UidEntry | undefined;
  readonly taken: ReadonlySet<PipelineUid>;
}

type Found = Pick<Problem, 'id' | 'what' | 'fix'>;

function problemOf(pipeline: PipelineInput, { stored, entry, taken }: Own): Found | null {
  const { uid, adopt } = pipeline;
  if (uid !== undefined && uid !== (stored ?? adopt)) {
    const what = stored === undefined ? `uid ${uid} cannot be chosen` : `its uid is ${stored}, not ${uid}`;
    return { id: 'uid-not-its-own', what, fix: 'Leave "uid" out. To go on where a removed pipeline stopped, say "adopt": "<its uid>".' };
  }
  if (adopt === undefined || adopt === stored) return null;
  if (stored !== undefined) {
    const fix = 'Leave "adopt" out, or remove the pipeline first: a position is adopted at the creation only.';
    return { id: 'adopt-exists', what: `it exists, as uid ${stored}, and cannot adopt ${adopt}`, fix };
  }
  // The documents say so, and not the entry: a ZooKeeper that was restored in part may have one without its document.
  if (taken.has(adopt)) return notRemoved(adopt, entry);
  return entry ? differing(pipeline, adopt, entry) : null;
}

function notRemoved(adopt: PipelineUid, entry: UidEntry | undefined): Found {
  const whose = entry ? ` of pipeline ${pipelineName(entry.channel, entry.pipeline)}` : '';
  const fix = 'Remove that pipeline first, in a request of its own.';
  return { id: 'adopt-in-use', what: `uid ${adopt}${whose} is in use and cannot be adopted`, fix };
}

function differing(pipeline: PipelineInput, adopt: PipelineUid, entry: UidEntry): Found | null {
  const whose = `uid ${adopt} was pipeline ${pipelineName(entry.channel, entry.pipeline)}`;
  if (entry.source !== pipeline.source || entry.target !== pipeline.target) {
    const what = `${whose} from ${entry.source} to ${entry.target}, and cannot be adopted by one from ${pipeline.source} to ${pipeline.target}`;
    return { id: 'adopt-other-ends', what, fix: 'Give the pipeline the same source and target, or leave "adopt" out.' };
  }
  if (entry.fingerprint === replicationFingerprint(pipeline)) return null;
  const fix = 'Create it with the routes, "exclude" and "forwards" that it had, and change them then.';
  return { id: 'adopt-other-routes', what: `${whose}, which had other routes; what it did not replicate is not at its target`, fix };
}

/** Other pipelines between the same ends that were created or changed when `uid` was removed, or later, and have a row. */
export function since(uid: PipelineUid, entries: ReadonlyMap<PipelineUid, UidEntry>): readonly (readonly [PipelineUid, UidEntry])[] {
  const own = entries.get(uid);
  if (!own) return [];
  const removedIn = own.removedIn ?? own.changedIn;
  return [...entries].filter(
    ([other, { source, target, begunAt, changedIn }]) =>
      other !== uid && source === own.source && target === own.target && begunAt !== undefined && changedIn >= removedIn,
  );
}

export function supersededProblem(what: string): Problem {
  const fix = 'Leave "adopt" out, and say where the pipeline begins (docs/02-setup.md, A pipeline on a topic that is in use).';
  return { id: 'adopt-superseded', severity: 'error', what, fix };
}
