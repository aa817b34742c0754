import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { PageQuery } from '../../common/page.js';
import { CurrentPrincipal } from '../current-principal.decorator.js';
import { LevelSpend } from '../level-spend.js';
import type { Principal } from '../principal.js';
import { CustomerInfoQuery, CustomerIdsDto, NewCustomerDto, UpdateCustomerDto } from './customer.dto.js';
import {
  DeletedCustomersView,
  BlockedCustomersView,
  UnblockedCustomersView,
  toCustomerView,
  CustomerView,
} from './customer.views.js';
import { IdentityStore } from './identity-store.js';
import { pageLimit, readPosition, sendNextLink } from './list-page.js';

/** Customers (end users): whom a request is made for, as its headers name them. */
@ApiTags('Customers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('customer')
export class CustomerController {
  constructor(
    private readonly store: IdentityStore,
    private readonly spend: LevelSpend,
  ) {}

  @Post('new')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Register a customer',
    description: 'Its grants are a ceiling over requests that name it. A customer that is not registered says nothing.',
  })
  @ApiOkResponse({ type: CustomerView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async new(@Body() body: NewCustomerDto, @CurrentPrincipal() caller: Principal): Promise<CustomerView> {
    return toCustomerView(await this.store.create('customer', body.user_id, body, caller));
  }

  @Post('update')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Change a customer', description: 'Fields that are missing are kept.' })
  @ApiOkResponse({ type: CustomerView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async update(@Body() body: UpdateCustomerDto, @CurrentPrincipal() caller: Principal): Promise<CustomerView> {
    return toCustomerView(await this.store.update('customer', body.user_id, body, caller));
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete customers',
    description:
      'All of them, or none when one does not exist. Requests that name them are refused until they are registered anew.',
  })
  @ApiOkResponse({ type: DeletedCustomersView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(@Body() body: CustomerIdsDto, @CurrentPrincipal() caller: Principal): Promise<DeletedCustomersView> {
    return { deleted_customers: await this.store.delete('customer', body.user_ids, caller) };
  }

  @Post('block')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Block customers', description: 'All of them, or none when one does not exist.' })
  @ApiOkResponse({ type: BlockedCustomersView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async block(@Body() body: CustomerIdsDto, @CurrentPrincipal() caller: Principal): Promise<BlockedCustomersView> {
    return { blocked_users: await this.setBlocked(body.user_ids, true, caller) };
  }

  @Post('unblock')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Unblock customers', description: 'All of them, or none when one does not exist.' })
  @ApiOkResponse({ type: UnblockedCustomersView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async unblock(@Body() body: CustomerIdsDto, @CurrentPrincipal() caller: Principal): Promise<UnblockedCustomersView> {
    return { unblocked_users: await this.setBlocked(body.user_ids, false, caller) };
  }

  @Get('info')
  @RequireRole('admin_view')
  @ApiOperation({ summary: 'Read one customer' })
  @ApiOkResponse({ type: CustomerView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: CustomerInfoQuery): Promise<CustomerView> {
    const view = toCustomerView(await this.store.get('customer', query.user_id));
    return this.spend.addToOne('customer', view, idOf);
  }

  @Get('list')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List customers',
    description: 'In order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [CustomerView] })
  @ApiProblems('invalid_request')
  async list(@Query() query: PageQuery, @Res({ passthrough: true }) response: Response): Promise<CustomerView[]> {
    const page = await this.store.list('customer', pageLimit(query), readPosition(query));
    sendNextLink(response, '/customer/list', query, page.next);
    return this.spend.addTo('customer', page.items.map(toCustomerView), idOf);
  }

  private async setBlocked(ids: readonly string[], blocked: boolean, caller: Principal): Promise<CustomerView[]> {
    const set = (row: { blocked: boolean }): void => {
      row.blocked = blocked;
    };
    const rows = await this.store.changeAll('customer', ids, caller, set, blocked ? 'block' : 'unblock');
    return rows.map(toCustomerView);
  }
}

function idOf({ user_id }: CustomerView): string {
  return user_id;
}
