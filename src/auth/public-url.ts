import { Inject, Injectable } from '@nestjs/common';
import { isIPv6 } from 'node:net';
import { CONFIG, type Config } from '../config/config.js';

/** Base of every URL that the gateway hands out: as configured, else the address it listens on. */
@Injectable()
export class PublicUrl {
  private listeningPort: number;
  private path = '';

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.listeningPort = config.port;
  }

  /**
   * Told at start, since the system may have picked the port.
   * @param path where the gateway begins on that server, without a trailing slash
   */
  listensOn(port: number, path = ''): void {
    this.listeningPort = port;
    this.path = path;
  }

  /** Without a trailing slash. */
  get base(): string {
    if (this.config.publicBaseUrl !== null) return this.config.publicBaseUrl;
    const host = isIPv6(this.config.host) ? `[${this.config.host}]` : this.config.host;
    return `http://${host}:${this.listeningPort}${this.path}`;
  }
}
