/** Which methods a path has, from Express's own table: asked only where a request was for none of them. */
interface Layer {
  readonly route?: { readonly path: unknown; readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

export interface Routes {
  readonly router: { readonly stack: readonly Layer[] };
}

/** Each as `GET /path`. */
export function servedRoutes({ router }: Routes): readonly string[] {
  return router.stack.flatMap(({ route }) =>
    Object.keys(route?.methods ?? {}).map((method) => `${method.toUpperCase()} ${String(route?.path)}`),
  );
}

/** Sorted; empty where there is no such path. */
export function allowedMethods({ router }: Routes, path: string): readonly string[] {
  const methods = router.stack.flatMap((layer) => (layer.route && matches(layer, path) ? Object.keys(layer.route.methods) : []));
  const names = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return [...new Set(names)].toSorted();
}

/** A path that cannot be decoded is none. */
function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
