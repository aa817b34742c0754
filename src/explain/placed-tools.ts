import type { ServerTools } from './access-difference.js';

/** Where a client has to be for a difference to concern it, as for `available_on_public_internet`. */
export const PLACES = ['anywhere', 'inside', 'outside'] as const;
export type Place = (typeof PLACES)[number];

/** Tools of one server, for clients in one place. */
export interface PlacedTools extends ServerTools {
  readonly from: Place;
}

/** Joins what differs for clients of the internal network with what differs for those outside. */
export function joinPlaces(inside: readonly ServerTools[], outside: readonly ServerTools[]): PlacedTools[] {
  const ids = new Set([...inside, ...outside].map(({ server }) => server.id));
  return [...ids].flatMap((id) => joined(ofServer(inside, id), ofServer(outside, id)));
}

function joined(inside: ServerTools | undefined, outside: ServerTools | undefined): PlacedTools[] {
  if (inside === undefined) return outside === undefined ? [] : [{ ...outside, from: 'outside' }];
  if (outside === undefined) return [{ ...inside, from: 'inside' }];
  const { server } = inside;
  const both = inside.tools.filter((tool) => outside.tools.includes(tool));
  const places: PlacedTools[] = [
    { server, tools: inside.tools.filter((tool) => !both.includes(tool)), from: 'inside' },
    { server, tools: outside.tools.filter((tool) => !both.includes(tool)), from: 'outside' },
  ];
  // Without known tools it is the server itself that differs.
  const anywhere: PlacedTools[] =
    both.length > 0 || inside.tools.length === 0 ? [{ server, tools: both, from: 'anywhere' }] : [];
  return [...anywhere, ...places.filter(({ tools }) => tools.length > 0)];
}

function ofServer(differences: readonly ServerTools[], id: string): ServerTools | undefined {
  return differences.find(({ server }) => server.id === id);
}
