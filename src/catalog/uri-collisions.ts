import type { ServerOffer } from '../upstream/server-offer.js';
import { looksQualified } from './qualified-uri.js';
import { literalPrefix } from './uri-template.js';

/** URIs and templates of one server, in the form in which they are searched. */
interface Searchable {
  /** Sorted, so that those that begin with a text lie together. */
  readonly uris: readonly string[];
  readonly uriSet: ReadonlySet<string>;
  /** Literal prefixes of the templates. */
  readonly prefixes: readonly string[];
}

const searchables = new WeakMap<ServerOffer, Searchable>();

/**
 * Tells which URIs and templates of one server could be taken for those of another one. Templates are compared by their
 * literal beginnings only, which finds some overlaps too many and none too few.
 */
export class UriCollisions {
  constructor(private readonly offers: readonly ServerOffer[]) {}

  /** Does another server list this URI? */
  ofUri(own: ServerOffer, uri: string): boolean {
    return looksQualified(uri) || this.others(own).some((other) => other.uriSet.has(uri));
  }

  /** Can a URI of this template be one that another server lists, or one of a template of another server? */
  ofTemplate(own: ServerOffer, template: string): boolean {
    const prefix = literalPrefix(template);
    if (looksQualified(template)) return true;
    return this.others(own).some(
      ({ uris, prefixes }) => someBeginWith(uris, prefix) || prefixes.some((other) => overlap(prefix, other)),
    );
  }

  private others(own: ServerOffer): Searchable[] {
    return this.offers.filter((offer) => offer !== own).map(searchableOf);
  }
}

function searchableOf(offer: ServerOffer): Searchable {
  let searchable = searchables.get(offer);
  if (searchable === undefined) {
    const uris = offer.resources.map(({ uri }) => uri).sort();
    const prefixes = offer.templates.map(({ uriTemplate }) => literalPrefix(uriTemplate));
    searchable = { uris, uriSet: new Set(uris), prefixes };
    searchables.set(offer, searchable);
  }
  return searchable;
}

function overlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Binary search for the first text that does not sort before the beginning. */
function someBeginWith(sorted: readonly string[], beginning: string): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < beginning) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(beginning) ?? false;
}
