// The table of every path, as tests/it/routes.txt keeps it, so that these tests notice a page that nobody looks at.
import { readFileSync } from 'node:fs';

const lines = readFileSync(new URL('../it/routes.txt', import.meta.url), 'utf8').trim().split('\n');

/** Each `{ method, pattern, access, name }`, those with fewer unknown parts first: `/faq/new` before `/faq/{id}`. */
export const ROUTES = lines.map((line) => {
  const [method, pattern, access] = line.split(' ');
  const regex = new RegExp(`^${pattern.replace(/\./g, '\\.').replace(/\{\*[^}]*\}/g, '.+').replace(/\{[^}]*\}/g, '[^/]+')}$`);
  return { method, pattern, access, name: `${method} ${pattern}`, regex, unknown: pattern.split('{').length };
}).sort((a, b) => a.unknown - b.unknown);

/** The route that answers an address, or undefined. */
export function routeOf(method, address) {
  const { pathname } = new URL(address, 'http://site');
  return ROUTES.find((route) => route.method === method && route.regex.test(pathname));
}
