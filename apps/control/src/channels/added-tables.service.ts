/**
 * The checks of a start, for the tables that a change of a running channel adds, and for other conflict policies or file rules. What the
 * servers lacked before (the channel was started with `force`, or something broke since) does not bar the way of a change that has no part
 * in it; that a server cannot be asked does.
 */
import { Inject, Injectable } from '@nestjs/common';
import { pipelineRoutes } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineInput, Route } from '@lutra/model';
import { newProblems, RefusedError } from '../configuration/problem.js';
import { EndpointCheckService } from '../endpoints/endpoint-check.service.js';

type Planned = Parameters<EndpointCheckService['checkChannel']>[1];

@Injectable()
export class AddedTablesService {
  constructor(@Inject(EndpointCheckService) private readonly checks: EndpointCheckService) {}

  /**
   * @param creates a seed creates the tables that are missing
   * @param planned as the configuration is going to be
   * @throws RefusedError CONFIG_CONFLICT with the whole list
   */
  async require(before: ChannelDocument, after: ChannelInput, creates: boolean, planned?: Planned): Promise<void> {
    if (before.state === 'stopped' || !(replicatesMore(before, after) || decidesOtherwise(before, after) || namesOtherFiles(before, after)))
      return;
    // A table that cannot be replicated is no table to take in, whatever the channel does about one that turns out so.
    const check = (channel: ChannelInput, stored?: Planned) =>
      this.checks.checkChannel({ ...channel, onUnsupported: 'stop', ...(creates && { seed: true }) }, stored);
    const [known, found] = await Promise.all([check(before), check(after, planned)]);
    const added = newProblems(known, found);
    if (added.length === 0) return;
    const what = `channel ${after.name} is ${before.state} and cannot be changed so yet`;
    throw new RefusedError('CONFIG_CONFLICT', what, added);
  }
}

/** Pure. Does `after` carry a table that `before` does not, or carry one elsewhere? Errs on the side of yes. */
export function replicatesMore(before: ChannelInput, after: ChannelInput): boolean {
  return after.pipelines.some((pipeline) => {
    const known = before.pipelines.find(({ name }) => name === pipeline.name);
    return !known || known.source !== pipeline.source || known.target !== pipeline.target || routesMore(known, pipeline);
  });
}

/** Pure. Another policy asks more of the tables that are there already. */
export function decidesOtherwise(before: ChannelInput, after: ChannelInput): boolean {
  return JSON.stringify(before.conflicts.rules) !== JSON.stringify(after.conflicts.rules);
}

/** Pure. So do other files. */
export function namesOtherFiles(before: ChannelInput, after: ChannelInput): boolean {
  const textOfFiles = ({ pipelines }: ChannelInput): string =>
    JSON.stringify(
      pipelines.map(({ name, routes }) => [name, routes.flatMap(({ schema, table, files }) => (files ? [[schema, table, files]] : []))]),
    );
  return textOfFiles(before) !== textOfFiles(after);
}

/** The same routes, and each excludes no less: what a route passes on may be brought elsewhere by the next one, if one renames. */
function excludesMore(known: readonly Route[], routes: readonly Route[]): boolean {
  const keeps = (route: Route, old: Route): boolean => (old.exclude ?? []).every((pattern) => route.exclude?.includes(pattern));
  return routes.every((route, index) => textOf(route) === textOf(known[index]) && keeps(route, known[index]!) && !renames(route));
}

function renames({ to }: Route): boolean {
  return to?.schema !== undefined || to?.table !== undefined;
}

/** Routes that are only taken away can still bring a table elsewhere, if one renames: the next one that matches decides then. */
function routesMore(before: PipelineInput, after: PipelineInput): boolean {
  const [known, routes] = [pipelineRoutes(before), pipelineRoutes(after)];
  const isSame = (route: Route, old: Route | undefined): boolean => textOf(route) === textOf(old) && excludedOf(route) === excludedOf(old);
  if (routes.length === known.length) return !excludesMore(known, routes) && routes.some((route, index) => !isSame(route, known[index]));
  return routes.some((route) => !known.some((old) => isSame(route, old))) || known.some(renames);
}

function textOf(route: Route | undefined): string {
  return JSON.stringify([route?.schema, route?.table, route?.to?.schema, route?.to?.table]);
}

function excludedOf(route: Route | undefined): string {
  return [...(route?.exclude ?? [])].sort().join();
}
