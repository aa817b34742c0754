import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import type { GatehouseError } from './gatehouse-error.js';
import { isStorable } from './storable-text.js';
import { fieldFaults } from './validation.js';

/** Most rows that one page of a list may have. */
export const MAX_PAGE_SIZE = 500;

/** Query of a list that can grow. */
export class PageQuery {
  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: MAX_PAGE_SIZE, default: MAX_PAGE_SIZE })
  @IsOptional()
  @Type(() => Number)
  @IsInt({ message: `must be a whole number from 1 to ${MAX_PAGE_SIZE}` })
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` })
  limit?: number;

  @ApiPropertyOptional({ description: 'Where the last page ended: the `cursor` of its `Link: rel="next"` header.' })
  @IsOptional()
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{1,400}$/, { message: 'must be taken from a Link header' })
  cursor?: string;
}

/** Rows are listed in order of creation; the id breaks ties. */
export interface PagePosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** One page of a list. `next` is null on the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: PagePosition | null;
}

/** Cuts a page out of rows that were read with one more than `limit`, so that the last page is known to be the last. */
export function pageOf<T>(rows: readonly T[], limit: number, position: (row: T) => PagePosition): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? position(last) : null };
}

/**
 * Reads a cursor that {@link nextLink} made.
 * @throws GatehouseError `invalid_request` for anything else
 */
export function readCursor(cursor: string | undefined): PagePosition | null {
  if (cursor === undefined) return null;
  const [time, ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split('|');
  const createdAt = new Date(/^\d{1,15}$/.test(time ?? '') ? Number(time) : Number.NaN);
  const id = rest.join('|');
  if (Number.isNaN(createdAt.getTime()) || id === '' || !isStorable(id)) {
    throw notACursor();
  }
  return { createdAt, id };
}

/** The 400 for a cursor that is none of this list. */
export function notACursor(): GatehouseError {
  return fieldFaults([{ path: 'cursor', message: 'must be taken from a Link header' }]);
}

/**
 * Value of the `Link` header that leads to the next page.
 * @param filters what else the query says
 */
export function nextLink(
  path: string,
  limit: number,
  next: PagePosition,
  filters: Readonly<Record<string, string>> = {},
): string {
  const cursor = Buffer.from(`${next.createdAt.getTime()}|${next.id}`).toString('base64url');
  const query = new URLSearchParams({ ...filters, limit: String(limit), cursor });
  return `<${path}?${query}>; rel="next"`;
}
