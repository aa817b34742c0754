import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { MAX_PAGE_SIZE, nextLink, PageQuery, readCursor } from '../common/page.js';
import { CurrentPrincipal } from './current-principal.decorator.js';
import { DeleteKeysDto, GenerateKeyDto, KeyInfoQuery, KeyReferenceDto, UpdateKeyDto } from './key.dto.js';
import { LevelSpend } from './level-spend.js';
import { DeletedKeysView, GeneratedKeyView, KeyInfoView, KeyListView, KeyView, toKeyView } from './key.views.js';
import { KeysService } from './keys.service.js';
import type { Principal } from './principal.js';

const WHO =
  'Admins write any key, users their own, admins of a team those of the team; what they give lies within what the ' +
  'team and the calling key have.';

/** Virtual keys: what callers of the gateway authenticate with. */
@ApiTags('Keys')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('key')
export class KeysController {
  constructor(
    private readonly keys: KeysService,
    private readonly spend: LevelSpend,
  ) {}

  @Post('generate')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Make a key',
    description:
      'The key is in this answer only: the gateway stores its hash. Without grants it has those of its team, else it ' +
      `reaches no server but those that are open to all. ${WHO}`,
  })
  @ApiOkResponse({ type: GeneratedKeyView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async generate(@Body() body: GenerateKeyDto, @CurrentPrincipal() caller: Principal): Promise<GeneratedKeyView> {
    const { key, record } = await this.keys.generate(body, caller);
    return { key, ...toKeyView(record) };
  }

  @Post('update')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Change a key',
    description: `A field that is missing stays as it is, null puts its default back. ${WHO}`,
  })
  @ApiOkResponse({ type: KeyView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async update(@Body() body: UpdateKeyDto, @CurrentPrincipal() caller: Principal): Promise<KeyView> {
    return toKeyView(await this.keys.update(body, caller));
  }

  @Post('regenerate')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Exchange the secret of a key',
    description:
      'The old secret opens nothing from now on. Grants, limits and what was used of them stay. Not for a key that ' +
      'allows more than the calling one.',
  })
  @ApiOkResponse({ type: GeneratedKeyView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async regenerate(@Body() body: KeyReferenceDto, @CurrentPrincipal() caller: Principal): Promise<GeneratedKeyView> {
    const { key, record } = await this.keys.regenerate(body.key, caller);
    return { key, ...toKeyView(record) };
  }

  @Get('info')
  @RequireRole('any')
  @ApiOperation({
    summary: 'Read one key',
    description: 'Any key with an admin view, else the calling one, those of the user, and those of a managed team.',
  })
  @ApiOkResponse({ type: KeyInfoView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: KeyInfoQuery, @CurrentPrincipal() caller: Principal): Promise<KeyInfoView> {
    const record = await this.keys.info(query.key, caller);
    return { key: record.token, info: await this.spend.addToOne('key', toKeyView(record), keyId) };
  }

  @Get('list')
  @RequireRole('any')
  @ApiOperation({
    summary: 'List keys',
    description:
      'Those that the caller may read, in order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: KeyListView })
  @ApiProblems('invalid_request')
  async list(
    @Query() query: PageQuery,
    @CurrentPrincipal() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<KeyListView> {
    const limit = query.limit ?? MAX_PAGE_SIZE;
    const page = await this.keys.list(caller, limit, readCursor(query.cursor));
    if (page.next !== null) response.setHeader('Link', nextLink('/key/list', limit, page.next));
    return { keys: await this.spend.addTo('key', page.items.map(toKeyView), keyId) };
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({ summary: 'Delete keys', description: 'All of them, or none when one does not exist.' })
  @ApiOkResponse({ type: DeletedKeysView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(@Body() body: DeleteKeysDto, @CurrentPrincipal() caller: Principal): Promise<DeletedKeysView> {
    return { deleted_keys: await this.keys.delete(body.keys, caller) };
  }

  @Post('block')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({ summary: 'Block a key', description: 'In force on every replica within two seconds.' })
  @ApiOkResponse({ type: KeyView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async block(@Body() body: KeyReferenceDto, @CurrentPrincipal() caller: Principal): Promise<KeyView> {
    return toKeyView(await this.keys.setBlocked(body.key, true, caller));
  }

  @Post('unblock')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({ summary: 'Unblock a key' })
  @ApiOkResponse({ type: KeyView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async unblock(@Body() body: KeyReferenceDto, @CurrentPrincipal() caller: Principal): Promise<KeyView> {
    return toKeyView(await this.keys.setBlocked(body.key, false, caller));
  }
}

/** What the level of a key is called by. */
function keyId({ key_id }: KeyView): string {
  return key_id;
}
