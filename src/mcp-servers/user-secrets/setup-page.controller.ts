import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../../common/access.decorator.js';
import { ERROR_CODES } from '../../common/error-codes.js';
import { asGatehouseError } from '../../common/gatehouse-error.js';
import { ServerReaders } from '../server-readers.js';
import { callingUser } from './calling-user.js';
import { readForm } from './setup-form.js';
import { sendPage, type Page } from './setup-page.js';
import { SetupSecrets } from './setup-secrets.js';
import { SetupTickets } from './setup-tickets.js';

const TITLE = 'Set up a server';
const PATH = 'server/:server_id/setup';
const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };

/** The same for every server and every visitor. */
const LOGIN: Page = {
  ...{ title: TITLE, fault: null, helpUrl: null },
  paragraphs: [
    'A server behind this gateway needs something that only you can give. Show who you are with your gateway key; it is not stored.',
  ],
  form: {
    fields: [{ name: 'key', label: 'Your gateway key', hint: null, isRequired: true }],
    ...{ hidden: {}, buttons: { show: 'Continue' } },
  },
};

/** Where users store what a server needs of them, without a script. Messages of calls link to it. */
@ApiTags('User credentials')
@Controller('v1/mcp')
export class SetupPageController {
  constructor(
    private readonly tickets: SetupTickets,
    private readonly readers: ServerReaders,
    private readonly secrets: SetupSecrets,
  ) {}

  @Get(PATH)
  @Public()
  @ApiParam(SERVER_ID)
  @ApiOperation({ summary: 'Page on which users store what a server needs of them' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200, description: 'A form for the own gateway key. It is the same for every server' })
  form(@Res() response: Response): void {
    sendPage(response, 200, LOGIN);
  }

  @Post(PATH)
  @Public()
  @ApiParam(SERVER_ID)
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({
    schema: {
      type: 'object',
      properties: {
        key: { type: 'string', description: 'Gateway key; in the first form' },
        ticket: { type: 'string', description: 'From the page before; in the others' },
        action: { type: 'string', enum: ['show', 'save', 'remove'] },
        api_key: { type: 'string', description: 'Own key for the server; empty: what is stored stays' },
      },
      additionalProperties: { type: 'string', description: 'Value of the variable `var_NAME`' },
    },
  })
  @ApiOperation({ summary: 'Store, or remove, on the page what a server needs of the user' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200, description: 'A form with what the server needs; nothing that is stored is shown' })
  @ApiResponse({ status: 400, description: 'A value is not valid, or the form is one of another site' })
  @ApiResponse({ status: 401, description: 'The key is not valid, or the page is too old' })
  @ApiResponse({ status: 403, description: 'The key cannot reach the server' })
  async answer(
    @Param('server_id') reference: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    try {
      sendPage(response, 200, await this.pageFor(reference, request, response));
    } catch (thrown) {
      const { code, publicMessage, faults } = asGatehouseError(thrown, 'The gateway could not do that.');
      const details = faults.map(({ path, message }) => `${path.replace(/^values\./, '')}: ${message}`);
      const fault = [publicMessage, ...details].join(' ');
      sendPage(response, ERROR_CODES[code].http, { ...LOGIN, fault });
    }
  }

  private async pageFor(reference: string, request: Request, response: Response): Promise<Page> {
    const form = await readForm(request, response);
    const ticket = form.get('ticket');
    const key = ticket === undefined ? (form.get('key') ?? '') : this.tickets.open(ticket, reference);
    const caller = await this.tickets.callerOf(key, request);
    const server = this.readers.require(reference, caller, request);
    const owner = { userId: callingUser(caller), serverId: server.id, author: caller };
    const done = await this.secrets.act(server, owner, form);
    return this.secrets.page(server, owner, { done, ticket: this.tickets.seal(key, reference) });
  }
}
