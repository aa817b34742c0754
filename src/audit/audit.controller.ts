import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { MAX_PAGE_SIZE, nextLink, notACursor, readCursor, type PagePosition } from '../common/page.js';
import { AuditQuery } from './audit-query.dto.js';
import { AuditSearch, type AuditFilter } from './audit-search.js';
import { AuditEntryView } from './audit-view.dto.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What was done, by whom, and how it ended. */
@ApiTags('Operations')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('audit')
export class AuditController {
  constructor(private readonly search: AuditSearch) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'Search the audit records',
    description:
      'Calls and refusals of the doors, and writes of this API, the latest first. Payloads of calls appear as hashes; ' +
      'secrets of servers as digests under a key of the gateway. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [AuditEntryView] })
  @ApiProblems('invalid_request', 'unknown_field')
  async find(
    @Query() query: AuditQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<readonly AuditEntryView[]> {
    const limit = query.limit ?? MAX_PAGE_SIZE;
    const page = await this.search.page(filterOf(query), limit, positionOf(query));
    if (page.next !== null) response.setHeader('Link', nextLink('/audit', limit, page.next, filtersOf(query)));
    return page.items;
  }
}

function filterOf({ actor, action, object_id: objectId, server_id: serverId, ...query }: AuditQuery): AuditFilter {
  return {
    ...{ actor, action, objectId, serverId, outcome: query.outcome },
    since: query.since === undefined ? undefined : new Date(query.since),
    until: query.until === undefined ? undefined : new Date(query.until),
  };
}

/** Here the id of a position is the UUID of a record; PostgreSQL would not take another text. */
function positionOf({ cursor }: AuditQuery): PagePosition | null {
  const position = readCursor(cursor);
  if (position === null || UUID.test(position.id)) return position;
  throw notACursor();
}

/** Everything of the query that says which records, for the link to the next page. */
function filtersOf({ limit: _limit, cursor: _cursor, ...filters }: AuditQuery): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}
