import type { Response } from 'express';
import { MAX_PAGE_SIZE, nextLink, readCursor, type PagePosition, type PageQuery } from '../../common/page.js';

/** How many rows a page has. */
export function pageLimit(query: PageQuery): number {
  return query.limit ?? MAX_PAGE_SIZE;
}

/**
 * Where a page begins; null: at the first row.
 * @throws GatehouseError `invalid_request` for a cursor that was not made here
 */
export function readPosition(query: PageQuery): PagePosition | null {
  return readCursor(query.cursor);
}

/** Tells the way to the next page, if there is one. */
export function sendNextLink(response: Response, path: string, query: PageQuery, next: PagePosition | null): void {
  if (next !== null) response.setHeader('Link', nextLink(path, pageLimit(query), next));
}
