import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Answers a request that is not for Express; false leaves it to Express. */
export type FrontDoor = (request: IncomingMessage, response: ServerResponse) => boolean;

const HEADERS_TIMEOUT_MS = 15_000;
/** How often slow requests are looked for; what passes for a second is not worth more. */
const CHECK_MS = 2_000;
const REQUEST_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const MAX_HEADERS = 100;

/**
 * One HTTP server for two paths: the MCP doors are asked first, because Express and Nest's router cost several times
 * what a tool call itself costs; everything else goes to Nest.
 */
export class GatehouseHttpAdapter extends ExpressAdapter {
  private frontDoor: FrontDoor = () => false;
  private active = 0;
  private draining = false;
  private readonly onIdle: (() => void)[] = [];

  /** Set once, before the server listens. */
  useFrontDoor(frontDoor: FrontDoor): void {
    this.frontDoor = frontDoor;
  }

  /** Answers a request by way of Express. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    this.active++;
    response.once('close', () => this.leave());
    if (this.draining) response.setHeader('connection', 'close');
    this.getInstance<RequestListener>()(request, response);
  }

  /** From now on connections close after their response. */
  beginDrain(): void {
    this.draining = true;
  }

  /** Resolves when Express works on no request. */
  drained(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle.push(resolve);
    });
  }

  override initHttpServer(): void {
    const options = { connectionsCheckingInterval: CHECK_MS };
    const server: Server = createServer(options, (request, response) => {
      if (!this.frontDoor(request, response)) this.serve(request, response);
    });
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
    server.maxHeadersCount = MAX_HEADERS;
    this.httpServer = server;
  }

  private leave(): void {
    this.active--;
    if (this.active > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }
}
