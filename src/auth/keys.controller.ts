import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { MAX_PAGE_SIZE, nextLink, PageQuery, readCursor } from '../common/page.js';
import { CurrentPrincipal } from './current-principal.decorator.js';
import { DeleteKeysDto, GenerateKeyDto, KeyInfoQuery, KeyReferenceDto } from './key.dto.js';
import { DeletedKeysView, GeneratedKeyView, KeyInfoView, KeyListView, KeyView, toKeyView } from './key.views.js';
import { KeysService } from './keys.service.js';
import type { Principal } from './principal.js';

/** Virtual keys: what callers of the gateway authenticate with. */
@ApiTags('Keys')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('key')
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Post('generate')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Make a key',
    description: 'The key is in this answer only: the gateway stores its hash. Without grants it reaches no server.',
  })
  @ApiOkResponse({ type: GeneratedKeyView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async generate(@Body() body: GenerateKeyDto, @CurrentPrincipal() caller: Principal): Promise<GeneratedKeyView> {
    const { key, record } = await this.keys.generate(body, caller);
    return { key, ...toKeyView(record) };
  }

  @Get('info')
  @RequireRole('any')
  @ApiOperation({ summary: 'Read one key', description: 'Any key with an admin view, else the calling key only.' })
  @ApiOkResponse({ type: KeyInfoView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: KeyInfoQuery, @CurrentPrincipal() caller: Principal): Promise<KeyInfoView> {
    const record = await this.keys.info(query.key, caller);
    return { key: record.token, info: toKeyView(record) };
  }

  @Get('list')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List keys',
    description: 'In order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: KeyListView })
  @ApiProblems('invalid_request')
  async list(@Query() query: PageQuery, @Res({ passthrough: true }) response: Response): Promise<KeyListView> {
    const limit = query.limit ?? MAX_PAGE_SIZE;
    const page = await this.keys.list(limit, readCursor(query.cursor));
    if (page.next !== null) response.setHeader('Link', nextLink('/key/list', limit, page.next));
    return { keys: page.items.map(toKeyView) };
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Delete keys', description: 'All of them, or none when one does not exist.' })
  @ApiOkResponse({ type: DeletedKeysView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(@Body() body: DeleteKeysDto): Promise<DeletedKeysView> {
    return { deleted_keys: await this.keys.delete(body.keys) };
  }

  @Post('block')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Block a key', description: 'In force on every replica within two seconds.' })
  @ApiOkResponse({ type: KeyView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async block(@Body() body: KeyReferenceDto, @CurrentPrincipal() caller: Principal): Promise<KeyView> {
    return toKeyView(await this.keys.setBlocked(body.key, true, caller));
  }

  @Post('unblock')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Unblock a key' })
  @ApiOkResponse({ type: KeyView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async unblock(@Body() body: KeyReferenceDto, @CurrentPrincipal() caller: Principal): Promise<KeyView> {
    return toKeyView(await this.keys.setBlocked(body.key, false, caller));
  }
}
