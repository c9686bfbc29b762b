/** A channel as it is shown. */
import { comesBack, unsupportedPolicy } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import { shownDdl } from '../ddl/ddl.rules.js';
import type { ChannelAction } from '../http/schemas.js';
import { sendVersioned } from '../http/versions.js';
import type { Response } from '../http/versions.js';
import type { ActionResult } from './channel-action.service.js';

/** What the channel does, also where its document leaves it out. Below level 3 a document that is sent back cannot have `ddl`. */
export function effective(channel: ChannelDocument, level: number): ChannelDocument {
  const onUnsupported = unsupportedPolicy(channel);
  if (level < 3) return { ...channel, onUnsupported };
  const { pipelines: all } = channel;
  const pipelines = all.map((pipeline) => ({ ...pipeline, ddl: shownDdl(pipeline.ddl, comesBack(pipeline, all)) }));
  return { ...channel, pipelines, onUnsupported };
}

/** What an action has made of it. */
export function sendAction(response: Response, { document, version, problems }: ActionResult, level: number): ChannelAction {
  const channel = sendVersioned(response, { document: effective(document, level), version });
  return { channel, problems: [...problems] };
}
