/** Every route that a controller has, with what it is in the table of roles. Control does not start with one that has nothing. */
import { RequestMethod } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { SyncError } from '@lutra/model';
import { allowKey } from './allow.js';
import type { Allowed } from './allow.js';

/** Where Nest's decorators write. Its own module of these names would be loaded beside the bundle that holds it already. */
const [pathKey, methodKey] = ['path', 'method'];

export interface Route extends Allowed {
  readonly method: string;
  /** As Express has it: /api/v1/channels/:name */
  readonly path: string;
}

type Handler = (...args: readonly unknown[]) => unknown;

/** @throws SyncError INTERNAL naming the routes that have no @Allow, or one that asks for a parameter which the path has not */
export function routesOf(nest: INestApplication): readonly Route[] {
  const controllers = [...nest.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  const routes = controllers.flatMap(({ metatype }) => (typeof metatype === 'function' ? routesIn(metatype.prototype as object) : []));
  const wrong = routes.filter(({ action, path, channelAt }) => action === null || !hasParameter(path, channelAt));
  if (wrong.length > 0)
    throw new SyncError('INTERNAL', `routes without a right @Allow: ${wrong.map(({ method, path }) => `${method} ${path}`).join(', ')}`);
  return routes.map((route) => ({ ...route, action: route.action ?? 'open' }));
}

/** What the handler is; that of its class where it has none. */
export function allowedOf(controller: object, handler: object): Allowed | undefined {
  return (Reflect.getMetadata(allowKey, handler) ?? Reflect.getMetadata(allowKey, controller)) as Allowed | undefined;
}

interface Found extends Omit<Route, 'action'> {
  readonly action: Route['action'] | null;
}

function routesIn(prototype: object): readonly Found[] {
  const controller = prototype.constructor;
  const above = pathsOf(controller);
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = (prototype as Readonly<Record<string, Handler>>)[name];
    const method = handler && (Reflect.getMetadata(methodKey, handler) as RequestMethod | undefined);
    if (!handler || method === undefined) return [];
    const { action, channelAt } = allowedOf(controller, handler) ?? { action: null, channelAt: null };
    const paths = above.flatMap((one) => pathsOf(handler).map((other) => joined(one, other)));
    return paths.map((path) => ({ method: RequestMethod[method], path, action, channelAt }));
  });
}

function pathsOf(target: object): readonly string[] {
  const paths = (Reflect.getMetadata(pathKey, target) ?? '') as string | readonly string[];
  return [paths].flat();
}

function joined(one: string, other: string): string {
  const parts = `${one}/${other}`.split('/').filter((part) => part !== '');
  return `/${parts.join('/')}`;
}

function hasParameter(path: string, channelAt: Allowed['channelAt']): boolean {
  const wanted = { channel: [':channel'], name: [':name'], history: [':kind', ':name'], body: [] };
  return channelAt === null || wanted[channelAt].every((parameter) => path.split('/').includes(parameter));
}
