import type { ServerOffer } from '../upstream/server-offer.js';
import { looksQualified } from './qualified-uri.js';
import { literalPrefix } from './uri-template.js';

/** URIs and templates of one server, sorted, since upstreams may list thousands and each is compared with all others. */
interface Sorted {
  readonly uris: readonly string[];
  /** Literal prefixes of the templates, without those that begin with another one of them. */
  readonly prefixes: readonly string[];
}

const sortedOffers = new WeakMap<ServerOffer, Sorted>();

/**
 * Tells which URIs and templates of one server could be taken for those of another one. Templates are compared by their
 * literal beginnings only, which finds some overlaps too many and none too few.
 */
export class UriCollisions {
  /** null: several servers list the URI. */
  private readonly owners = new Map<string, ServerOffer | null>();

  constructor(private readonly offers: readonly ServerOffer[]) {
    for (const offer of offers) {
      for (const { uri } of offer.resources) this.owners.set(uri, this.owners.has(uri) ? null : offer);
    }
  }

  /** Does another server list this URI, which the own one lists? */
  ofUri(own: ServerOffer, uri: string): boolean {
    return looksQualified(uri) || this.owners.get(uri) !== own;
  }

  /** Can a URI of this template be one that another server lists, or one of a template of another server? */
  ofTemplate(own: ServerOffer, template: string): boolean {
    if (looksQualified(template)) return true;
    const prefix = literalPrefix(template);
    return this.offers.some((offer) => offer !== own && overlaps(sortedOf(offer), prefix));
  }
}

function sortedOf(offer: ServerOffer): Sorted {
  let sorted = sortedOffers.get(offer);
  if (sorted === undefined) {
    const uris = offer.resources.map(({ uri }) => uri).sort();
    const prefixes = offer.templates.map(({ uriTemplate }) => literalPrefix(uriTemplate)).sort();
    sorted = { uris, prefixes: shortest(prefixes) };
    sortedOffers.set(offer, sorted);
  }
  return sorted;
}

/** Sorted, a text comes right before those that begin with it. */
function shortest(sorted: readonly string[]): string[] {
  const kept: string[] = [];
  for (const text of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !text.startsWith(last)) kept.push(text);
  }
  return kept;
}

function overlaps({ uris, prefixes }: Sorted, prefix: string): boolean {
  if (uris[placeOf(uris, prefix)]?.startsWith(prefix)) return true;
  const place = placeOf(prefixes, prefix);
  // As none of them begins with another one, only the one right before can be the beginning of this one.
  const before = place === 0 ? undefined : prefixes[place - 1];
  return (prefixes[place]?.startsWith(prefix) ?? false) || (before !== undefined && prefix.startsWith(before));
}

/** Binary search for the first text that does not sort before this one. */
function placeOf(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
