/**
 * The checks of a start, for the tables that a change of a running channel adds, and for other conflict policies. What the servers lacked before (the channel was started with
 * `force`, or something broke since) does not bar the way of a change that has no part in it; that a server cannot be asked does.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { ChannelDocument, ChannelInput, PipelineDocument, Route } from '@lutra/model';
import { RefusedError, newProblems } from '../configuration/problem.js';
import { EndpointCheckService } from '../endpoints/endpoint-check.service.js';

@Injectable()
export class AddedTablesService {
  constructor(@Inject(EndpointCheckService) private readonly checks: EndpointCheckService) {}

  /** @throws RefusedError CONFIG_CONFLICT with the whole list */
  async require(before: ChannelDocument, after: ChannelInput): Promise<void> {
    if (before.state === 'stopped' || !(carriesMore(before, after) || decidesOtherwise(before, after))) return;
    const [known, found] = await Promise.all([this.checks.checkChannel(before), this.checks.checkChannel(after)]);
    const added = newProblems(known, found);
    if (added.length === 0) return;
    const what = `channel ${after.name} is ${before.state} and cannot be changed so yet`;
    throw new RefusedError('CONFIG_CONFLICT', what, added);
  }
}

/** Pure. Does `after` carry a table that `before` does not, or carry one elsewhere? Errs on the side of yes. */
export function carriesMore(before: ChannelInput, after: ChannelInput): boolean {
  return after.pipelines.some((pipeline) => {
    const known = before.pipelines.find(({ name }) => name === pipeline.name);
    return !known || known.source !== pipeline.source || known.target !== pipeline.target || routesMore(known, pipeline);
  });
}

/** Pure. Another policy asks more of the tables that are there already. */
export function decidesOtherwise(before: ChannelInput, after: ChannelInput): boolean {
  return JSON.stringify(before.conflicts.rules) !== JSON.stringify(after.conflicts.rules);
}

/** Routes that are only taken away can still bring a table elsewhere, if one renames: the next one that matches decides then. */
function routesMore(known: PipelineDocument, { routes }: PipelineDocument): boolean {
  if (routes.length === known.routes.length) return routes.some((route, index) => textOf(route) !== textOf(known.routes[index]));
  const texts = new Set(known.routes.map(textOf));
  return (
    routes.some((route) => !texts.has(textOf(route))) || known.routes.some(({ to }) => to?.schema !== undefined || to?.table !== undefined)
  );
}

function textOf(route: Route | undefined): string {
  return JSON.stringify([route?.schema, route?.table, route?.to?.schema, route?.to?.table]);
}
