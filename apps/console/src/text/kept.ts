/** What a browser remembers for its user: language and colours. It may be forbidden to. */
type Name = 'language' | 'theme';

export function recall(name: Name): string | null {
  try {
    return localStorage.getItem(`lutra.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: Name, value: string): void {
  try {
    localStorage.setItem(`lutra.${name}`, value);
  } catch {
    // it lasts until the page is loaded again
  }
}
