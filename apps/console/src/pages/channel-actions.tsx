/** Start, pause, stop and retry, of a channel or of one of its pipelines. */
import { ApiError } from '@lutra/client';
import { useState } from 'react';
import { write } from '../api/client.js';
import { Act } from '../parts/act.js';
import { Problems } from '../parts/problems.js';
import type { Problem } from '../parts/problems.js';
import { useWords } from '../text/context.js';
import type { ChannelStatus, Pipeline } from './channel.js';

interface Subject {
  readonly channel: ChannelStatus;
  /** Of one pipeline alone. */
  readonly pipeline?: Pipeline;
}

type Verb = 'start' | 'pause' | 'stop' | 'retry';

interface Given {
  readonly reason?: string;
  readonly force?: boolean;
}

function send(verb: Verb, { channel, pipeline }: Subject, query: Given = {}): Promise<unknown> {
  if (!pipeline) return write(`POST /api/v1/channels/{name}/${verb}`, { path: { name: channel.name }, query });
  const path = { channel: channel.name, pipeline: pipeline.name };
  return write(`POST /api/v1/channels/{channel}/pipelines/{pipeline}/${verb}`, { path, query });
}

/** With problems of the servers a start is refused; then, and only then, one in spite of them is offered. */
function useStart(subject: Subject) {
  const [isForced, setForced] = useState(false);
  const start = async (): Promise<void> => {
    try {
      await send('start', subject);
      setForced(false);
    } catch (error) {
      setForced(error instanceof ApiError && error.code === 'CONFIG_CONFLICT');
      throw error instanceof ApiError ? withProblems(error) : error;
    }
  };
  return { start, isForced };
}

export function ChannelActions(subject: Subject) {
  const { t } = useWords();
  const { act } = t.channel;
  const { desired, state } = subject.pipeline ?? subject.channel;
  const right = 'channel.run';
  const { start, isForced } = useStart(subject);
  const hasFailed = state === 'failed' || subject.channel.pipelines.some((one) => one.lastError !== null);
  return (
    <>
      <Act
        name={act.start}
        right={right}
        refusal={desired === 'running' ? act.running : null}
        about={<p>{act.startAbout}</p>}
        onDo={start}
      />
      {isForced && (
        <Act
          name={act.startForce}
          right={right}
          danger
          about={<p>{act.startForceAbout}</p>}
          needsReason
          onDo={(reason) => send('start', subject, { reason, force: true })}
        />
      )}
      <Act
        name={act.pause}
        right={right}
        refusal={desired === 'paused' ? act.paused : null}
        about={<p>{act.pauseAbout}</p>}
        needsReason
        onDo={(reason) => send('pause', subject, { reason })}
      />
      <Act
        name={act.stop}
        right={right}
        danger
        refusal={desired === 'stopped' ? act.stopped : null}
        about={<p>{act.stopAbout}</p>}
        needsReason
        onDo={(reason) => send('stop', subject, { reason })}
      />
      <Act
        name={act.retry}
        right={right}
        refusal={hasFailed ? null : act.nothingFailed}
        about={<p>{act.retryAbout}</p>}
        onDo={() => send('retry', subject)}
      />
    </>
  );
}

/** What a start is refused for stands in the details. */
function withProblems(error: ApiError): ApiError {
  const problems = problemsIn(error);
  const errors = problems.map(({ id, what, fix }) => ({ pointer: id, detail: fix === null ? what : `${what} ${fix}` }));
  const { status, code, message, help, details } = error;
  return new ApiError(status, { code, message, help, details, errors });
}

function problemsIn({ details }: ApiError): readonly Problem[] {
  return Array.isArray(details['problems']) ? (details['problems'] as Problem[]) : [];
}

/** What control says that an action would do, where it refuses it until that is accepted. @throws what is no such refusal */
export async function lookAhead(asked: Promise<unknown>): Promise<React.ReactNode> {
  try {
    await asked;
    return null;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const { consequence, consequences } = error.details;
    const listed = Array.isArray(consequences) ? (consequences as Problem[]) : problemsIn(error);
    return (
      <>
        <p>{typeof consequence === 'string' ? consequence : error.message}</p>
        <Problems problems={listed} />
      </>
    );
  }
}
