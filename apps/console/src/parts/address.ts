/** Filters stand in the address: a page can be sent to somebody, and Back goes back. */
import { useSearchParams } from 'wouter';

type Filters<N extends string> = Readonly<Record<N, string>>;

/** @param usual The values that an address does not name. */
export function useFilters<N extends string>(usual: Filters<N>): readonly [Filters<N>, (changes: Partial<Filters<N>>) => void] {
  const [search, setSearch] = useSearchParams();
  const names = Object.keys(usual) as N[];
  const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? usual[name]])) as Filters<N>;
  const change = (changes: Partial<Filters<N>>): void =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        for (const name of names) {
          const value = changes[name];
          if (value === undefined) continue;
          if (value === usual[name]) after.delete(name);
          else after.set(name, value);
        }
        return after;
      },
      { replace: true },
    );
  return [filters, change];
}

/** What a filter leaves out is not sent. */
export function given(value: string): string | undefined {
  return value === '' ? undefined : value;
}
